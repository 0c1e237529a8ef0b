import DynaDFQ

/// Everything that decides the bits of artefacts.
///
/// A key is the hash of one of these; names and paths are in none of them.
/// `format` rises where the same settings give other bits than before.
enum Identity {
  /// What the arithmetic is done by.
  struct Execution: Codable, Hashable, Sendable {
    let instructionSet: String
    let backend: String
    let convolution: String
    let arithmetic: String
    let blas: String?

    init(_ context: ExecutionContext) {
      instructionSet = context.instructionSet.rawValue
      backend = context.backend.rawValue
      convolution = context.convolutionAlgorithm.rawValue
      arithmetic = context.quantizedArithmetic.rawValue
      blas = context.backend == .blas ? BLAS.configuration : nil
    }
  }

  struct Images: Codable {
    var kind = "images"
    var format = 1
    var teacher: String
    var method: String
    var settings: JSONTree
    var execution: Execution?
  }

  struct Student: Codable {
    var kind = "student"
    var format = 1
    var teacher: String
    /// Nil for an upper bound, whose images are named beside it.
    var images: ArtefactKey<ArtefactKind.SyntheticSet>?
    var quantizer: Quantizer
    var allocation: AllocationSettings?
    var selector: BitSelector?
    /// Absent where there is none, so that the keys of such students stay what they are.
    var transforms: [Part]?
    /// With transforms: filters have the teacher's lengths, which they once had not.
    var keepsFilterLengths: Bool?
    var objectives: [Part]
    /// Absent where there is none.
    var updates: [Part]?
    var training: DynamicTrainer.Configuration
    var execution: Execution
  }

  /// An objective, a rule of updates or a transform.
  struct Part: Codable {
    var kind: String
    var settings: JSONTree

    init(_ objective: any StudentObjective) throws {
      kind = type(of: objective).kind
      settings = try JSONTree(encoding: objective)
    }

    init(_ rule: any UpdateRule) throws {
      kind = type(of: rule).kind
      settings = try JSONTree(encoding: rule)
    }

    init(_ transform: any DataFreeTransform) throws {
      kind = type(of: transform).kind
      settings = try JSONTree(encoding: transform)
    }
  }

  struct Cascade: Codable {
    var kind = "cascade"
    var format = 2
    var levels: [ArtefactKey<ArtefactKind.Student>]
    var images: ArtefactKey<ArtefactKind.SyntheticSet>
    var budgetBitOPs: Double?
    var budgetStudent: ArtefactKey<ArtefactKind.Student>?
    var fitter: String
    var rule: CascadeRule
    var execution: Execution
  }

  struct UpperBound: Codable {
    var kind = "upper bound"
    var format = 1
    /// The hash of the real images.
    var data: String
    var student: Student
  }

  struct Teacher: Codable {
    var kind = "teacher"
    var format = 2
    var teacher: String
    /// The hash of the images as they are measured.
    var data: String
    /// For people to read: the hash has it already.
    var corruption: Corruption?
    var execution: Execution
  }

  struct Evaluation: Codable {
    var kind = "evaluation"
    var format = 2
    var subject: String
    var teacher: ArtefactKey<ArtefactKind.Teacher>
    var controls: [EvaluationReport.Control]
    var seed: UInt64
    var execution: Execution
  }

  /// The settings of an image set.
  static func images(
    _ settings: ImageSettings, teacher: String, execution: Execution
  ) throws -> Images {
    switch settings {
    case .synthesis(let method, let run):
      Images(
        teacher: teacher, method: type(of: method).kind,
        settings: .object([
          "method": try JSONTree(encoding: method), "run": try JSONTree(encoding: run),
        ]), execution: execution)
    case .noise(let count, let seed):
      Images(
        teacher: teacher, method: "noise",
        settings: .object(["count": .number("\(count)"), "seed": .number("\(seed)")]))
    case .generator(let method, let configuration):
      Images(
        teacher: teacher, method: type(of: method).kind,
        settings: .object([
          "method": try JSONTree(encoding: method),
          "generator": try JSONTree(encoding: configuration),
        ]), execution: execution)
    }
  }

  /// The settings of a student; how often it is saved does not change its bits.
  static func student(
    _ settings: StudentSettings, teacher: String,
    images: ArtefactKey<ArtefactKind.SyntheticSet>?, execution: Execution
  ) throws -> Student {
    var training = settings.training
    training.checkpointInterval = DynamicTrainer.Configuration().checkpointInterval
    return Student(
      teacher: teacher, images: images, quantizer: settings.quantizer,
      allocation: settings.allocation,
      selector: settings.isDynamic ? settings.selector : nil,
      transforms: settings.transforms.isEmpty ? nil : try settings.transforms.map { try Part($0) },
      keepsFilterLengths: settings.transforms.isEmpty ? nil : true,
      objectives: try settings.objectives.map { try Part($0) },
      updates: settings.updates.isEmpty ? nil : try settings.updates.map { try Part($0) },
      training: training,
      execution: execution)
  }

  /// The hash of a network: its graph, parameters and normalization, wherever its file lies.
  static func digest(_ network: Network) throws -> String {
    SHA256.hex(of: try network.file().encoded())
  }

  /// The hash of real images: their pixels, labels and number of classes.
  static func digest(_ images: any RealImages) throws -> String {
    var hash = SHA256()
    hash.update(Array("\(images.count) \(images.classCount)\n".utf8))
    for index in 0..<images.count {
      let image = try images.image(at: index)
      let head = "\(images.label(at: index)) \(image.height) \(image.width) \(image.channels)\n"
      hash.update(Array(head.utf8))
      hash.update(image.pixels)
    }
    return hash.hex()
  }
}
