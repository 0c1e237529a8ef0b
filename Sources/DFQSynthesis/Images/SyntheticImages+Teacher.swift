import DFQEngine
public import DFQGraph
import DFQTensor

extension SyntheticImages {
  /// Whether the images were synthesized from a network with these parameters; nil where their
  /// provenance does not tell.
  public func isSynthesized(from network: Network) -> Bool? {
    provenance["teacher"].map { $0 == Fingerprint.digest(network.parameters.values) }
  }

  /// Checks that the images fit a teacher and, where the set says so, that they were synthesized
  /// from it.
  ///
  /// Training on the images of another teacher is possible where the shapes agree, and worse. A
  /// caller who wants it can ignore ``SynthesisError/otherTeacher(expected:found:)``.
  ///
  /// - Throws: ``SynthesisError/badImages(source:expected:found:)`` for another shape or number of
  ///   classes, ``SynthesisError/otherTeacher(expected:found:)``.
  public func check(teacher: Network) throws {
    func demand(_ holds: Bool, _ expected: String, _ found: String) throws {
      guard holds else {
        throw SynthesisError.badImages(
          source: "synthetic images", expected: expected, found: found)
      }
    }
    try demand(
      images.rowShape == teacher.imageShape, "images of shape \(teacher.imageShape)",
      "\(images.rowShape)")
    try demand(
      classCount == teacher.classCount, "labels of \(teacher.classCount) classes", "\(classCount)")
    guard isSynthesized(from: teacher) != false else {
      func name(_ architecture: String?, _ digest: String?) -> String {
        "\(architecture ?? "unknown"), digest \(digest ?? "unknown")"
      }
      throw SynthesisError.otherTeacher(
        expected: name(teacher.architecture, Fingerprint.digest(teacher.parameters.values)),
        found: name(provenance["arch"], provenance["teacher"]))
    }
  }
}
