import DFQRuntime
import DFQTensor

/// Convolutions and linear layers.
extension ProgramExporter {
  /// A weighted layer as the exporter writes it: weights O I KH KW, or I O of a linear layer.
  private struct Layer {
    let name: String
    let shape: [Int]
    /// The axis of the outputs in the shape.
    let axis: Int
    let outputs: Int
    /// Where an element of the written order is in the program's order.
    let source: [Int]
  }

  mutating func convolve(
    _ convolution: Operation.Convolution, _ operation: Operation, _ input: String, output: Shape,
    _ label: String
  ) throws -> String {
    let shape = convolution.shape
    let (height, width) = convolution.taps
    let taps = height * width
    let outputs = shape.outputChannels
    let inputs = convolution.tapInputs
    let layer = Layer(
      name: label, shape: [outputs, inputs, height, width], axis: 0,
      outputs: outputs,
      source: (0..<outputs).flatMap { o in
        (0..<inputs).flatMap { i in (0..<taps).map { ($0 * inputs + i) * outputs + o } }
      })
    var attributes: [Onnx_AttributeProto] = [
      .ints("kernel_shape", [height, width]),
      .ints("strides", [shape.strideHeight, shape.strideWidth]),
    ]
    let groups = convolution.isDepthwise ? outputs : convolution.parts?.groups ?? 1
    if groups > 1 { attributes.append(.int("group", groups)) }
    if let parts = convolution.parts, parts.dilationHeight > 1 || parts.dilationWidth > 1 {
      attributes.append(.ints("dilations", [parts.dilationHeight, parts.dilationWidth]))
    }
    return try apply(
      convolution.weights, convolution.bias, of: layer, operation, input, output: output
    ) { exporter, input, weight, bias, pads in
      exporter.writer.add(
        "Conv", [input, weight] + (bias.map { [$0] } ?? []), "\(label).conv",
        attributes: attributes + [.ints("pads", pads ? exporter.pads(shape) : [0, 0, 0, 0])])
    }
  }

  mutating func multiply(
    _ linear: Operation.Linear, _ operation: Operation, _ input: String, output: Shape,
    _ label: String
  ) throws -> String {
    let layer = Layer(
      name: label, shape: [linear.inputs, linear.outputs], axis: 1, outputs: linear.outputs,
      source: Array(0..<linear.inputs * linear.outputs))
    return try apply(linear.weights, linear.bias, of: layer, operation, input, output: output) {
      exporter, input, weight, bias, _ in
      exporter.writer.add(
        "Gemm", [input, weight] + (bias.map { [$0] } ?? []), "\(label).linear")
    }
  }

  /// The layer, with its ending's scale folded into the weights where their codes allow it.
  private mutating func apply(
    _ weights: Weights, _ bias: [Float], of layer: Layer, _ operation: Operation, _ input: String,
    output: Shape,
    _ product: (inout Self, _ input: String, _ weight: String, _ bias: String?, _ pads: Bool) ->
      String
  ) throws -> String {
    if let exact = exactSums(
      weights, bias, shape: layer.shape, source: layer.source,
      outputs: layer.outputs, operation, output: output, layer.name, product)
    {
      return exact
    }
    let ending = operation.ending
    let banks: [CodedWeights?]
    switch weights {
    case .codes(let coded): banks = coded.map { $0 }
    case .floats: banks = [nil]
    }
    let scale = ending.scale
    let folds =
      !isExact && style.foldsBatchNorm && !scale.isEmpty && scale.allSatisfy { $0 != 0 }
      && banks.allSatisfy { $0.map { codes($0, of: layer, scale: scale) != nil } ?? true }
    let factor = folds ? scale : []
    var numbers = bias
    if folds {
      numbers = (0..<layer.outputs).map {
        (bias.isEmpty ? 0 : bias[$0]) * scale[$0] + ending.shift[$0]
      }
    }
    let biasName =
      numbers.isEmpty
      ? nil : writer.floats(numbers, shape: [layer.outputs], "\(layer.name).bias")
    let products = try banks.enumerated().map { bank, coded in
      let label = banks.count == 1 ? layer.name : "\(layer.name).version\(bank)"
      let weight: String
      if let coded {
        weight = try write(coded, of: layer, factor: factor, label)
      } else {
        guard case .floats(let values) = weights else { preconditionFailure("no codes, no floats") }
        weight = writer.floats(
          layer.source.map { place in
            values[place] * (factor.isEmpty ? 1 : factor[place % layer.outputs])
          }, shape: layer.shape, "\(label).weight")
      }
      return weight
    }.map { product(&self, input, $0, biasName, true) }
    let chosen = select(products, by: operation.input, rank: output.rank, layer.name)
    return end(operation, chosen, output: output, includesScale: !folds, layer.name)
  }

  /// Of versions for each candidate of the input, the one that an image has.
  mutating func select(
    _ versions: [String], by input: Int, rank: Int, _ label: String
  ) -> String {
    guard versions.count > 1, let point = program.values[input].point else { return versions[0] }
    if let candidate = candidate(of: point) { return versions[candidate] }
    var result = versions[0]
    for candidate in 1..<versions.count {
      let index = writer.integers([candidate], shape: [], .int64, "\(label).candidate")
      var mask = writer.add("Equal", [choices[point]!, index], "\(label).is\(candidate)")
      mask = writer.add(
        "Unsqueeze", [mask, writer.list(Array(1...rank))], "\(label).mask\(candidate)")
      result = writer.add("Where", [mask, versions[candidate], result], "\(label).chosen")
    }
    return result
  }

  /// The codes and zero points in the written order, with the sign of a factor; nil where one fits no byte.
  private func codes(
    _ coded: CodedWeights, of layer: Layer, scale: [Float]
  ) -> (codes: [Int], zeroPoints: [Int])? {
    func sign(_ output: Int) -> Int { scale.isEmpty || scale[output] > 0 ? 1 : -1 }
    let codes = layer.source.map { Int(coded.codes[$0]) * sign($0 % layer.outputs) }
    let zeros = (0..<layer.outputs).map {
      -Int(coded.zeros[coded.zeros.count == 1 ? 0 : $0]) * sign($0)
    }
    guard (codes + zeros).allSatisfy({ (-128...127).contains($0) }) else { return nil }
    return (codes, zeros)
  }

  private mutating func write(
    _ coded: CodedWeights, of layer: Layer, factor: [Float], _ label: String
  ) throws -> String {
    guard let (codes, zeroPoints) = codes(coded, of: layer, scale: factor) else {
      throw ONNXError.notExportable(
        layer: layer.name, reason: "a zero point of its weights does not fit a byte")
    }
    let isPerChannel = coded.levels.count > 1 || !factor.isEmpty
    let scales = (0..<(isPerChannel ? layer.outputs : 1)).map { output in
      (factor.isEmpty ? 1 : abs(factor[output]))
        / coded.levels[coded.levels.count == 1 ? 0 : output]
    }
    let hasZeros = zeroPoints.contains { $0 != 0 }
    if style.format == .qonnx {
      // One number for each output, in the shape of the weights.
      var shape = [Int](repeating: 1, count: layer.shape.count)
      shape[layer.axis] = scales.count
      let values = layer.source.indices.map { place in
        let output = layer.source[place] % layer.outputs
        return (Float(codes[place] - zeroPoints[output])) * scales[isPerChannel ? output : 0]
      }
      let whole = zeroPoints.map(Float.init)
      return quant(
        writer.floats(values, shape: layer.shape, "\(label).weight"),
        scale: writer.floats(scales, shape: shape, "\(label).weight.scale"),
        zeroPoint: hasZeros && isPerChannel
          ? writer.floats(whole, shape: shape, "\(label).weight.zeroPoint")
          : writer.scalar(whole[0]),
        bits: coded.bits, isSigned: true, "\(label).weight")
    }
    let isHalf =
      style.opset >= 21 && coded.bits <= 4
      && (codes + zeroPoints).allSatisfy { (-8...7).contains($0) }
    let element = isHalf ? ONNXGraphWriter.Element.int4 : .int8
    let shape = isPerChannel ? [layer.outputs] : []
    var inputs = [
      writer.integers(codes, shape: layer.shape, element, "\(label).weight.codes"),
      writer.floats(scales, shape: shape, "\(label).weight.scale"),
    ]
    if hasZeros {
      inputs.append(
        writer.integers(
          isPerChannel ? zeroPoints : [zeroPoints[0]], shape: shape, element,
          "\(label).weight.zeroPoint"))
    }
    return writer.add(
      "DequantizeLinear", inputs, "\(label).weight",
      attributes: isPerChannel ? [.int("axis", layer.axis)] : [])
  }
}
