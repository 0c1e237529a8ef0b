import DFQEngine
public import DFQGraph
public import DFQTensor

/// What ``RefinedLabels`` take for the centroid of each class: a vector in the space of the features
/// that the classifier reads.
public enum ClassCentroids: Sendable, Hashable, Codable {
  /// The classifier's weight vectors, which need no image.
  case classifierRows
  /// The mean features of synthetic images that are made of each class, with one-hot labels, before
  /// the run's own: `imagesPerClass` images of each in batches of at most 128, in `steps` steps.
  ///
  /// Where a run makes them its seed is theirs.
  case features(imagesPerClass: Int, steps: Int)
  /// Given vectors, one for each class, such as those of ``meanFeatures(of:in:context:)``.
  case vectors([[Float]])

  /// The mean features of the images of each class, by the class that each image is drawn around:
  /// C vectors of the classifier's number of inputs.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for images that do not fit the
  ///   network and where a class has none, and `NetworkError.missingLayers` for a network without a
  ///   linear layer.
  public static func meanFeatures(
    of images: SyntheticImages, in network: Network, context: ExecutionContext = .default
  ) throws -> [[Float]] {
    let means = try meanFeaturesOfPresentClasses(of: images, in: network, context: context)
    if let none = means.firstIndex(of: nil) {
      throw SynthesisError.badImages(
        source: "class centroids", expected: "an image of every class",
        found: "none of class \(none)")
    }
    return means.compactMap(\.self)
  }

  /// The same, with nil for classes that have no image.
  static func meanFeaturesOfPresentClasses(
    of images: SyntheticImages, in network: Network, context: ExecutionContext
  ) throws -> [[Float]?] {
    func bad(_ expected: String, _ found: String) -> SynthesisError {
      .badImages(source: "class centroids", expected: expected, found: found)
    }
    guard images.images.rowShape == network.imageShape else {
      throw bad("images \(network.imageShape)", "\(images.images.rowShape)")
    }
    let node = network.graph.nodes[try network.classifier().node].inputs[0]
    let features = try FloatExecutor(network, nodes: [node], context: context)
      .values(of: [node], inputs: images.images)[0]
    let size = features.rowShape.count
    let classes = network.classCount
    var sums = [[Double]](repeating: [Double](repeating: 0, count: size), count: classes)
    var counts = [Int](repeating: 0, count: classes)
    for (image, anchor) in images.anchors.enumerated() {
      guard (0..<classes).contains(anchor) else {
        throw bad("classes in 0..<\(classes)", "\(anchor)")
      }
      counts[anchor] += 1
      for i in 0..<size { sums[anchor][i] += Double(features[image * size + i]) }
    }
    return zip(sums, counts).map { sum, count in
      count > 0 ? sum.map { Float($0 / Double(count)) } : nil
    }
  }

  /// The same centroids without anything that is left to be made: ``vectors(_:)`` in the place of
  /// ``features(imagesPerClass:steps:)``.
  func prepared(
    for network: Network, seed: UInt64, context: ExecutionContext
  ) throws -> ClassCentroids {
    guard case .features(let imagesPerClass, let steps) = self else { return self }
    try check()
    let count = imagesPerClass * network.classCount
    let images = try Synthesizer(
      teacher: network, method: SoftLabelMethod(labels: OneHotLabels()),
      configuration: .init(
        count: count, imagesPerBatch: min(count, 128), steps: steps, dropUnfaithful: false,
        seed: seed),
      context: context
    ).synthesize()
    return .vectors(
      try ClassCentroids.meanFeatures(of: images, in: network, context: context))
  }

  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``.
  func check() throws {
    func demand(_ holds: Bool, _ what: String, _ found: String) throws {
      if !holds { throw SynthesisError.badConfiguration(what: what, found: found) }
    }
    switch self {
    case .classifierRows: break
    case .features(let imagesPerClass, let steps):
      try demand(
        (1...10_000).contains(imagesPerClass), "1 to 10000 images per class for centroids",
        "\(imagesPerClass)")
      try demand(
        (0...1_000_000).contains(steps), "0 to 1000000 steps for centroids", "\(steps)")
    case .vectors(let vectors):
      try demand(
        vectors.allSatisfy { $0.allSatisfy(\.isFinite) }, "finite centroids", "NaN or infinity")
    }
  }
}
