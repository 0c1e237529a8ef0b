import DFQFiles
public import DynaDFQ

/// What an evaluation did image by image, so that paired statistics need no second run.
public struct PerImageResults: Sendable {
  /// What one control did.
  public struct Control: Sendable {
    /// The control's name, with the bits of a uniform one: `shuffled`, `uniform3`.
    public var name: String
    /// The class that was predicted for each image.
    public var predictions: [Int]
    /// BitOPs of each image.
    public var bitOPs: [Double]
  }

  /// The images' classes.
  public var labels: [Int]
  /// The class that was predicted for each image.
  public var predictions: [Int]
  /// The class that the full-precision network predicts.
  public var teacher: [Int]
  /// The entropy of the full-precision network's prediction, in nats.
  public var teacherEntropies: [Double]
  /// The logits of the full-precision network, N C; only in its own results.
  public var teacherLogits: [Float] = []
  /// The largest logit less the second largest; empty for a full-precision network.
  public var margins: [Float]
  /// The MAC-weighted mean activation bits; empty for a full-precision network.
  public var meanBits: [Float]
  /// The number of passes; empty for a full-precision network.
  public var passes: [Int]
  /// BitOPs of each image; empty for a full-precision network.
  public var bitOPs: [Double]
  /// The class that a cascade's first student predicted; empty for others.
  public var firstPredictions: [Int] = []
  /// The margin of a cascade's first student; empty for others.
  public var firstMargins: [Float] = []
  /// What was decided about bits; nil for static students and full-precision networks.
  public var decisions: DecisionRecord?
  /// The controls.
  public var controls: [Control] = []

  /// Whether each prediction is the label.
  public var isRight: [Bool] { zip(predictions, labels).map { $0 == $1 } }
  /// Whether each prediction is the full-precision network's.
  public var agrees: [Bool] { zip(predictions, teacher).map { $0 == $1 } }

  private static let format = "dynadfq image results 1"

  func write(to path: String) throws {
    var file = SafetensorsFile(metadata: ["format": Self.format])
    let shape: Shape = [labels.count]
    func add(_ name: String, _ values: [Int]) {
      if !values.isEmpty { file.add(name, shape, int64s: values.map(Int64.init)) }
    }
    func add(_ name: String, _ values: [Float]) {
      if !values.isEmpty { file.add(name, Tensor(shape: shape, elements: values)) }
    }
    add("label", labels)
    add("prediction", predictions)
    add("teacher", teacher)
    add("correct", isRight.map { $0 ? 1 : 0 })
    add("agreement", agrees.map { $0 ? 1 : 0 })
    add("teacherEntropy", teacherEntropies.map(Float.init))
    if !teacherLogits.isEmpty {
      let classes = teacherLogits.count / labels.count
      file.add("teacherLogits", Tensor(shape: [labels.count, classes], elements: teacherLogits))
    }
    add("margin", margins)
    add("meanBits", meanBits)
    add("passes", passes)
    add("bitOPs", bitOPs.map { Int($0.rounded()) })
    add("first.prediction", firstPredictions)
    add("first.margin", firstMargins)
    if let decisions {
      add("decision.needsBits", decisions.needsBits.map { $0 ? 1 : 0 })
      add("decision.gotMore", decisions.gotMore.map { $0 ? 1 : 0 })
      add("decision.score", decisions.scores.map { Float($0) })
      add("decision.divergence", decisions.divergences.map { Float($0) })
    }
    for control in controls {
      add("control.\(control.name).prediction", control.predictions)
      add("control.\(control.name).bitOPs", control.bitOPs.map { Int($0.rounded()) })
    }
    try file.write(to: path)
  }

  /// Reads a file.
  ///
  /// - Throws: `InterchangeError`; ``StoreError/badArtefact(path:expected:found:)``.
  public init(contentsOf path: String) throws {
    let file = try SafetensorsFile(contentsOf: path)
    let format = file.metadata["format"] ?? "none"
    guard format == Self.format else {
      throw StoreError.badArtefact(
        path: path, expected: "metadata format \"\(Self.format)\"", found: format)
    }
    let count = try file.int64s("label").count
    func demand(_ name: String, _ found: Int) throws {
      guard found == count else {
        throw StoreError.badArtefact(
          path: path, expected: "\(count) values of \(name)", found: "\(found)")
      }
    }
    func whole(_ name: String) throws -> [Int] {
      let values = try file.int64s(name).map { Int(clamping: $0) }
      try demand(name, values.count)
      return values
    }
    func wholeIfThere(_ name: String) throws -> [Int] {
      file.contains(name) ? try whole(name) : []
    }
    func floats(_ name: String) throws -> [Float] {
      guard file.contains(name) else { return [] }
      let values = try file.tensor(name).elements
      try demand(name, values.count)
      return values
    }
    labels = try whole("label")
    predictions = try whole("prediction")
    teacher = try whole("teacher")
    teacherEntropies = try floats("teacherEntropy").map(Double.init)
    if file.contains("teacherLogits") {
      let logits = try file.tensor("teacherLogits")
      try demand("teacherLogits", logits.shape.rank == 2 ? logits.rowCount : 0)
      teacherLogits = logits.elements
    }
    margins = try floats("margin")
    meanBits = try floats("meanBits")
    passes = try wholeIfThere("passes")
    bitOPs = try wholeIfThere("bitOPs").map(Double.init)
    firstPredictions = try wholeIfThere("first.prediction")
    firstMargins = try floats("first.margin")
    if file.contains("decision.needsBits") {
      let scores = try floats("decision.score")
      try demand("decision.score", scores.count)
      decisions = DecisionRecord(
        needsBits: try whole("decision.needsBits").map { $0 != 0 },
        gotMore: try whole("decision.gotMore").map { $0 != 0 }, scores: scores.map(Double.init),
        divergences: try floats("decision.divergence").map(Double.init))
    }
    let prefix = "control."
    let suffix = ".prediction"
    for name in file.names where name.hasPrefix(prefix) && name.hasSuffix(suffix) {
      let control = String(name.dropFirst(prefix.count).dropLast(suffix.count))
      controls.append(
        Control(
          name: control, predictions: try whole(name),
          bitOPs: try wholeIfThere(prefix + control + ".bitOPs").map(Double.init)))
    }
  }

  init(
    labels: [Int], predictions: [Int], teacher: [Int], teacherEntropies: [Double],
    margins: [Float] = [], meanBits: [Float] = [], passes: [Int] = [], bitOPs: [Double] = []
  ) {
    self.labels = labels
    self.predictions = predictions
    self.teacher = teacher
    self.teacherEntropies = teacherEntropies
    self.margins = margins
    self.meanBits = meanBits
    self.passes = passes
    self.bitOPs = bitOPs
  }

  /// What a student did, compared with the full-precision network.
  init(_ evaluation: Evaluation, reference: TeacherRun) {
    self.init(
      labels: evaluation.labels, predictions: evaluation.predictions,
      teacher: reference.predictions, teacherEntropies: reference.entropies,
      margins: evaluation.margins, meanBits: evaluation.meanBits.map(Float.init),
      passes: evaluation.passes, bitOPs: evaluation.bitOPs)
    decisions = evaluation.decisions
    controls = evaluation.controls.map {
      Control(
        name: $0.kind.rawValue + ($0.bits.map(String.init) ?? ""), predictions: $0.predictions,
        bitOPs: $0.bitOPs)
    }
  }
}
