import DynaDFQ

/// What is in a file of synthetic images.
struct ImagesDescription: Encodable {
  var images: Int
  var shape: [Int]
  var classes: Int
  var easy: Int
  var dropped: Int
  var meanLabelEntropy: Float
  var meanPredictionEntropy: Float
  /// How the images came about, in the file's own words.
  var provenance: [String: String]

  init(_ set: SyntheticImages) {
    func mean(_ values: [Float]) -> Float { values.reduce(0, +) / Float(max(values.count, 1)) }
    images = set.count
    shape = set.images.rowShape.dimensions
    classes = set.labels.shape[1]
    easy = set.isEasy.filter { $0 }.count
    dropped = set.droppedCount
    meanLabelEntropy = mean(set.difficulty.map(\.labelEntropy))
    meanPredictionEntropy = mean(set.difficulty.map(\.predictionEntropy))
    provenance = set.provenance
  }

  func show() throws {
    try Output.line(
      "\(images) synthetic images of \(Shape(shape)) for \(classes) classes: \(easy) easy, "
        + "\(images - easy) hard, \(dropped) dropped")
    try Output.line(
      "mean entropy / log C: labels \(Output.bits(Double(meanLabelEntropy))), "
        + "predictions \(Output.bits(Double(meanPredictionEntropy)))")
    for (key, value) in provenance.sorted(by: { $0.key < $1.key }) {
      try Output.line("\(Output.clean(key, limit: 40)): \(Output.clean(value, limit: 1000))")
    }
  }
}
