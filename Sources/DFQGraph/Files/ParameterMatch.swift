import DFQTensor

/// Which tensor of a checkpoint each parameter of a network takes.
struct ParameterMatch {
  /// The checkpoint's tensor of each parameter, in the layout's order.
  let names: [String]

  /// Matches the names exactly or, where that fails, by what well-known libraries call them.
  ///
  /// - Parameters:
  ///   - layout: The network's parameters.
  ///   - tensors: The shapes of the checkpoint's tensors by name.
  ///   - file: The file's name for messages.
  /// - Throws: ``NetworkError/missingParameter(layer:parameter:file:)`` or
  ///   ``NetworkError/unexpectedParameters(file:names:)``.
  init(_ layout: ParameterLayout, tensors: [String: Shape], file: String) throws {
    var names = layout.entries.map(\.name)
    if let missing = layout.entries.first(where: { tensors[$0.name] == nil }) {
      let known = CheckpointNames(tensors.keys)
      let canonical = names.compactMap { known.name(canonical: $0) }
      guard canonical.count == names.count, Set(canonical).count == names.count else {
        throw NetworkError.missingParameter(
          layer: missing.layerName, parameter: missing.name, file: file)
      }
      names = canonical
    }
    let unexpected = Set(tensors.keys).subtracting(names)
    guard unexpected.isEmpty else {
      throw NetworkError.unexpectedParameters(file: file, names: unexpected.sorted())
    }
    self.names = names
  }

  /// Whether every tensor has its parameter's shape.
  func hasAllShapes(_ layout: ParameterLayout, tensors: [String: Shape]) -> Bool {
    zip(layout.entries, names).allSatisfy { $0.fileShape == tensors[$1] }
  }

  /// Checks every tensor's shape.
  ///
  /// - Throws: ``NetworkError/parameterShape(layer:parameter:expected:found:)``.
  func checkShapes(_ layout: ParameterLayout, tensors: [String: Shape]) throws {
    for (entry, name) in zip(layout.entries, names) {
      guard let found = tensors[name], found != entry.fileShape else { continue }
      throw NetworkError.parameterShape(
        layer: entry.layerName, parameter: entry.name, expected: entry.fileShape, found: found)
    }
  }

  /// What to do about a checkpoint that doesn't match, or nil.
  static func advice(_ layout: ParameterLayout, tensors: [String: Shape]) -> String? {
    let fitting = Architecture.fitting(tensors)
    if !fitting.isEmpty {
      return "its tensors fit \(fitting.joined(separator: " or ")): name that architecture"
    }
    guard let missing = layout.entries.first(where: { tensors[$0.name] == nil }) else { return nil }
    let known = Set(layout.entries.map(\.name))
    let candidates = tensors.filter {
      $0.value == missing.fileShape && !known.contains($0.key)
        && $0.key.split(separator: ".").last == missing.name.split(separator: ".").last
    }
    guard candidates.count == 1, let name = candidates.first?.key else { return nil }
    return "renaming \(name.withoutLast)=\(missing.layerName) would fit that parameter"
  }
}

extension ParameterLayout.Entry {
  /// The name of the layer, which the parameter's name begins with.
  var layerName: String { String(name.dropLast(localName.count + 1)) }
}

extension String {
  /// The name without its last component.
  fileprivate var withoutLast: String {
    split(separator: ".").dropLast().joined(separator: ".")
  }
}
