public import DFQEngine

/// What is done between the gradient of a student's weights and the optimizer's step with it, or with
/// the weights that the step made.
///
/// A conforming type is a small value that holds its settings, and a function of the state before the
/// step, so that a resumed run takes the same steps. This one halves the gradients of the first layer:
///
/// ```swift
/// struct CalmFirstLayer: UpdateRule {
///   static let kind = "calm first layer"
///   func gradient(_ gradient: [Float], for update: WeightUpdate) -> [Float] {
///     var gradient = gradient
///     for place in update.layers[0].weights { gradient[place] /= 2 }
///     return gradient
///   }
/// }
/// ```
///
/// The encoded settings and ``kind`` are the rule's identity in checkpoints.
public protocol UpdateRule: CataloguedMethod, Hashable, Codable {
  /// What names the type in checkpoints.
  static var kind: String { get }

  /// Checks the settings before training starts; the default checks nothing.
  func check() throws

  /// The gradient that the optimizer gets in the place of `gradient`, of all parameters of the network.
  ///
  /// The default is `gradient` itself. `update` has the pass's own gradient, before any rule.
  func gradient(_ gradient: [Float], for update: WeightUpdate) throws -> [Float]

  /// The parameters that the student gets in the place of `values`, which the optimizer made of
  /// `update.values`.
  ///
  /// The default is `values` itself. The optimizer's own state is that of its step.
  func values(_ values: [Float], for update: WeightUpdate) throws -> [Float]
}

extension UpdateRule {
  /// Checks nothing.
  public func check() throws {}
  /// The gradient as it is.
  public func gradient(_ gradient: [Float], for update: WeightUpdate) throws -> [Float] { gradient }
  /// The values as they are.
  public func values(_ values: [Float], for update: WeightUpdate) throws -> [Float] { values }
}
