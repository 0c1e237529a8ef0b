import DFQRuntime

extension ElementFunctionOperation: ExportedOperation {
  func export(_ place: ExportedPlace, to exporter: inout ProgramExporter) -> String {
    let (x, label) = (place.inputs[0], place.label)
    func add(
      _ operation: String, _ inputs: [String], _ name: String,
      _ attributes: [Onnx_AttributeProto] = []
    ) -> String {
      exporter.writer.add(operation, inputs, "\(label).\(name)", attributes: attributes)
    }
    func number(_ value: Float) -> String { exporter.writer.scalar(value) }
    switch function {
    case .tanh: return add("Tanh", [x], "tanh")
    case .sigmoid: return add("Sigmoid", [x], "sigmoid")
    case .hardSigmoid(let slope, let offset):
      return add("HardSigmoid", [x], "gate", [.float("alpha", slope), .float("beta", offset)])
    case .hardSwish:
      let gate = add("HardSigmoid", [x], "gate", [.float("alpha", 1 / 6), .float("beta", 0.5)])
      return add("Mul", [x, gate], "hardSwish")
    case .silu: return add("Mul", [x, add("Sigmoid", [x], "gate")], "silu")
    case .gelu:
      let scaled = add("Mul", [x, number(0.707_106_77)], "scaled")
      let sum = add("Add", [add("Erf", [scaled], "erf"), number(1)], "share")
      return add("Mul", [add("Mul", [x, sum], "double"), number(0.5)], "gelu")
    case .geluTanh:
      let cube = add("Mul", [add("Mul", [x, x], "square"), x], "cube")
      let inner = add("Add", [x, add("Mul", [cube, number(0.044_715)], "bent")], "inner")
      let tanh = add("Tanh", [add("Mul", [inner, number(0.797_884_6)], "scaled")], "tanh")
      let sum = add("Add", [tanh, number(1)], "share")
      return add("Mul", [add("Mul", [x, sum], "double"), number(0.5)], "gelu")
    case .clip(let minimum, let maximum):
      return add("Clip", [x, number(minimum), number(maximum)], "clipped")
    }
  }
}
