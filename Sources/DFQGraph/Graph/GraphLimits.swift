import DFQTensor

/// What a graph may ask for at most.
///
/// Graphs come from files, too. The limits keep every later product of extents within `Int` and
/// refuse a small file that asks for more memory than any machine has.
enum GraphLimits {
  /// Nodes of a graph.
  static let nodes = 100_000
  /// Bytes of a layer's name.
  static let nameBytes = 1024
  /// Elements of one value or parameter: 8 GiB of floats.
  static let elements = 1 << 31
  /// Elements of all values of one image, and of all parameters: 16 GiB of floats.
  static let allElements = 1 << 32
  /// Bytes of a graph's JSON text.
  static let textBytes = 16 << 20
}

/// Counts what a graph asks for while it is built.
struct GraphUse {
  private var nodes = 0
  private var values = 0
  private var parameters = 0
  private var parameterNames: Set<String> = []

  /// Counts a node with its output and its parameters.
  ///
  /// - Throws: ``NetworkError/shapeMismatch(layer:expected:found:)`` where a limit is passed or a
  ///   parameter's name is taken.
  mutating func add(_ name: String, output: Shape, parameters list: [LayerParameter]) throws {
    func refuse(_ expected: String, _ found: String) -> NetworkError {
      .shapeMismatch(layer: name, expected: expected, found: found)
    }
    guard nodes < GraphLimits.nodes else {
      throw refuse("at most \(GraphLimits.nodes) layers", "more")
    }
    let values = try sum(values, output, "values", refuse)
    var parameters = parameters
    var names: Set<String> = []
    for parameter in list {
      parameters = try sum(parameters, parameter.shape, "parameters", refuse)
      let full = "\(name).\(parameter.name)"
      guard !parameterNames.contains(full), names.insert(full).inserted else {
        throw refuse("parameter names that are unique", "a second parameter \(full)")
      }
      guard !full.hasPrefix("quantization."), !full.hasPrefix("training.") else {
        throw refuse("a name outside quantization. and training.", full)
      }
    }
    nodes += 1
    self.values = values
    self.parameters = parameters
    parameterNames.formUnion(names)
  }

  private func sum(
    _ count: Int, _ shape: Shape, _ what: String, _ refuse: (String, String) -> NetworkError
  ) throws -> Int {
    guard let more = Shape.checkedCount(shape.dimensions, limit: GraphLimits.elements),
      count + more <= GraphLimits.allElements
    else {
      throw refuse(
        "at most \(GraphLimits.elements) elements and \(GraphLimits.allElements) \(what) in all",
        "shape \(shape)")
    }
    return count + more
  }
}
