import DFQFiles

/// The classes of an image folder: a readable name per label, and the label of every class folder.
internal struct ClassList {
  let names: [String]
  private let labels: [String: Int]
  private let path: String
  /// A line is some tens of bytes, so this leaves room for hundreds of thousands of classes.
  private static let limit = 16 << 20
  /// As many classes as a network may have.
  private static let numberLimit = 1_000_000

  /// Labels folders by only their names.
  ///
  /// Folders that are all named by numbers (0, 1, 2 and so on) have these as labels, so that an
  /// absent one shifts nothing; `classCount` then says how many classes there are. Other folders are
  /// numbered in their order: an absent one would shift the labels of all later ones, so where
  /// `classCount` is known, there must be as many.
  init(folders: [String], classCount: Int?, path: String) throws {
    self.path = path
    let numbers = folders.compactMap { Int($0) }
    if numbers.count == folders.count, Set(numbers).count == numbers.count {
      let limit = min(classCount ?? Self.numberLimit, Self.numberLimit)
      if let number = numbers.first(where: { !(0..<limit).contains($0) }) {
        throw InterchangeError.malformed(
          path: path, what: "class folders", expected: "numbers in 0..<\(limit)",
          found: "\(number)")
      }
      names = (0..<(classCount ?? (numbers.max() ?? 0) + 1)).map(String.init)
      labels = Dictionary(uniqueKeysWithValues: zip(folders, numbers))
      return
    }
    guard classCount == nil || classCount == folders.count else {
      throw InterchangeError.malformed(
        path: path, what: "class folders",
        expected: "\(classCount ?? 0), or a classes.txt (a line of index, folder and name for "
          + "every class) that tells their labels", found: "\(folders.count)")
    }
    names = folders
    labels = Dictionary(uniqueKeysWithValues: folders.enumerated().map { ($1, $0) })
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
