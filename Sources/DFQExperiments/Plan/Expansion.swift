import DynaDFQ

/// Makes the cells of a recipe: networks x seeds x (students x image sets x ablations) x evaluations.
struct Expansion {
  let recipe: Recipe
  let context: ExecutionContext
  let execution: Identity.Execution
  let networks: [LoadedNetwork]
  private(set) var cells: [Cell] = []
  private(set) var evaluations: [(label: CellLabel, key: String)] = []
  private var known: Set<String> = []
  private var data: [String: LoadedData] = [:]

  /// A student or cascade of one network and seed, with what evaluations need to know.
  struct Subject {
    let name: String
    let ablation: String?
    let images: String
    /// The synthetic images; nil for an upper bound.
    let imagesKey: ArtefactKey<ArtefactKind.SyntheticSet>?
    let subject: EvaluationCell.Subject
    let settings: JSONTree
    let isDynamic: Bool
  }

  /// An image set of one network and seed.
  struct ImageSet {
    let name: String
    let key: ArtefactKey<ArtefactKind.SyntheticSet>
    let identity: JSONTree
    let settings: ImageSettings
  }

  /// The most cells of a plan.
  static let cellLimit = 100_000

  init(_ recipe: Recipe, context: ExecutionContext) throws {
    self.recipe = recipe
    self.context = context
    execution = .init(context)
    networks = try recipe.networks.map { try Expansion.load($0, recipe) }
  }

  mutating func run() throws {
    try checkNames()
    for network in networks {
      for seed in recipe.seeds {
        var subjects: [Subject] = []
        for student in recipe.students {
          subjects += try self.subjects(of: student, network, seed)
        }
        for cascade in recipe.cascades {
          subjects += try self.subjects(of: cascade, network, seed, students: subjects)
        }
        for bound in recipe.upperBounds {
          subjects += try self.subjects(of: bound, network, seed)
        }
        // Image sets that no student uses are wanted for themselves.
        for entry in recipe.images { _ = try imageSet(entry, nil, network, seed) }
        for evaluation in recipe.evaluations {
          try add(evaluation, network, seed, subjects)
        }
      }
    }
  }

  /// Adds a cell unless the same work is planned already.
  mutating func add(_ cell: Cell) throws {
    guard known.insert(cell.key).inserted else { return }
    cells.append(cell)
    guard cells.count <= Expansion.cellLimit else {
      throw RecipeError.tooLarge(
        what: "cells of a plan", limit: Expansion.cellLimit, found: cells.count)
    }
  }

  mutating func note(_ label: CellLabel, _ key: String) { evaluations.append((label, key)) }

  /// The key and name of an image set, nil where it is not made from this network.
  mutating func imageSet(
    _ entry: SettingNode, _ ablation: AblationEntry?, _ network: LoadedNetwork, _ seed: UInt64
  ) throws -> ImageSet? {
    let overlay = ablation?.images
    let decoded = try ImagesEntry(overlay.map { entry.overlaid(by: $0) } ?? entry, seed: seed)
    guard decoded.networks?.contains(network.name) ?? true else { return nil }
    do {
      switch decoded.settings {
      case .synthesis:
        _ = try decoded.settings.synthesizer(network.network, context: context)
      case .generator(let method, let configuration):
        _ = try GeneratorSource(
          teacher: network.network, method: method, configuration: configuration,
          context: context)
      case .noise(let count, _):
        guard (1...SyntheticImages.countLimit).contains(count) else {
          throw RecipeError.badValue(
            place: entry.place, expected: "a count in 1...\(SyntheticImages.countLimit)",
            found: "\(count)")
        }
      }
    } catch let error as SynthesisError {
      throw RecipeError.badValue(
        place: entry.place, expected: "settings of a synthesis that works", found: "\(error)")
    }
    let identity = try JSONTree(
      encoding: Identity.images(
        decoded.settings, teacher: network.digest, execution: execution))
    let key = try ArtefactKey<ArtefactKind.SyntheticSet>(of: identity)
    try add(
      .images(
        ImagesCell(
          key: key, identity: identity, network: network, settings: decoded.settings,
          label: CellLabel(
            recipe: recipe.name, network: network.name, images: decoded.name,
            ablation: overlay == nil ? nil : ablation?.name, seed: seed))))
    return ImageSet(
      name: decoded.name, key: key, identity: identity, settings: decoded.settings)
  }

  /// A data set in memory, opened and hashed once.
  mutating func data(
    _ name: String, limit: Int?, corruption: Corruption? = nil, for network: LoadedNetwork
  ) throws -> LoadedData {
    let description = try recipe.data(name)
    let shape = network.network.imageShape
    let id =
      "\(description) \(limit ?? 0) \(shape) \(network.network.classCount) "
      + (corruption?.description ?? "")
    if let found = data[id] { return found }
    var images = try RealDataset.open(
      description, fitting: shape, classCount: network.network.classCount)
    if let limit, limit < images.count {
      images = RealSubset(images, first: limit)
    }
    if let corruption { images = CorruptedImages(images, corruption) }
    guard images.count > 0 else { throw QuantizationError.noImages(what: "evaluation") }
    guard images.classCount == network.network.classCount else {
      throw QuantizationError.classCount(
        expected: network.network.classCount, found: images.classCount)
    }
    let first = try images.image(at: 0)
    let found: Shape = [first.height, first.width, first.channels]
    guard found == shape else { throw NetworkError.imageShape(expected: shape, found: found) }
    let loaded = LoadedData(
      name: name + (corruption.map { ", \($0)" } ?? ""), images: images,
      digest: try Identity.digest(images), corruption: corruption)
    data[id] = loaded
    return loaded
  }

  private static func load(_ entry: NetworkEntry, _ recipe: Recipe) throws -> LoadedNetwork {
    let model = try Recipe.substituting(entry.model)
    let network = try entry.network(model, path: recipe.path(entry.model))
    let names: [String]
    switch entry.classNames ?? (Network.Pretrained(rawValue: model)?.rawValue ?? "") {
    case "fashion-mnist", Network.Pretrained.resNet20FashionMNIST.rawValue:
      names = FashionMNIST.classNames
    case "cifar10": names = CIFAR.Dataset.cifar10.classNames
    case "cifar100": names = CIFAR.Dataset.cifar100(.fine).classNames
    default: names = (0..<network.classCount).map(String.init)
    }
    return LoadedNetwork(
      name: entry.name, network: network, digest: try Identity.digest(network),
      classNames: names.count == network.classCount
        ? names : (0..<network.classCount).map(String.init))
  }
}
