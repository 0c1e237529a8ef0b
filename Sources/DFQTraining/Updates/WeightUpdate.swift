import DFQGraph
public import DFQQuantization
import DFQTensor

/// A step of a student's weights as an ``UpdateRule`` sees it, before it is taken.
public struct WeightUpdate: Sendable {
  /// A layer whose weights are quantized.
  public struct Layer: Sendable, Hashable {
    /// The layer's name.
    public let name: String
    /// The places of its weights among the network's parameters.
    public let weights: Range<Int>
    let index: Int
  }

  /// The training step, from 0.
  public let step: Int
  /// The number of steps of the run.
  public let stepCount: Int
  /// The student before the step.
  public let student: QuantizedNetwork
  /// The gradient of the pass at all parameters of the network.
  public let gradient: [Float]
  /// The layers whose weights are quantized, in order.
  public let layers: [Layer]
  private let group: ParameterGroup
  private let context: ExecutionContext
  private let codes: [[Int32]]

  init(
    step: Int, stepCount: Int, student: QuantizedNetwork, gradient: [Float],
    group: ParameterGroup, context: ExecutionContext
  ) {
    self.step = step
    self.stepCount = stepCount
    self.student = student
    self.gradient = gradient
    self.group = group
    self.context = context
    let nodes = student.network.graph.nodes
    layers = student.placement.layers.enumerated().filter { !$1.isFloat }.map { index, layer in
      Layer(
        name: nodes[layer.node].name, weights: student.weightRange(ofLayer: index), index: index)
    }
    codes = layers.map { student.weightCodes(ofLayer: $0.index, kernels: context.kernels) }
  }

  /// The parameters of the network before the step.
  public var values: [Float] { student.network.parameters.values }

  /// The parameters that the optimizer would make with a gradient; its state stays as it is.
  ///
  /// - Throws: What the optimizer throws where the numbers of values differ.
  public func values(after gradient: [Float]) throws -> [Float] {
    var (group, values) = (group, values)
    try group.step(&values, gradient: gradient, step: step, of: stepCount, context: context)
    return values
  }

  /// For each of some layers, by their places in ``layers``, the share of its weights (0...1) whose
  /// integer codes differ between the student before the step and one with other parameters.
  ///
  /// Grids follow the weights; learned steps of grids stay as they are. Of a layer that has values
  /// that are not finite the share is 0.
  public func changedShares(of places: [Int], in values: [Float]) -> [Double] {
    var changed = student
    changed.network.parameters.values = values
    return places.map { place in
      let layer = layers[place]
      guard values[layer.weights].allSatisfy(\.isFinite) else { return 0 }
      let others = changed.weightCodes(ofLayer: layer.index, kernels: context.kernels)
      let differing = zip(codes[place], others).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
      return Double(differing) / Double(max(others.count, 1))
    }
  }
}
