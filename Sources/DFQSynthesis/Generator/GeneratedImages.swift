import DFQEngine
package import DFQGraph
package import DFQTensor

/// The images of a batch as a generator makes them from one latent vector each; vectors and generator learn together
/// (Genie, Jeon et al., CVPR 2023).
package struct GeneratedImages: ImageParameters {
  /// The latent vectors, N by their length.
  package private(set) var latents: Tensor
  /// The generator's parameters in the order of its layout.
  package private(set) var parameters: [Float]
  private let executor: GeneratorExecutor
  private let ranges: [Range<Int>]
  private var latentAdam: Adam
  private var parameterAdam: Adam
  private let rate: Float
  private let decay: Float

  /// - Parameters:
  ///   - generator: The network, whose batch norms use the batch's own statistics.
  ///   - latents: The vectors before the first step.
  ///   - rate: Adam's rate on the generator's parameters.
  ///   - decay: The factor of that rate after every 100 steps.
  ///   - context: How the work is executed.
  package init(
    generator: Network, latents: Tensor, rate: Float, decay: Float, context: ExecutionContext
  ) {
    self.latents = latents
    self.rate = rate
    self.decay = decay
    parameters = generator.parameters.values
    ranges = generator.parameters.layout.learnedRanges
    executor = GeneratorExecutor(generator, context: context)
    latentAdam = Adam(count: latents.count)
    parameterAdam = Adam(count: generator.parameters.values.count)
  }

  package func images() throws -> Tensor {
    try executor.images(latents, parameters: parameters)
  }

  /// The gradients at the vectors and at the parameters, from the one at the images.
  package func gradients(_ gradient: Tensor) throws -> (latents: Tensor, parameters: [Float]) {
    try executor.gradients(latents, parameters: parameters, images: gradient)
  }

  package mutating func learn(
    gradient: Tensor, step: Int, rate latentRate: Float, context: ExecutionContext
  ) throws {
    let gradients = try gradients(gradient)
    var values = latents.elements
    try latentAdam.step(
      &values, gradient: gradients.latents.elements, rate: latentRate, context: context)
    latents = Tensor(shape: latents.shape, elements: values)
    var factor: Float = 1
    for _ in 0..<step / 100 { factor *= decay }
    try parameterAdam.step(
      &parameters, gradient: gradients.parameters, rate: rate * factor, ranges: ranges,
      context: context)
  }
}

extension Graph {
  /// Genie's generator of images from latent vectors: GDFQ's with one convolution less.
  ///
  /// A linear layer makes a map of a quarter of the image's size, which is normalized, enlarged, convolved to half of
  /// its channels, normalized, enlarged and convolved to an image; a hyperbolic tangent and a batch
  /// norm without scale and shift end it.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``; `NetworkError.shapeMismatch` for numbers that no layer
  ///   can have.
  package static func latentGenerator(
    latentLength: Int, imageShape: Shape, channels: Int
  ) throws -> Graph {
    try checkGenerated(imageShape)
    let start: Shape = [imageShape[0] / 4, imageShape[1] / 4, channels]
    var b = GraphBuilder(input: [latentLength])
    var x = try b.add("linear", .linear(outputs: start.count, bias: true), b.input)
    x = try b.add("map", .reshape(start), x)
    x = try b.add("norm0", .batchNorm(.init()), x)
    x = try b.add("up1", .upsample(factor: 2), x)
    // A bias in front of a batch norm would have no effect.
    x = try b.block(
      "conv1", .init(outputChannels: channels / 2, kernel: 3, padding: 1), normName: "norm1",
      activation: .leakyReLU(negativeSlope: 0.2), x)
    x = try b.add("up2", .upsample(factor: 2), x)
    x = try b.add(
      "conv2",
      .convolution(.init(outputChannels: imageShape[2], kernel: 3, padding: 1, bias: true)), x)
    x = try b.add("tanh", .activation(.tanh), x)
    try b.add("norm2", .batchNorm(.init(affine: false)), x)
    return b.build()
  }
}
