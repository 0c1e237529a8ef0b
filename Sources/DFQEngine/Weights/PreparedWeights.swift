import DFQGraph
import DFQTensor

/// The parameters of a pass and all that is computed from them alone: scales and shifts of
/// normalizations, transposed, transformed and integer weights.
final class PreparedWeights: @unchecked Sendable {
  let plan: Plan
  let context: ExecutionContext
  let transform: (any ActivationTransform)?
  /// How many versions of the parameters there are, one after the other: one for each bit-width
  /// weights may be chosen at.
  let banks: Int
  let winograd: WinogradPlan
  let integers: IntegerWeights
  /// Bank after bank.
  let parameters: FloatBuffer
  /// The scales and shifts of all normalizations.
  let normalizations: FloatBuffer
  /// The weights of data gradients, bank after bank.
  let transposed: FloatBuffer
  /// The weights of Winograd's algorithm, bank after bank.
  let transformed: FloatBuffer
  /// What `parameters` and what follows from it were made of.
  var prepared: Prepared?
  /// Whether the images of the current pass are computed one at a time, with weights for that.
  var computesSingleImage = false

  init(
    plan: Plan, context: ExecutionContext, transform: (any ActivationTransform)?, banks: Int
  ) {
    self.plan = plan
    self.context = context
    self.transform = transform
    self.banks = banks
    winograd = WinogradPlan(plan, context: context)
    integers = IntegerWeights(IntegerPlan(plan, context: context), banks: banks)
    parameters = FloatBuffer(banks * plan.layout.count)
    normalizations = FloatBuffer(plan.normMemoryCount)
    transposed = FloatBuffer(banks * plan.transposedCount)
    transformed = FloatBuffer(banks * winograd.weightCount)
  }

  /// The images that are computed together, at most: one where weights differ from image to image.
  var groupLimit: WinogradPlan.GroupLimit {
    banks == 1 && winograd.hasGroups ? winograd.groupLimit : .single
  }

  /// A bank's parameters.
  func parameters(bank: Int) -> UnsafeMutablePointer<Float> {
    parameters.start + bank * plan.layout.count
  }

  /// How a convolution is computed by Winograd's algorithm in the current pass, nil where it is not.
  func winogradEntry(_ position: Int) -> WinogradPlan.Entry? {
    computesSingleImage ? winograd.entries[position]?.singleImage : winograd.entries[position]
  }

  /// Whether a convolution is computed in integers; it then takes one image at a time, because its
  /// weights are bytes and reading them again costs little.
  func isInteger(_ position: Int, bank: Int) -> Bool { integers.isReady(position, bank: bank) }
}
