/// What a catalogue says of a method besides its settings.
public struct MethodSummary: Sendable, Codable, Hashable {
  /// Where a method was published.
  public struct Reference: Sendable, Codable, Hashable {
    /// The authors, such as `Xu et al.`.
    public var authors: String
    /// The title of the paper.
    public var title: String
    /// Where it appeared, such as `ECCV`.
    public var venue: String
    /// The year in which it appeared.
    public var year: Int

    /// Makes a reference.
    public init(_ authors: String, _ title: String, _ venue: String, _ year: Int) {
      self.authors = authors
      self.title = title
      self.venue = venue
      self.year = year
    }
  }

  /// What the method does, in one sentence.
  public var line: String
  /// The work of a step at the preset `reduced` on a CIFAR ResNet-20, as a multiple of the plain step of the
  /// method's part; see ``MethodCatalogue/Part/plainStep``.
  public var cost: Double
  /// The paper; nil for what this package has of its own.
  public var reference: Reference?
  /// The formula of the loss or of the transform in one line of text.
  public var formula: String?
  /// The page of the documentation, `HAST` for `Documentation/Methods/HAST.md`.
  public var page: String?
  /// What one should know before using it, a sentence each.
  public var notes: [String]

  /// Makes a summary.
  public init(
    _ line: String, cost: Double = 1, reference: Reference? = nil, formula: String? = nil,
    page: String? = nil, notes: [String] = []
  ) {
    self.line = line
    self.cost = cost
    self.reference = reference
    self.formula = formula
    self.page = page
    self.notes = notes
  }
}

extension MethodSummary.Reference: CustomStringConvertible {
  /// Authors, venue and year: `Xu et al., ECCV 2020`.
  public var description: String { "\(authors), \(venue) \(year)" }
}
