/// The version of this library and its tool.
public enum LibraryVersion {
  /// The version, as in the change log; results name it.
  public static let current = "0.1.0"
}
