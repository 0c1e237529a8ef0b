/// A method that the catalogue can list: it has a name, a summary and settings that can be written.
///
/// The protocols of methods (`SynthesisMethod`, `GeneratorMethod`, `LabelStrategy`, `StudentObjective`, `UpdateRule`,
/// `DataFreeTransform`, `WeightRounding`, `BitDecider`) extend this one. A type of your own needs no summary; a type of
/// this package has one, and a line in ``MethodCatalogue``.
public protocol CataloguedMethod: Sendable, Encodable {
  /// The method's name in files, recipes and on the command line.
  static var kind: String { get }

  /// What the catalogue says of the method.
  ///
  /// The default says that the method is not one of this package.
  static var summary: MethodSummary { get }

  /// Other settings that were published or that official code has, by name, such as `imageNet`.
  ///
  /// The default is none.
  static var variants: [String: Self] { get }
}

extension CataloguedMethod {
  /// A summary of nothing but that the method is not one of this package.
  public static var summary: MethodSummary { MethodSummary("A method of your own.") }

  /// None.
  public static var variants: [String: Self] { [:] }

  /// Whether a name means the method: case, spaces, hyphens and underscores do not count.
  public static func isCalled(_ name: String) -> Bool {
    func plain(_ name: String) -> String {
      name.lowercased().filter { $0 != " " && $0 != "-" && $0 != "_" }
    }
    return plain(name) == plain(kind)
  }
}
