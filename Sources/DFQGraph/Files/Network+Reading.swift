public import DFQFiles
import DFQTensor

extension Network {
  /// Reads a network from a safetensors file.
  ///
  /// Tensors carry the names and layouts of public PyTorch checkpoints (weights O I KH KW). The
  /// names that torchvision, timm and common training scripts give to shortcuts, classifiers and
  /// wrappers are known; `names` translates others.
  ///
  /// The normalization of real images is that given with `architecture`, else the file's, else, for
  /// an architecture given here, its family's usual one.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - architecture: The architecture; unless given, the one that the file's metadata carries or
  ///     names.
  ///   - names: Rules that turn the file's names into the network's.
  ///   - layers: The types of layers from outside the package that the file's graph uses.
  /// - Throws: `InterchangeError` for a bad file and ``NetworkError`` for metadata and weights that
  ///   don't fit, naming the layer and shapes.
  public init(
    contentsOf path: String, architecture: Architecture? = nil, renaming names: NameMap = .identity,
    layers: [any Layer.Type] = []
  ) throws {
    let file = try SafetensorsFile(contentsOf: path)
    guard file.metadata["format"]?.hasPrefix("dynadfq student") != true else {
      throw NetworkError.isStudent(file: path)
    }
    try self.init(
      file, architecture: architecture, renaming: names, layers: layers, path: path)
  }

  /// Takes a network from a file that was already read.
  ///
  /// Shapes are compared before any memory is taken for the parameters.
  ///
  /// - Throws: ``NetworkError`` for metadata and weights that don't fit, naming the layer and
  ///   shapes.
  public init(
    _ file: SafetensorsFile, architecture: Architecture? = nil,
    renaming names: NameMap = .identity, layers: [any Layer.Type] = [], path: String
  ) throws {
    let sources = try Network.sources(file, names, path: path)
    let shapes = try sources.mapValues { try file.shape(of: $0) }
    let metadata = NetworkMetadata(fields: file.metadata, file: path)
    let (graph, name, preprocessing) = try Network.description(
      metadata, architecture, layers, shapes)
    let layout = ParameterLayout(graph)
    let match: ParameterMatch
    do {
      match = try ParameterMatch(layout, tensors: shapes, file: path)
      try match.checkShapes(layout, tensors: shapes)
    } catch {
      guard let advice = ParameterMatch.advice(layout, tensors: shapes) else { throw error }
      // The message of some errors begins with the file, as that of the new error does.
      let message = "\(error)"
      let prefix = "\(path.oneLine): "
      let problem = message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message
      throw NetworkError.wrongArchitecture(file: path, problem: problem, advice: advice)
    }
    var values = [Float](repeating: 0, count: layout.count)
    for (entry, name) in zip(layout.entries, match.names) {
      let tensor = try file.tensor(sources[name]!)
      values.replaceSubrange(entry.range, with: entry.fromFile(tensor).elements)
    }
    try self.init(
      architecture: name, graph: graph, parameters: ParameterSet(layout: layout, values: values),
      preprocessing: preprocessing)
    try checkFinite()
    for entry in layout.entries where entry.role == .runningVariance {
      if let negative = values[entry.range].first(where: { $0 < 0 }) {
        throw NetworkError.shapeMismatch(
          layer: entry.layerName, expected: "running variances of at least 0",
          found: "\(negative)")
      }
    }
  }

  /// The file's tensors by the names that the network may know them by.
  ///
  /// A student's file also holds its quantizers and a checkpoint its optimizers, under names that
  /// no layer has; PyTorch counts batches.
  private static func sources(
    _ file: SafetensorsFile, _ names: NameMap, path: String
  ) throws -> [String: String] {
    var sources: [String: String] = [:]
    for name in file.names
    where !name.hasSuffix("num_batches_tracked") && !name.hasPrefix("quantization.")
      && !name.hasPrefix("training.")
    {
      if let other = sources.updateValue(name, forKey: names(name)) {
        throw NetworkError.badRename(
          rule: "\(other) and \(name)", expected: "a name for each, found \(names(name)) for both")
      }
    }
    return sources
  }

  private static func description(
    _ metadata: NetworkMetadata, _ architecture: Architecture?, _ layers: [any Layer.Type],
    _ tensors: [String: Shape]
  ) throws -> (graph: Graph, name: String, preprocessing: Preprocessing) {
    if let architecture {
      return (
        try architecture.graph(), architecture.name,
        try architecture.givenPreprocessing ?? metadata.preprocessing()
          ?? architecture.preprocessing
      )
    }
    func preprocessing(_ graph: Graph) throws -> Preprocessing {
      guard let found = try metadata.preprocessing() else {
        throw NetworkError.badMetadata(
          file: metadata.file, field: "mean",
          expected: "the normalization's mean and std (or give the architecture for its usual one)",
          found: "nothing")
      }
      guard graph.inputShape.rank != 3 || found.mean.count == graph.inputShape[2] else {
        throw NetworkError.badMetadata(
          file: metadata.file, field: "mean", expected: "\(graph.inputShape[2]) numbers",
          found: "\(found.mean.count)")
      }
      return found
    }
    if let graph = try metadata.graph(layers: layers) {
      return (
        graph, (metadata.fields["arch"] ?? "custom").oneLine, try preprocessing(graph)
      )
    }
    do {
      if let named = try metadata.architecture() {
        let graph = try named.graph()
        return (graph, named.name, try preprocessing(graph))
      }
    } catch NetworkError.unknownArchitecture(let found, let known) {
      let error = NetworkError.unknownArchitecture(found: found, known: known)
      throw refusal(error, metadata.file, tensors)
    }
    throw refusal(
      NetworkError.unknownArchitecture(
        found: "(the file's metadata has no \"arch\")", known: Architecture.knownNames),
      metadata.file, tensors)
  }

  private static func refusal(
    _ error: NetworkError, _ file: String, _ tensors: [String: Shape]
  ) -> NetworkError {
    let fitting = Architecture.fitting(tensors).joined(separator: " or ")
    return .wrongArchitecture(
      file: file, problem: "\(error)",
      advice: fitting.isEmpty
        ? "name an architecture that its tensors fit"
        : "its tensors fit \(fitting): name that architecture")
  }
}
