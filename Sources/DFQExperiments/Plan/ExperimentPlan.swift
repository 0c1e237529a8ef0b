public import DynaDFQ

/// A recipe multiplied out: the cells in an order in which inputs come first, each artefact once.
public struct ExperimentPlan: Sendable {
  /// The recipe.
  public let recipe: Recipe
  /// The cells; several entries of the recipe that say the same share one.
  public let cells: [Cell]
  /// Every evaluation by what people call it, also where several share a cell.
  public let evaluations: [(label: CellLabel, key: String)]

  /// Multiplies a recipe out, with its networks and data sets in memory.
  ///
  /// Every setting meets the library's own checks here, so that what cannot work is told before the
  /// work.
  ///
  /// - Throws: ``RecipeError``; what the library throws for networks, data sets and settings.
  public init(_ recipe: Recipe, context: ExecutionContext = .default) throws {
    var expansion = try Expansion(recipe, context: context)
    try expansion.run()
    self.recipe = recipe
    cells = expansion.cells
    evaluations = expansion.evaluations
  }

  /// The cell of a key.
  public func cell(_ key: String) -> Cell? { cells.first { $0.key == key } }
}
