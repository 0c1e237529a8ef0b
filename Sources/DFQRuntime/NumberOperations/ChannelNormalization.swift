package import DFQTensor

/// The normalization of each pixel's channels, then a scale and a shift for each channel.
package struct ChannelNormalization: NumberOperation {
  package static let code = 4
  package var label: String { "layer norm" }

  /// C each.
  package let scale: [Float]
  package let shift: [Float]
  /// What is added to the variance.
  package let epsilon: Float

  package init(scale: [Float], shift: [Float], epsilon: Float) {
    self.scale = scale
    self.shift = shift
    self.epsilon = epsilon
  }

  package func check(inputs: [Shape], output: Shape) throws {
    guard inputs[0] == output, scale.count == output.dimensions.last, shift.count == scale.count,
      (scale + shift).allSatisfy(\.isFinite), epsilon >= 0, epsilon.isFinite
    else {
      throw IntegerProgram.Flaw(
        expected: "finite scales and shifts for the channels of \(inputs[0])",
        found: "\(scale.count) and \(shift.count) to \(output)")
    }
  }

  package func write(to writer: inout ModelWriter) {
    writer.add(scale)
    writer.add(shift)
    writer.add(constants: [epsilon])
  }

  package init(from reader: inout ModelReader, output: Int) throws {
    scale = try reader.list("scales")
    shift = try reader.list("shifts")
    epsilon = try reader.floats(1, "an epsilon")[0]
  }

  package func compute(
    _ inputs: UnsafeBufferPointer<NumberInput>, _ output: NumberOutput, kernels: Kernels
  ) {
    let normalization = PixelNormalization(channels: output.channels, epsilon: Double(epsilon))
    scale.withUnsafeBufferPointer { scale in
      shift.withUnsafeBufferPointer { shift in
        normalization.apply(
          to: inputs[0].values, pixels: output.pixels, scale: scale.baseAddress!,
          shift: shift.baseAddress!, output: output.values)
      }
    }
  }
}
