import DFQFiles
import DFQTensor

/// The metadata of a network's file: what it says of layers, images, classes and normalization.
///
/// Our own files have `arch`, `mean`, `std` and, for graphs outside the zoo, `graph`. Public
/// checkpoints have `arch`, `classes` and `input`, such as "1x3x32x32 RGB, x/255 then mean
/// 0.485,0.456,0.406 std 0.229,0.224,0.225".
struct NetworkMetadata {
  let fields: [String: String]
  let file: String

  private func bad(_ field: String, _ expected: String) -> NetworkError {
    .badMetadata(file: file, field: field, expected: expected, found: fields[field] ?? "nothing")
  }

  /// The graph that the file carries, or nil.
  func graph(layers: [any Layer.Type]) throws -> Graph? {
    guard let text = fields["graph"] else { return nil }
    do {
      return try Graph(json: text, layers: layers)
    } catch {
      throw NetworkError.badMetadata(
        file: file, field: "graph", expected: "a valid graph", found: "\(error)")
    }
  }

  /// The architecture that the file names; nil where it names none.
  func architecture() throws -> Architecture? {
    guard let text = fields["arch"] else { return nil }
    let words = text.split { $0.isWhitespace || "()[],;".contains($0) && !text.contains(":") }
    let first = text.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
    return try Architecture(
      name: first, imageShape: imageShape(), classCount: classCount(),
      projection: words.dropFirst().contains { $0.lowercased().hasPrefix("projection") })
  }

  private func classCount() throws -> Int? {
    guard let text = fields["classes"] else { return nil }
    guard let count = Int(text.trimmed), Architecture.classCounts.contains(count) else {
      throw bad("classes", "a number in 2...\(Architecture.classCounts.upperBound)")
    }
    return count
  }

  /// The shape H W C of an `input` that begins with 1xCxHxW.
  private func imageShape() throws -> Shape? {
    guard let text = fields["input"] else { return nil }
    let first = text.split { $0.isWhitespace || $0 == "," }.first ?? ""
    guard let extents = Architecture.extents(first), extents.count == 4, extents[0] == 1 else {
      throw bad("input", "a text that begins with 1xCxHxW, each extent in 1...4096")
    }
    return [extents[2], extents[3], extents[1]]
  }

  /// The normalization, or nil where the file says nothing of it.
  ///
  /// - Throws: ``NetworkError/badMetadata(file:field:expected:found:)`` where a part is malformed or
  ///   missing.
  func preprocessing() throws -> Preprocessing? {
    let input = fields["input"] ?? ""
    if fields["mean"] == nil, fields["std"] == nil {
      if let shift = NetworkMetadata.shiftAndScale(input) { return try checked(shift, "input") }
      let words = NetworkMetadata.words(input)
      guard words.contains("mean") || words.contains("std") else { return nil }
      guard let mean = NetworkMetadata.numbers(after: "mean", in: words),
        let deviation = NetworkMetadata.numbers(after: "std", in: words)
      else { throw bad("input", "\"mean\" and \"std\", each followed by numbers") }
      return try checked((mean, deviation), "input")
    }
    func list(_ field: String) throws -> [Float] {
      let words = NetworkMetadata.words(fields[field] ?? "")
      let numbers = words.compactMap { Float($0) }.filter(\.isFinite)
      guard !numbers.isEmpty, numbers.count == words.count else {
        throw bad(field, "a list of finite numbers")
      }
      return numbers
    }
    let (mean, deviation) = (try list("mean"), try list("std"))
    guard deviation.allSatisfy({ $0 > 0 }) else { throw bad("std", "numbers above 0") }
    return try checked((mean, deviation), "std")
  }

  private func checked(_ numbers: ([Float], [Float]), _ field: String) throws -> Preprocessing {
    do {
      return try Preprocessing(mean: numbers.0, standardDeviation: numbers.1)
    } catch {
      throw bad(field, "as many means as standard deviations, these above 0")
    }
  }

  /// The words and numbers of a text without brackets, colons, commas and semicolons.
  private static func words(_ text: String) -> [String] {
    text.split { $0.isWhitespace || "[](){}<>,;:=|".contains($0) }.map { $0.lowercased() }
  }

  private static func numbers(after word: String, in words: [String]) -> [Float]? {
    guard let place = words.firstIndex(of: word) else { return nil }
    let numbers = words[(place + 1)...].prefix { Float($0) != nil }.compactMap { Float($0) }
    return numbers.isEmpty || !numbers.allSatisfy(\.isFinite) ? nil : numbers
  }

  /// The normalization of a text with "(x-SHIFT)/SCALE over 0..255", the same for three channels.
  private static func shiftAndScale(_ text: String) -> ([Float], [Float])? {
    let text = text.filter { !$0.isWhitespace }
    guard let start = text.range(of: "(x-"), text.contains("over0..255") else { return nil }
    let rest = text[start.upperBound...]
    let shift = rest.prefix { $0.isNumber || $0 == "." }
    let tail = rest.dropFirst(shift.count)
    guard tail.hasPrefix(")/") else { return nil }
    let scale = tail.dropFirst(2).prefix { $0.isNumber || $0 == "." }
    guard let shift = Float(shift), let scale = Float(scale) else { return nil }
    return (
      [Float](repeating: shift / 255, count: 3), [Float](repeating: scale / 255, count: 3)
    )
  }

  /// The metadata that our own files carry.
  static func fields(_ network: Network) throws -> [String: String] {
    func list(_ values: [Float]) -> String { values.map(\.description).joined(separator: ",") }
    var fields = [
      "arch": network.architecture, "mean": list(network.preprocessing.mean),
      "std": list(network.preprocessing.standardDeviation), "format": "pt",
    ]
    if let zoo = try? Architecture(name: network.architecture), try zoo.graph() == network.graph {
      fields["arch"] = zoo.name
    } else {
      fields["graph"] = try network.graph.json()
    }
    return fields
  }
}

extension String {
  /// The text without white space around it.
  fileprivate var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
