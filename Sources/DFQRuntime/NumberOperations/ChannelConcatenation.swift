package import DFQTensor

/// The channels of the input and of other values, one after the other.
package struct ChannelConcatenation: NumberOperation {
  package static let code = 3
  package var label: String { "concatenation" }

  package let others: [Int]

  package init(with others: [Int]) { self.others = others }

  package func check(inputs: [Shape], output: Shape) throws {
    let channels = inputs.reduce(0) { $0 + ($1.dimensions.last ?? 0) }
    guard inputs.allSatisfy({ $0.dimensions.dropLast() == output.dimensions.dropLast() }),
      channels == output.dimensions.last
    else {
      throw IntegerProgram.Flaw(
        expected: "the channels of all inputs", found: "\(inputs) to \(output)")
    }
  }

  package func write(to writer: inout ModelWriter) {
    writer.add(others.count)
    for value in others { writer.add(value) }
  }

  package init(from reader: inout ModelReader, output: Int) throws {
    others = try (0..<reader.number(ProgramLimits.joined, "a number of values")).map { _ in
      try reader.number(output - 1, "a value")
    }
  }

  package func compute(
    _ inputs: UnsafeBufferPointer<NumberInput>, _ output: NumberOutput, kernels: Kernels
  ) {
    var first = 0
    for input in inputs {
      for pixel in 0..<output.pixels {
        (output.values + pixel * output.channels + first).update(
          from: input.values + pixel * input.channels, count: input.channels)
      }
      first += input.channels
    }
  }
}
