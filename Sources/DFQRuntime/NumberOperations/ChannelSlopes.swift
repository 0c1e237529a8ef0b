package import DFQTensor

/// x above zero, slope[c] * x below.
package struct ChannelSlopes: NumberOperation {
  package static let code = 1
  package var label: String { "activation" }

  /// C.
  package let slopes: [Float]

  package init(_ slopes: [Float]) { self.slopes = slopes }

  package func check(inputs: [Shape], output: Shape) throws {
    guard inputs[0] == output, slopes.count == output.dimensions.last,
      slopes.allSatisfy(\.isFinite)
    else {
      throw IntegerProgram.Flaw(
        expected: "finite slopes for the channels of \(inputs[0])",
        found: "\(slopes.count) to \(output)")
    }
  }

  package func write(to writer: inout ModelWriter) { writer.add(slopes) }

  package init(from reader: inout ModelReader, output: Int) throws {
    slopes = try reader.list("slopes")
  }

  package func compute(
    _ inputs: UnsafeBufferPointer<NumberInput>, _ output: NumberOutput, kernels: Kernels
  ) {
    slopes.withUnsafeBufferPointer { slope in
      for pixel in 0..<output.pixels {
        let x = inputs[0].values + pixel * output.channels
        let y = output.values + pixel * output.channels
        for c in 0..<output.channels { y[c] = x[c] < 0 ? slope[c] * x[c] : x[c] }
      }
    }
  }
}
