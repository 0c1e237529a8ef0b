package import DFQTensor

/// The division of each channel by a power of its neighbours' mean square.
package struct NeighbourDivision: NumberOperation {
  package static let code = 5
  package var label: String { "normalization by neighbours" }

  package let normalization: NeighbourNormalization

  package init(_ normalization: NeighbourNormalization) { self.normalization = normalization }

  package func check(inputs: [Shape], output: Shape) throws {
    let n = normalization
    guard inputs[0] == output, (1...ProgramLimits.elements).contains(n.size),
      n.alpha >= 0, n.beta >= 0, n.bias > 0, n.alpha.isFinite, n.beta.isFinite, n.bias.isFinite
    else {
      throw IntegerProgram.Flaw(
        expected: "neighbours of \(inputs[0]), finite factors and a bias above 0",
        found: "\(n) to \(output)")
    }
  }

  package func write(to writer: inout ModelWriter) {
    writer.add(normalization.size)
    writer.add(constants: [normalization.alpha, normalization.beta, normalization.bias])
  }

  package init(from reader: inout ModelReader, output: Int) throws {
    let size = try reader.number(ProgramLimits.elements, "neighbours")
    let numbers = try reader.floats(3, "a normalization")
    normalization = NeighbourNormalization(
      size: size, alpha: numbers[0], beta: numbers[1], bias: numbers[2])
  }

  package func compute(
    _ inputs: UnsafeBufferPointer<NumberInput>, _ output: NumberOutput, kernels: Kernels
  ) {
    normalization.apply(
      to: inputs[0].values, pixels: output.pixels, channels: output.channels,
      output: output.values)
  }
}
