import DFQEngine
import DFQGraph
import DFQTensor

extension LabelBatch {
  /// log p of every class, N C, from logits N C.
  static func logProbabilities(_ logits: Tensor) -> [Double] {
    let classes = logits.shape[1]
    return (0..<logits.rowCount).flatMap { row in
      Softmax(logits.elements[row * classes..<(row + 1) * classes]).logProbabilities
    }
  }

  /// The teacher's predictions as labels, for images that are made without labels.
  init(predictions logits: Tensor) {
    let classes = logits.shape[1]
    self.init(
      labels: Tensor(
        shape: logits.shape,
        elements: (0..<logits.rowCount).flatMap { row in
          Softmax(logits.elements[row * classes..<(row + 1) * classes]).probabilities
            .map { Float($0) }
        }), isEasy: [Bool](repeating: false, count: logits.rowCount),
      anchors: logits.argmaxOfRows(),
      supports: [[Int]](repeating: Array(0..<classes), count: logits.rowCount))
  }

  /// Checks labels of a strategy as strictly as those of a file.
  func check(count: Int, classes: Int, source: String) throws {
    func demand(_ holds: Bool, _ expected: String, _ found: String) throws {
      if !holds { throw SynthesisError.badImages(source: source, expected: expected, found: found) }
    }
    let shape: Shape = [count, classes]
    try demand(labels.shape == shape, "labels \(shape)", "\(labels.shape)")
    for row in 0..<count {
      try LabelBatch.check(
        labels.elements[row * classes..<(row + 1) * classes], row: row, source: source)
    }
    try demand(isEasy.count == count, "isEasy of \(count) images", "\(isEasy.count)")
    try demand(anchors.count == count, "anchors of \(count) images", "\(anchors.count)")
    try demand(supports.count == count, "supports of \(count) images", "\(supports.count)")
    for place in 0..<count {
      for member in [anchors[place]] + supports[place] {
        try demand(
          (0..<classes).contains(member), "anchors and supports in 0..<\(classes)",
          "\(member) at image \(place)")
      }
    }
  }

  /// One row of labels: finite, at least 0, summing to 1 within 1e-4.
  static func check(
    _ label: ArraySlice<Float>, row: Int, source: String
  ) throws {
    let sum = label.reduce(0) { $0 + Double($1) }
    guard label.allSatisfy({ $0 >= 0 }), abs(sum - 1) < 1e-4 else {
      throw SynthesisError.badImages(
        source: source, expected: "labels of at least 0 that sum to 1",
        found: "a sum of \(sum) or a negative one in row \(row)")
    }
  }
}
