public import DFQGraph
public import DFQTensor

extension Graph {
  /// The generator that GDFQ (Xu et al., 2020) made for CIFAR and later methods kept: latent vectors
  /// become images.
  ///
  /// A linear layer makes a map of a quarter of the image's size. Two times it is normalized, enlarged
  /// and convolved, with leaky ReLU of slope 0.2. The last convolution, a hyperbolic tangent and a
  /// batch norm without scale and shift give the normalized images. Every batch norm is meant to use
  /// the batch's own statistics.
  ///
  /// - Parameters:
  ///   - latentLength: The elements of a latent vector.
  ///   - imageShape: The images' shape, H W C; height and width are multiples of 4.
  ///   - channels: The channels of the first two maps; the third has half as many.
  ///   - mapping: The width of a linear layer in front of everything; nil for none.
  ///   - normEpsilon: What the two batch norms behind convolutions add to the variance.
  /// - Returns: The graph, whose input is a vector and whose output is an image H W C.
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``; `NetworkError.shapeMismatch` for
  ///   numbers that no layer can have.
  public static func generator(
    latentLength: Int, imageShape: Shape, channels: Int = 128, mapping: Int? = nil,
    normEpsilon: Float = 0.8
  ) throws -> Graph {
    try checkGenerated(imageShape)
    guard channels >= 2, channels % 2 == 0, channels <= 1 << 16 else {
      throw SynthesisError.badConfiguration(
        what: "an even number of generator channels in 2...65536", found: "\(channels)")
    }
    let start: Shape = [imageShape[0] / 4, imageShape[1] / 4, channels]
    var b = GraphBuilder(input: [latentLength])
    var x = b.input
    if let mapping { x = try b.add("mapping", .linear(outputs: mapping, bias: true), x) }
    x = try b.add("linear", .linear(outputs: start.count, bias: true), x)
    x = try b.add("map", .reshape(start), x)
    x = try b.add("norm0", .batchNorm(.init()), x)
    for (stage, width) in [channels, channels / 2].enumerated() {
      x = try b.add("up\(stage + 1)", .upsample(factor: 2), x)
      // A bias in front of a batch norm would have no effect.
      x = try b.block(
        "conv\(stage + 1)", .init(outputChannels: width, kernel: 3, padding: 1),
        normName: "norm\(stage + 1)", norm: .init(epsilon: normEpsilon),
        activation: .leakyReLU(negativeSlope: 0.2), x)
    }
    x = try b.add(
      "conv3",
      .convolution(.init(outputChannels: imageShape[2], kernel: 3, padding: 1, bias: true)),
      x)
    x = try b.add("tanh", .activation(.tanh), x)
    try b.add("norm3", .batchNorm(.init(affine: false)), x)
    return b.build()
  }
}

extension Graph {
  /// Checks that images can be made from a map of a quarter of their size.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)``.
  static func checkGenerated(_ imageShape: Shape) throws {
    guard imageShape.rank == 3, imageShape.count > 0, imageShape[0] % 4 == 0,
      imageShape[1] % 4 == 0
    else {
      throw SynthesisError.badConfiguration(
        what: "images whose height and width are multiples of 4", found: "\(imageShape)")
    }
  }
}

extension ParameterSet {
  /// New parameters as PyTorch 1 initializes layers: weights and biases are uniform within 1 over the
  /// root of the layer's inputs.
  ///
  /// With the large epsilon of the generator's batch norms the scale of weights matters.
  package init(generator layout: ParameterLayout, seed: UInt64) {
    self.init(initializing: layout, seed: seed)
    withMutableValues { values in
      for entry in layout.entries where entry.role == .weight || entry.role == .bias {
        guard let weight = layout.entry(node: entry.node, .weight)?.shape else { continue }
        var stream = RandomStream(seed: seed, "generator", entry.name)
        let bound = 1 / Float(weight.count / weight.dimensions.last!).squareRoot()
        for place in entry.range { values[place] = stream.uniform(-bound, bound) }
      }
    }
  }
}
