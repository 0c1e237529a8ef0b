package import DFQTensor

/// The elementwise product with another value of the same shape, or with one factor for each channel.
package struct ValueProduct: NumberOperation {
  package static let code = 2
  package var label: String { "product" }
  package var others: [Int] { [factor] }

  /// The other value.
  package let factor: Int

  package init(with factor: Int) { self.factor = factor }

  package func check(inputs: [Shape], output: Shape) throws {
    let (x, factor) = (inputs[0], inputs[1])
    let channels = x.dimensions.last ?? 0
    guard x == output, factor == x || factor == [channels] || factor == [1, 1, channels] else {
      throw IntegerProgram.Flaw(
        expected: "a factor for each element or channel of \(x)", found: "\(factor) to \(output)")
    }
  }

  package func write(to writer: inout ModelWriter) { writer.add(factor) }

  package init(from reader: inout ModelReader, output: Int) throws {
    factor = try reader.number(output - 1, "a factor")
  }

  package func compute(
    _ inputs: UnsafeBufferPointer<NumberInput>, _ output: NumberOutput, kernels: Kernels
  ) {
    let factor = inputs[1].values
    let each = inputs[1].pixels == output.pixels && inputs[1].channels == output.channels
    for pixel in 0..<output.pixels {
      let x = inputs[0].values + pixel * output.channels
      let y = output.values + pixel * output.channels
      let factor = each ? factor + pixel * output.channels : factor
      for c in 0..<output.channels { y[c] = x[c] * factor[c] }
    }
  }
}
