import DFQEngine
import DFQGraph
import DFQQuantization
import DFQSynthesis

extension DynamicTrainer {
  /// What must be equal for a run to resume.
  func identity(images: String) throws -> RunIdentity {
    var identity = RunIdentity()
    identity.add("trainer", "student")
    try identity.add("configuration", encoding: configuration)
    identity.add("configuration.seed", "\(configuration.seed)")
    try identity.add("quantizer", encoding: quantizer)
    if let selector { try identity.add("selector", encoding: selector) }
    for (index, transform) in transforms.enumerated() {
      identity.add("transforms.\(index)", type(of: transform).kind)
      func add(_ transform: some DataFreeTransform) throws {
        try identity.add("transforms.\(index)", encoding: transform)
      }
      try add(transform)
    }
    for (index, objective) in objectives.enumerated() {
      identity.add("objectives.\(index)", type(of: objective).kind)
      func add(_ objective: some StudentObjective) throws {
        try identity.add("objectives.\(index)", encoding: objective)
      }
      try add(objective)
    }
    for (index, rule) in updates.enumerated() {
      identity.add("updates.\(index)", type(of: rule).kind)
      func add(_ rule: some UpdateRule) throws {
        try identity.add("updates.\(index)", encoding: rule)
      }
      try add(rule)
    }
    identity.add("teacher.architecture", teacher.architecture)
    identity.add("teacher.parameters", Fingerprint.digest(teacher.parameters.values))
    identity.add("images", images)
    identity.add(context)
    return identity
  }
}
