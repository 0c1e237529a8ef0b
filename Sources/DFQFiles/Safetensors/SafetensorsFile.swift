public import DFQTensor

/// Named tensors with text metadata in the safetensors format, read from a file or built to be
/// written.
///
/// Reading checks the whole header against the file before any tensor is used: the tensors fill the
/// data area without holes or overlaps, every size is the product of its shape and its element
/// type, and no name is used twice. Format: an unsigned little-endian 64-bit header length, a JSON
/// header, the data (https://github.com/huggingface/safetensors).
public struct SafetensorsFile: Sendable {
  /// Free text by key, such as the architecture and the normalization of a network.
  public var metadata: [String: String]
  /// The tensors' names in the order of their data.
  public var names: [String] { entries.map(\.name) }
  /// The file's name for messages; "new safetensors file" for one that is being built.
  internal let path: String
  internal private(set) var entries: [Entry] = []
  private var positions: [String: Int] = [:]

  /// A tensor as it lies in the file; the bytes are little-endian and share the file's memory.
  internal struct Entry: Sendable {
    let name: String
    let type: SafetensorsType
    let shape: Shape
    let bytes: ArraySlice<UInt8>
  }

  /// Makes an empty file to add tensors to.
  public init(metadata: [String: String] = [:]) {
    self.metadata = metadata
    path = "new safetensors file"
  }

  internal init(path: String, metadata: [String: String], entries: [Entry]) {
    self.path = path
    self.metadata = metadata
    self.entries = entries
    for (position, entry) in entries.enumerated() { positions[entry.name] = position }
  }

  /// Whether there is a tensor of that name.
  public func contains(_ name: String) -> Bool { positions[name] != nil }

  /// The shape of a tensor.
  /// - Throws: ``InterchangeError/missingTensor(path:name:)``.
  public func shape(of name: String) throws -> Shape { try entry(name).shape }

  /// The element type of a tensor.
  /// - Throws: ``InterchangeError/missingTensor(path:name:)``.
  public func dataType(of name: String) throws -> SafetensorsType {
    try entry(name).type
  }

  /// The same file without the tensors and metadata whose names begin with a prefix.
  package func removing(prefix: String) -> SafetensorsFile {
    SafetensorsFile(
      path: path, metadata: metadata.filter { !$0.key.hasPrefix(prefix) },
      entries: entries.filter { !$0.name.hasPrefix(prefix) })
  }

  internal func entry(_ name: String) throws -> Entry {
    guard let position = positions[name] else {
      throw InterchangeError.missingTensor(path: path, name: name)
    }
    return entries[position]
  }

  /// Inserts an entry behind those whose elements are at least as wide.
  ///
  /// Wider types come first, as in the reference implementation: every tensor then begins at a
  /// multiple of its element size, without which PyTorch refuses to map it. Within one width the
  /// order of adding stays.
  internal mutating func insert(_ entry: Entry) {
    precondition(positions[entry.name] == nil, "tensor \"\(entry.name)\" was added already")
    precondition(entry.name != "__metadata__", "the format keeps the name __metadata__ for itself")
    let place =
      entries.firstIndex { $0.type.byteCount < entry.type.byteCount } ?? entries.count
    entries.insert(entry, at: place)
    for position in place..<entries.count { positions[entries[position].name] = position }
  }
}
