import DFQRuntime
import DFQTensor

/// Turns an integer program into nodes of an ONNX graph, operation by operation.
///
/// Feature maps are N C H W, vectors N C. A value of the program is the name of its number in floating point: codes exist between
/// a quantizing node and the dequantizing one behind it, as ONNX wants it.
struct ProgramExporter {
  let program: IntegerProgram
  let style: ExportStyle
  var isExact: Bool { style.isExact }
  /// The candidate of every point, where they don't depend on the image.
  let fixed: [UInt8]?
  var writer: ONNXGraphWriter
  /// The names of the program's values so far.
  private(set) var values: [String] = []
  /// The codes of values, where everything is exact.
  var coded: [Int: Coded] = [:]
  /// The candidate of a point for every image, N, where it depends on the image.
  var choices: [Int: String] = [:]

  init(
    _ program: IntegerProgram, style: ExportStyle, fixed: [UInt8]? = nil, writer: ONNXGraphWriter
  ) {
    self.program = program
    self.style = style
    self.fixed = fixed
    self.writer = writer
  }

  /// Adds the program's nodes for images N C H W and returns the logits N C.
  ///
  /// - Throws: ``ONNXError/notExportable(layer:reason:)``.
  mutating func logits(of image: String) throws -> String {
    values = [image]
    for (index, operation) in program.operations.enumerated() {
      let form = program.values[index + 1]
      let label = form.point.map { program.points[$0].name } ?? "value\(index + 1)"
      if isExact, operation.movesCodes, var moved = coded[operation.input] {
        moved.number = try compute(operation, moved.number, output: form.shape, label)
        if form.shape.rank != program.values[operation.input].shape.rank,
          candidate(of: moved.point) == nil
        {
          let ones = [Int](repeating: 1, count: form.shape.rank)
          moved.levels = writer.add(
            "Reshape", [moved.levels, writer.list([-1] + ones)], "\(label).levels")
        }
        coded[index + 1] = moved
        values.append(writer.add("Div", [moved.number, moved.levels], "\(label).moved"))
        continue
      }
      let raw = try compute(operation, values[operation.input], output: form.shape, label)
      guard let point = form.point, !operation.movesCodes else {
        values.append(raw)
        continue
      }
      let decisions = program.decisions.filter { $0.point == point }
      for decision in decisions where !decision.isRounded {
        take(decision, from: raw, shape: form.shape)
      }
      values.append(round(raw, to: point, value: index + 1, rank: form.shape.rank, label))
      for decision in decisions where decision.isRounded {
        take(decision, from: values[index + 1], codedAs: coded[index + 1], shape: form.shape)
      }
    }
    return values[values.count - 1]
  }

  private mutating func compute(
    _ operation: Operation, _ input: String, output: Shape, _ label: String
  ) throws -> String {
    let from = program.values[operation.input].shape
    switch operation.kind {
    case .convolution(let convolution):
      return try convolve(convolution, operation, input, output: output, label)
    case .linear(let linear):
      return try multiply(linear, operation, input, output: output, label)
    case .identity: return end(operation, input, output: output, includesScale: true, label)
    case .maxPool(let shape):
      return writer.add("MaxPool", [input], "\(label).pool", attributes: window(shape))
    case .averagePool(let shape):
      return writer.add(
        "AveragePool", [input], "\(label).pool",
        attributes: window(shape) + [.int("count_include_pad", 0)])
    case .globalAveragePool:
      let mean = writer.add("GlobalAveragePool", [input], "\(label).mean")
      return writer.add("Flatten", [mean], "\(label).vector", attributes: [.int("axis", 1)])
    case .padChannels(let stride, let before):
      return padChannels(input, from, output, stride: stride, before: before, label)
    case .reshape: return reshape(input, from, output, label)
    case .padMap(let top, let left):
      let (bottom, right) = (output[0] - top - from[0], output[1] - left - from[1])
      return writer.add(
        "Pad", [input, writer.list([0, 0, top, left, 0, 0, bottom, right])], "\(label).padded")
    case .upsample(let factor):
      let factors = writer.floats(
        [1, 1, Float(factor), Float(factor)], shape: [4], "\(label).factors")
      return writer.add(
        "Resize", [input, "", factors], "\(label).enlarged",
        attributes: [
          .string("mode", "nearest"), .string("coordinate_transformation_mode", "asymmetric"),
          .string("nearest_mode", "floor"),
        ])
    case .selectChannels(let channels):
      return writer.add(
        "Gather", [input, writer.list(channels)], "\(label).selected",
        attributes: [.int("axis", 1)])
    case .numbers(let any):
      guard let exported = any.operation as? any ExportedOperation else {
        throw ONNXError.notExportable(
          layer: label, reason: "no operators for \(any.operation.label)")
      }
      let read = [operation.input] + any.operation.others
      return exported.export(
        ExportedPlace(
          inputs: [input] + any.operation.others.map { values[$0] },
          shapes: read.map { program.values[$0].shape }, output: output, label: label),
        to: &self)
    }
  }

  /// The padding of a window: top, left, bottom, right.
  func pads(_ shape: ConvolutionShape) -> [Int] {
    func after(_ output: Int, _ stride: Int, _ kernel: Int, _ before: Int, _ input: Int) -> Int {
      max((output - 1) * stride + kernel - before - input, 0)
    }
    let bottom = after(
      shape.outputHeight, shape.strideHeight, shape.kernelHeight, shape.padTop, shape.inputHeight)
    let right = after(
      shape.outputWidth, shape.strideWidth, shape.kernelWidth, shape.padLeft, shape.inputWidth)
    return [shape.padTop, shape.padLeft, bottom, right]
  }

  /// Kernel, strides and padding.
  func window(_ shape: ConvolutionShape) -> [Onnx_AttributeProto] {
    [
      .ints("kernel_shape", [shape.kernelHeight, shape.kernelWidth]),
      .ints("strides", [shape.strideHeight, shape.strideWidth]),
      .ints("pads", pads(shape)),
    ]
  }

  private mutating func padChannels(
    _ input: String, _ from: Shape, _ to: Shape, stride: Int, before: Int, _ label: String
  ) -> String {
    var value = input
    if stride > 1 {
      value = writer.add(
        "Slice",
        [
          value, writer.list([0, 0]), writer.list([from[0], from[1]]), writer.list([2, 3]),
          writer.list([stride, stride]),
        ], "\(label).strided")
    }
    let after = to[2] - before - from[2]
    return writer.add(
      "Pad", [value, writer.list([0, before, 0, 0, 0, after, 0, 0])], "\(label).padded")
  }

  /// Elements keep the order of H W C.
  private mutating func reshape(
    _ input: String, _ from: Shape, _ to: Shape, _ label: String
  ) -> String {
    var value = input
    if from.rank == 3 {
      value = writer.add(
        "Transpose", [value], "\(label).channelsLast", attributes: [.ints("perm", [0, 2, 3, 1])])
    }
    value = writer.add("Reshape", [value, writer.list([-1] + to.dimensions)], "\(label).reshaped")
    guard to.rank == 3 else { return value }
    return writer.add(
      "Transpose", [value], "\(label).channelsFirst", attributes: [.ints("perm", [0, 3, 1, 2])])
  }

  /// What follows an operation: normalization, sum and activation.
  mutating func end(
    _ operation: Operation, _ input: String, output: Shape, includesScale: Bool, _ label: String
  ) -> String {
    let ending = operation.ending
    var value = input
    if includesScale, !ending.scale.isEmpty, isExact {
      value = fused(
        value, [ending.scale], [ending.shift], choice: nil, rank: output.rank,
        "\(label).normalized")
    } else if includesScale, !ending.scale.isEmpty, !style.foldsBatchNorm {
      value = batchNorm(value, ending, label)
    } else if includesScale, !ending.scale.isEmpty {
      let scale = channels(ending.scale, rank: output.rank, "\(label).scale")
      let shift = channels(ending.shift, rank: output.rank, "\(label).shift")
      value = writer.add("Mul", [value, scale], "\(label).scaled")
      value = writer.add("Add", [value, shift], "\(label).shifted")
    }
    if let residual = ending.residual {
      value = writer.add("Add", [value, values[residual]], "\(label).sum")
    }
    let (slope, bound) = (ending.negativeSlope, ending.upperBound)
    if slope == 0 {
      return bound == .infinity
        ? writer.add("Relu", [value], "\(label).relu")
        : writer.add(
          "Clip", [value, writer.scalar(0), writer.scalar(bound)], "\(label).relu")
    }
    if slope != 1 {
      value = writer.add(
        "LeakyRelu", [value], "\(label).leaky", attributes: [.float("alpha", slope)])
    }
    guard bound != .infinity else { return value }
    return writer.add("Min", [value, writer.scalar(bound)], "\(label).bounded")
  }

  /// Batch norm whose statistics are part of its scale and shift.
  private mutating func batchNorm(
    _ value: String, _ ending: Operation.Ending, _ label: String
  ) -> String {
    let count = ending.scale.count
    func constant(_ values: [Float], _ name: String) -> String {
      writer.floats(values, shape: [count], "\(label).norm.\(name)")
    }
    return writer.add(
      "BatchNormalization",
      [
        value, constant(ending.scale, "scale"), constant(ending.shift, "shift"),
        constant([Float](repeating: 0, count: count), "mean"),
        constant([Float](repeating: 1, count: count), "variance"),
      ], "\(label).normalized", attributes: [.float("epsilon", 0)])
  }

  /// A number for each channel, in a shape that extends over positions.
  mutating func channels(_ values: [Float], rank: Int, _ name: String) -> String {
    writer.floats(values, shape: rank == 3 ? [1, values.count, 1, 1] : [1, values.count], name)
  }
}
