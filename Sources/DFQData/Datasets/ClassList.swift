import DFQFiles

/// The classes of an image folder: a readable name per label, and the label of every class folder.
internal struct ClassList {
  let names: [String]
  private let labels: [String: Int]
  private let path: String
  /// A line is some tens of bytes, so this leaves room for hundreds of thousands of classes.
  private static let limit = 16 << 20

  /// Numbers folders in their order and names each class after its folder.
  init(folders: [String]) {
    names = folders
    labels = Dictionary(uniqueKeysWithValues: folders.enumerated().map { ($1, $0) })
    path = "class folders"
  }

  /// Reads lines of an index, a folder's name and a readable name, parted by single spaces; the
  /// name may be missing.
  ///
  /// The indices must be 0, 1, 2 and so on, in any order.
  init(contentsOf path: String) throws {
    let bytes = try FileContents.read(path, limit: Self.limit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw InterchangeError.malformed(
        path: path, what: "text", expected: "UTF-8", found: "other bytes")
    }
    let lines = text.split(whereSeparator: \.isNewline)
    var names = [String?](repeating: nil, count: lines.count)
    var labels: [String: Int] = [:]
    for line in lines {
      let fields = line.split(separator: " ", maxSplits: 2)
      guard fields.count >= 2, let label = Int(fields[0]), names.indices.contains(label),
        names[label] == nil, labels[String(fields[1])] == nil
      else {
        throw InterchangeError.malformed(
          path: path, what: "line",
          expected: "a new index below \(lines.count), a new folder, a name", found: "\"\(line)\"")
      }
      labels[String(fields[1])] = label
      names[label] = String(fields.last ?? "")
    }
    guard !lines.isEmpty else {
      throw InterchangeError.malformed(
        path: path, what: "text", expected: "a line per class", found: "nothing")
    }
    self.names = names.compactMap(\.self)
    self.labels = labels
    self.path = path
  }

  func label(ofFolder folder: String) throws -> Int {
    guard let label = labels[folder] else {
      throw InterchangeError.malformed(
        path: path, what: "class list", expected: "a line for folder \"\(folder)\"", found: "none")
    }
    return label
  }
}
