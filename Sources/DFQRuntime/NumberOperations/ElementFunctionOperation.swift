package import DFQTensor

/// A function of every element.
package struct ElementFunctionOperation: NumberOperation {
  package static let code = 0
  package var label: String { "activation" }

  package let function: ElementFunction

  package init(_ function: ElementFunction) { self.function = function }

  package func check(inputs: [Shape], output: Shape) throws {
    guard inputs[0] == output else {
      throw IntegerProgram.Flaw(expected: "\(inputs[0])", found: "\(output)")
    }
    switch function {
    case .hardSigmoid(let slope, let offset) where !slope.isFinite || !offset.isFinite:
      throw IntegerProgram.Flaw(expected: "a finite slope and offset", found: "others")
    case .clip(let minimum, let maximum)
    where !(minimum <= maximum) || minimum == .infinity || maximum == -.infinity:
      throw IntegerProgram.Flaw(expected: "a minimum of at most the maximum", found: "others")
    default: break
    }
  }

  package func write(to writer: inout ModelWriter) {
    switch function {
    case .tanh: writer.add(0)
    case .sigmoid: writer.add(1)
    case .hardSigmoid(let slope, let offset):
      writer.add(2)
      writer.add(constants: [slope, offset])
    case .hardSwish: writer.add(3)
    case .silu: writer.add(4)
    case .gelu: writer.add(5)
    case .geluTanh: writer.add(6)
    case .clip(let minimum, let maximum):
      writer.add(7)
      writer.add(constants: [minimum, maximum])
    }
  }

  package init(from reader: inout ModelReader, output: Int) throws {
    switch try reader.number(7, "a function") {
    case 0: function = .tanh
    case 1: function = .sigmoid
    case 2:
      let numbers = try reader.floats(2, "a function")
      function = .hardSigmoid(slope: numbers[0], offset: numbers[1])
    case 3: function = .hardSwish
    case 4: function = .silu
    case 5: function = .gelu
    case 6: function = .geluTanh
    default:
      let numbers = try reader.floats(2, "a function")
      function = .clip(minimum: numbers[0], maximum: numbers[1])
    }
  }

  package func compute(
    _ inputs: UnsafeBufferPointer<NumberInput>, _ output: NumberOutput, kernels: Kernels
  ) {
    function.apply(
      to: inputs[0].values, count: output.pixels * output.channels, output: output.values,
      kernels: kernels)
  }
}
