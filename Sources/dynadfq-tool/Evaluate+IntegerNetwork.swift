import DynaDFQ

extension Evaluate {
  /// What an integer network did with real images.
  struct IntegerSummary: Encodable {
    var dataset: String
    var imageCount: Int
    var accuracy: Double
    /// The share of images whose class is the full-precision network's, where one was given.
    var agreement: Double?
    var meanPasses: Double
    /// The share of images that each level computed.
    var levelShares: [Double]
    var imagesPerSecond: Double
  }

  /// Measures an integer network, batch after batch as they are deployed.
  func measure(_ network: IntegerNetwork) throws {
    let images = try DataOptions.open(
      data, limit: limit, imageShape: network.imageShape, classCount: network.classCount)
    let reference = try teacher.map { try model.network($0, option: "--teacher") }
    let executor = reference.map { FloatExecutor($0, context: options.context) }
    let batch = 256
    let predictor = Predictor(network)
    var predictions = Predictions()
    var (hits, agreements, passes) = (0, 0, 0)
    var reached = [Int](repeating: 0, count: network.levelCount)
    var time = Duration.zero
    try options.withProgress("evaluation", unit: "images", saved: "nothing is saved") { bar in
      for start in stride(from: 0, to: images.count, by: batch) {
        let range = start..<min(start + batch, images.count)
        let pixels = try range.flatMap { try images.image(at: $0).pixels }
        time += try ContinuousClock().measure {
          try pixels.withUnsafeBufferPointer {
            try predictor.predict(pixels: $0, count: range.count, into: &predictions)
          }
        }
        let teacherClasses = try executor?.logits(of: images, range: range).argmaxOfRows()
        for (place, image) in range.enumerated() {
          let index = predictions.classIndices[place]
          hits += index == images.label(at: image) ? 1 : 0
          agreements += teacherClasses.map { $0[place] == index ? 1 : 0 } ?? 0
          passes += predictions.passes[place]
          for level in 0...predictions.levels[place] { reached[level] += 1 }
        }
        try bar.update(range.upperBound, of: images.count)
      }
    }
    let count = Double(images.count)
    let (seconds, attoseconds) = time.components
    let summary = IntegerSummary(
      dataset: images.name, imageCount: images.count, accuracy: Double(hits) / count,
      agreement: reference == nil ? nil : Double(agreements) / count,
      meanPasses: Double(passes) / count, levelShares: reached.map { Double($0) / count },
      imagesPerSecond: count / (Double(seconds) + Double(attoseconds) * 1e-18))
    if options.json { return try Output.json(summary, run: options) }
    try Output.line("integer network, \(images.name): \(hits) of \(images.count) right")
    try Output.line("accuracy \(Output.percent(summary.accuracy)) %")
    if let agreement = summary.agreement {
      try Output.line("agreement with the full-precision network \(Output.percent(agreement)) %")
    }
    if network.levelCount > 1 {
      let shares = summary.levelShares.map { Output.percent($0) }.joined(separator: ", ")
      try Output.line("images at each level, in %: \(shares)")
    }
    try Output.line(
      "\(Output.short(summary.meanPasses)) passes an image, "
        + "\(Output.short(summary.imagesPerSecond)) images/s")
  }
}
