public import DFQEngine
public import DFQGraph
public import DFQTensor
import Foundation

/// The objectives of another network than the one that images are synthesized from, as a loss on
/// pixels: feature mixing (MixMix, Li et al., ICCV 2021) and anything else that several
/// networks decide.
///
/// The images are inputs of the first network. Where the other one normalizes pixels in another way,
/// they are converted to its inputs.
public struct NetworkObjectives: PixelObjective {
  /// The loss's name in logs.
  public let name: String
  /// The factor of the losses in the total.
  public let weight: Float
  /// Losses on each image's value at a layer of the other network.
  public var images: [any ImageObjective]
  /// Losses on the moments of a layer's channels.
  public var moments: [any MomentObjective]
  /// What the network computes with in the place of its own parameters, in the order of their layout; nil for its own.
  public var parameters: [Float]?
  private let executor: SharedExecutor
  private let scale: [Float]
  private let shift: [Float]

  /// Makes the losses of a network for inputs of another one.
  ///
  /// - Throws: `NetworkError.imageShape` where the two networks take images of different shapes.
  public init(
    _ network: Network, inputsOf first: Network, images: [any ImageObjective] = [],
    moments: [any MomentObjective] = [], name: String = "other network", weight: Float = 1,
    context: ExecutionContext = .default
  ) throws {
    guard network.imageShape == first.imageShape else {
      throw NetworkError.imageShape(expected: first.imageShape, found: network.imageShape)
    }
    self.name = name
    self.weight = weight
    self.images = images
    self.moments = moments
    executor = SharedExecutor(
      network, nodes: Set(images.map(\.node) + moments.map(\.node)), context: context)
    let (own, other) = (network.preprocessing, first.preprocessing)
    scale = zip(other.standardDeviation, own.standardDeviation).map { $0 / $1 }
    shift = zip(zip(other.mean, own.mean), own.standardDeviation).map { ($0.0 - $0.1) / $1 }
  }

  /// The sum of the losses, times their own weights, of inputs N H W C of the first network, and its
  /// gradient there.
  ///
  /// - Throws: `NetworkError`, and what the objectives' checks throw.
  public func evaluate(
    images inputs: Tensor, context: ExecutionContext
  ) throws -> (loss: Double, gradient: Tensor) {
    let result = try executor.run(
      converted(inputs, shifted: true), parameters: parameters,
      PassRequest(imageObjectives: images, momentObjectives: moments, imageGradient: true))
    let gradient = result.imageGradient ?? Tensor(shape: inputs.shape)
    return (result.totalLoss, converted(gradient, shifted: false))
  }

  /// Inputs of the first network as those of the other, or the gradient at the other's as that at the first's.
  private func converted(_ values: Tensor, shifted: Bool) -> Tensor {
    guard scale.contains(where: { $0 != 1 }) || (shifted && shift.contains { $0 != 0 }) else {
      return values
    }
    let channels = scale.count
    var values = values
    values.withUnsafeMutableElements { elements in
      for first in stride(from: 0, to: elements.count, by: channels) {
        for channel in 0..<channels {
          let scaled = elements[first + channel] * scale[channel]
          elements[first + channel] = shifted ? scaled + shift[channel] : scaled
        }
      }
    }
    return values
  }
}

/// An executor that copies of a value share; the lock keeps two of them from using it at once.
final class SharedExecutor: @unchecked Sendable {
  private let lock = NSLock()
  private let executor: FloatExecutor

  init(_ network: Network, nodes: Set<Int>, context: ExecutionContext) {
    let nodes = nodes.subtracting([network.graph.output]).intersection(network.graph.nodes.indices)
    executor = FloatExecutor(network, nodes: nodes, context: context)
  }

  func run(
    _ inputs: Tensor, parameters: [Float]? = nil, _ request: PassRequest
  ) throws -> PassResult {
    try lock.withLock { try executor.run(inputs, parameters: parameters, request: request) }
  }
}
