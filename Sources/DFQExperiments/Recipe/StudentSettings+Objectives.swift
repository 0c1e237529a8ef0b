public import DynaDFQ

extension StudentSettings {
  /// A loss that a student is trained with, written as in a recipe: its kind, or its kind with settings, such as
  /// `{kind: attention alignment, weight: 2000}`.
  ///
  /// - Throws: ``RecipeError`` for a kind or a setting that is not known; it names the place.
  public static func objective(
    _ text: String, at place: RecipePlace
  ) throws -> any StudentObjective {
    try StudentEntry.objective(SettingNode.written(text, at: place))
  }
}
