import DFQFiles
public import Foundation

/// Where something stands in a recipe.
public struct RecipePlace: Sendable, Hashable {
  /// The line, from 1; 0 where it is not known.
  public var line: Int
  /// The keys that lead there, such as `students[0].training.steps`.
  public var path: String

  /// Makes a place.
  public init(line: Int, path: String) {
    self.line = line
    self.path = path
  }
}

/// What is wrong with a recipe; each case names the line and the key.
public enum RecipeError: Error, Equatable, Sendable {
  /// The text is no YAML, or uses a part of it that recipes do not have.
  case syntax(line: Int, reason: String)
  /// The recipe is larger than what is accepted.
  case tooLarge(what: String, limit: Int, found: Int)
  /// A key that nothing reads; `nearest` is the known key that looks most like it.
  case unknownKey(place: RecipePlace, key: String, nearest: String?)
  /// A key that must be there is not.
  case missingKey(place: RecipePlace, key: String)
  /// A value that the key cannot have.
  case badValue(place: RecipePlace, expected: String, found: String)
  /// A name that was not declared; `nearest` is the declared name that looks most like it.
  case unknownName(place: RecipePlace, what: String, name: String, nearest: String?)
  /// A network's entry does not fit its file.
  case badNetwork(name: String, expected: String, found: String)
  /// Two entries have one name.
  case duplicateName(place: RecipePlace, name: String)
  /// Real images would take part in making a student.
  case realImages(place: RecipePlace, found: String)
  /// A student that was trained on real images would take part in making another.
  case upperBound(place: RecipePlace, name: String)
}

extension RecipeError: CustomStringConvertible {
  /// One line that names the place, what was expected and what was found.
  public var description: String {
    switch self {
    case .syntax(let line, let reason): "line \(line): \(reason.oneLine)"
    case .tooLarge(let what, let limit, let found):
      "\(what): at most \(limit) accepted, \(found) found"
    case .unknownKey(let place, let key, let nearest):
      "\(place): unknown key \"\(key.oneLine)\"" + RecipeError.hint(nearest)
    case .missingKey(let place, let key): "\(place): the key \"\(key.oneLine)\" is missing"
    case .badValue(let place, let expected, let found):
      "\(place): \(expected.oneLine) expected, found \(found.oneLine)"
    case .unknownName(let place, let what, let name, let nearest):
      "\(place): no \(what) is named \"\(name.oneLine)\"" + RecipeError.hint(nearest)
    case .badNetwork(let name, let expected, let found):
      "network \"\(name.oneLine)\": \(expected) expected, found \(found.oneLine)"
    case .duplicateName(let place, let name):
      "\(place): the name \"\(name.oneLine)\" is used twice"
    case .realImages(let place, let found):
      "\(place): \"\(found.oneLine)\" are real images; they are for evaluations only, and a "
        + "student is made from synthetic images"
    case .upperBound(let place, let name):
      "\(place): \"\(name.oneLine)\" is an upper bound, trained on real images; it is for evaluations "
        + "only"
    }
  }

  private static func hint(_ nearest: String?) -> String {
    nearest.map { "; did you mean \"\($0.oneLine)\"?" } ?? ""
  }
}

extension RecipePlace: CustomStringConvertible {
  /// The line and the keys.
  public var description: String {
    let keys = path.isEmpty ? "the recipe" : path.oneLine
    return line > 0 ? "line \(line), \(keys)" : keys
  }
}

extension RecipeError: LocalizedError {
  /// The same line as `description`.
  public var errorDescription: String? { description }
}
