import DynaDFQ

/// One piece of work of a plan: what it makes, from which inputs, and what people call it.
public enum Cell: Sendable {
  /// Synthesizes images.
  case images(ImagesCell)
  /// Trains a student.
  case student(StudentCell)
  /// Fits a cascade's thresholds on synthetic images.
  case cascade(CascadeCell)
  /// Trains an upper bound on real images.
  case upperBound(UpperBoundCell)
  /// Runs the full-precision network on real images.
  case teacher(TeacherCell)
  /// Runs a student or a cascade on real images.
  case evaluation(EvaluationCell)
}

/// Synthesizes images from a network.
public struct ImagesCell: Sendable {
  let key: ArtefactKey<ArtefactKind.SyntheticSet>
  let identity: JSONTree
  let network: LoadedNetwork
  let settings: ImageSettings
  let label: CellLabel
}

/// Trains a student on synthetic images.
public struct StudentCell: Sendable {
  let key: ArtefactKey<ArtefactKind.Student>
  let identity: JSONTree
  let network: LoadedNetwork
  let images: ArtefactKey<ArtefactKind.SyntheticSet>
  /// How the images are made; with a generator, it learns on beside the student.
  let imageSettings: ImageSettings
  let settings: StudentSettings
  let label: CellLabel
}

/// Fits the thresholds of a cascade on the images that its first student was trained on.
public struct CascadeCell: Sendable {
  let key: ArtefactKey<ArtefactKind.Cascade>
  let identity: JSONTree
  let network: LoadedNetwork
  let levels: [ArtefactKey<ArtefactKind.Student>]
  let images: ArtefactKey<ArtefactKind.SyntheticSet>
  let budgetBitOPs: Double?
  let budgetStudent: ArtefactKey<ArtefactKind.Student>?
  let rule: CascadeRule
  let label: CellLabel
}

/// Trains a student on real images, as an upper bound; only evaluations take its key.
public struct UpperBoundCell: Sendable {
  let key: ArtefactKey<ArtefactKind.UpperBound>
  let identity: JSONTree
  let network: LoadedNetwork
  let data: LoadedData
  let settings: StudentSettings
  let label: CellLabel
}

/// Runs a full-precision network on real images.
public struct TeacherCell: Sendable {
  let key: ArtefactKey<ArtefactKind.Teacher>
  let identity: JSONTree
  let network: LoadedNetwork
  let data: LoadedData
  let label: CellLabel
}

/// Runs a student or a cascade on real images; nothing takes its result as an input.
public struct EvaluationCell: Sendable {
  /// What is measured.
  enum Subject: Sendable {
    case student(ArtefactKey<ArtefactKind.Student>)
    case cascade(ArtefactKey<ArtefactKind.Cascade>)
    case upperBound(ArtefactKey<ArtefactKind.UpperBound>)

    var text: String {
      switch self {
      case .student(let key): key.text
      case .cascade(let key): key.text
      case .upperBound(let key): key.text
      }
    }
  }

  let key: ArtefactKey<ArtefactKind.Evaluation>
  let identity: JSONTree
  let network: LoadedNetwork
  let subject: Subject
  let teacher: ArtefactKey<ArtefactKind.Teacher>
  let data: LoadedData
  let controls: [EvaluationReport.Control]
  let seed: UInt64
  /// Every setting of what is measured.
  let settings: JSONTree
  /// Whether bits depend on the image.
  let isDynamic: Bool
  /// The synthetic images on which decisions are measured too; nil for a static student.
  let synthetic: ArtefactKey<ArtefactKind.SyntheticSet>?
  let label: CellLabel
}

/// A network of a recipe in memory.
public struct LoadedNetwork: Sendable {
  let name: String
  let network: Network
  let digest: String
  let classNames: [String]
}

/// Real images of a recipe in memory.
public struct LoadedData: Sendable {
  let name: String
  let images: any RealImages
  let digest: String
  /// How the images were made worse; nil for those of the data set as they are.
  let corruption: Corruption?
}

/// What people call a cell: the entries of the recipe that it comes from.
///
/// It decides nothing.
public struct CellLabel: Sendable, Codable, Hashable {
  /// The recipe.
  public var recipe: String
  /// The network.
  public var network: String
  /// The image set.
  public var images: String?
  /// The student or cascade.
  public var student: String?
  /// The ablation; nil for the entry as it is written.
  public var ablation: String?
  /// The evaluation.
  public var evaluation: String?
  /// The seed.
  public var seed: UInt64?
}

/// What all cells have.
protocol CellContent: Sendable {
  associatedtype Kind
  var key: ArtefactKey<Kind> { get }
  /// What decides its bits.
  var identity: JSONTree { get }
  var network: LoadedNetwork { get }
  /// What people call it.
  var label: CellLabel { get }
  /// The keys of the inputs.
  var inputs: [String] { get }
  /// The kind of work in a word.
  static var kind: String { get }
}

extension CellContent {
  var inputs: [String] { [] }
  var keyText: String { key.text }
  var kind: String { Self.kind }
}

extension ImagesCell: CellContent { static var kind: String { "images" } }

extension StudentCell: CellContent {
  static var kind: String { "student" }
  var inputs: [String] { [images.text] }
}

extension CascadeCell: CellContent {
  static var kind: String { "cascade" }
  var inputs: [String] {
    levels.map(\.text) + [images.text] + (budgetStudent.map { [$0.text] } ?? [])
  }
}

extension UpperBoundCell: CellContent { static var kind: String { "upper bound" } }

extension TeacherCell: CellContent { static var kind: String { "teacher" } }

extension EvaluationCell: CellContent {
  static var kind: String { "evaluation" }
  var inputs: [String] { [subject.text, teacher.text] + (synthetic.map { [$0.text] } ?? []) }
}

extension Cell {
  private var content: any CellContent {
    switch self {
    case .images(let cell): cell
    case .student(let cell): cell
    case .cascade(let cell): cell
    case .upperBound(let cell): cell
    case .teacher(let cell): cell
    case .evaluation(let cell): cell
    }
  }

  /// The key's text.
  public var key: String { content.keyText }
  /// The keys of the inputs.
  public var inputs: [String] { content.inputs }
  /// What people call it.
  public var label: CellLabel { content.label }
  /// What decides its bits, for people to read.
  public var identity: JSONTree { content.identity }
  /// The kind of work in a word.
  public var kind: String { content.kind }
  /// The network.
  var network: Network { content.network.network }
}
