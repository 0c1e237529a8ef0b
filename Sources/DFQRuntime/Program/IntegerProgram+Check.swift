import DFQTensor

extension IntegerProgram {
  /// Why a program cannot be executed.
  struct Flaw: Error {
    let expected: String
    let found: String
  }

  /// Throws ``Flaw`` unless every operation reads values that exist, all sizes agree and are in
  /// bounds, and all numbers are ones that the kernels accept.
  func check() throws {
    try demand(
      operations.count <= ProgramLimits.operations && values.count == operations.count + 1,
      "a value for each of at most \(ProgramLimits.operations) operations, and the image",
      "\(values.count) values and \(operations.count) operations")
    var elements = 0
    for value in values {
      guard
        let count = Shape.checkedCount(
          value.shape.dimensions, limit: ProgramLimits.elements), count > 0
      else {
        throw Flaw(
          expected: "values of 1...\(ProgramLimits.elements) elements", found: "\(value.shape)")
      }
      elements += count
      try demand(
        value.shape.rank == 3 || value.shape.rank == 1, "values H W C or C", "\(value.shape)")
      try demand(
        elements <= ProgramLimits.allElements,
        "at most \(ProgramLimits.allElements) elements in all values", "more")
      if let point = value.point {
        try demand(points.indices.contains(point), "a point below \(points.count)", "\(point)")
      }
    }
    try demand(
      values[0].shape.rank == 3 && values[0].point == nil, "an image H W C in floating point",
      "\(values[0].shape)")
    try demand(
      values[0].shape[2] <= ProgramLimits.imageChannels,
      "at most \(ProgramLimits.imageChannels) channels of an image", "\(values[0].shape[2])")
    let logits = values[values.count - 1]
    try demand(
      logits.shape.rank == 1 && logits.point == nil && logits.shape.count <= ProgramLimits.classes,
      "logits in floating point at the end", "\(logits.shape)")
    try checkPoints()
    for index in operations.indices { try check(operations[index], output: index + 1) }
    try checkDecisions()
  }

  func demand(
    _ holds: Bool, _ expected: @autoclosure () -> String, _ found: @autoclosure () -> String
  ) throws {
    if !holds { throw Flaw(expected: expected(), found: found()) }
  }

  private func checkPoints() throws {
    for (index, point) in points.enumerated() {
      try demand((1...8).contains(point.grids.count), "1...8 grids at a point", "\(index)")
      for grid in point.grids {
        let half = Float(1 << max(grid.bits - 1, 0))
        try demand(
          grid.levelsPerUnit > 0 && grid.levelsPerUnit.isFinite && abs(grid.zero) < 1e6
            && grid.zero == grid.zero.rounded() && (2...8).contains(grid.bits)
            && (grid.lowest == 0 || grid.lowest == -half)
            && grid.highest - grid.lowest == 2 * half - 1,
          "a grid of 2...8 bits at point \(index)", "\(grid)")
      }
    }
  }

  private func check(_ operation: Operation, output: Int) throws {
    try demand(
      (0..<output).contains(operation.input), "an input below \(output)", "\(operation.input)")
    let (input, result) = (values[operation.input], values[output])
    switch operation.kind {
    case .convolution(let convolution): try check(convolution, input: input, output: result)
    case .linear(let linear):
      try demand(
        linear.inputs == input.shape.count && linear.outputs == result.shape.count
          && result.shape.rank == 1,
        "a linear layer from \(input.shape) to \(result.shape)",
        "\(linear.inputs) to \(linear.outputs)")
      try check(
        linear.weights, count: linear.inputs.multipliedReportingOverflow(by: linear.outputs),
        channels: linear.outputs, bias: linear.bias, input: input)
    case .identity:
      try demand(input.shape == result.shape, "\(input.shape)", "\(result.shape)")
    case .maxPool(let window), .averagePool(let window):
      try checkWindow(window, input: input.shape, output: result.shape)
      try demand(
        window.inputChannels == window.outputChannels, "as many channels after pooling", "others")
    case .globalAveragePool:
      try demand(
        input.shape.rank == 3 && result.shape == [input.shape[2]], "one mean for each channel",
        "\(input.shape) to \(result.shape)")
    case .padChannels(let stride, let before):
      try demand(
        input.shape.rank == 3 && result.shape.rank == 3
          && (1...ProgramLimits.window).contains(stride) && before >= 0
          && before <= result.shape[2] && result.shape[2] - before >= input.shape[2]
          && (input.shape[0] + stride - 1) / stride == result.shape[0]
          && (input.shape[1] + stride - 1) / stride == result.shape[1],
        "padded channels of \(input.shape)", "\(result.shape)")
    case .reshape:
      try demand(input.shape.count == result.shape.count, "\(input.shape)", "\(result.shape)")
    case .padMap, .upsample, .selectChannels:
      try checkMove(operation.kind, from: input.shape, to: result.shape)
    case .numbers(let any):
      let inputs = operation.inputs
      try demand(
        inputs.allSatisfy { (0..<output).contains($0) } && inputs.count <= ProgramLimits.joined,
        "inputs below \(output)", "\(inputs)")
      try any.operation.check(inputs: inputs.map { values[$0].shape }, output: result.shape)
    }
    if operation.movesCodes {
      try demand(input.point == result.point, "codes of the same point", "another point")
      if operation.kind.addsZeros, let point = input.point {
        try demand(points[point].grids.allSatisfy(\.hasZero), "grids with the value 0", "others")
      }
    }
    try check(operation.ending, of: operation, output: output)
  }

  private func check(_ ending: Operation.Ending, of operation: Operation, output: Int) throws {
    switch operation.kind {
    case .convolution, .linear, .identity: break
    default: try demand(ending.isIdentity, "an operation without an ending", "one with an ending")
    }
    let channels = values[output].shape.dimensions.last!
    try demand(
      ending.scale.count == ending.shift.count
        && (ending.scale.isEmpty || ending.scale.count == channels),
      "\(channels) scales and shifts", "\(ending.scale.count) and \(ending.shift.count)")
    try demand(
      (ending.scale + ending.shift).allSatisfy(\.isFinite) && ending.negativeSlope.isFinite
        && !ending.upperBound.isNaN,
      "finite scales, shifts and slopes", "others")
    if let residual = ending.residual {
      try demand(
        (0..<output).contains(residual) && values[residual].shape == values[output].shape,
        "a value of \(values[output].shape) to add", "value \(residual)")
    }
  }

  private func check(
    _ convolution: Operation.Convolution, input: Value, output: Value
  ) throws {
    let shape = convolution.shape
    try checkWindow(shape, input: input.shape, output: output.shape)
    if convolution.isDepthwise {
      try demand(
        shape.inputChannels == shape.outputChannels, "as many output channels as inputs",
        "\(shape.outputChannels)")
    }
    if let parts = convolution.parts {
      try demand(
        !convolution.isDepthwise && parts.groups > 0 && parts.dilationHeight > 0
          && parts.dilationWidth > 0 && shape.inputChannels % parts.groups == 0
          && shape.outputChannels % parts.groups == 0
          && (shape.kernelHeight - 1) % parts.dilationHeight == 0
          && (shape.kernelWidth - 1) % parts.dilationWidth == 0,
        "groups that divide the channels", "\(parts)")
    }
    let kernel = convolution.taps.height * convolution.taps.width
    let products = kernel.multipliedReportingOverflow(by: convolution.tapInputs)
    let weights = products.partialValue.multipliedReportingOverflow(by: shape.outputChannels)
    try check(
      convolution.weights, count: (weights.partialValue, products.overflow || weights.overflow),
      channels: shape.outputChannels, bias: convolution.bias, input: input)
    if input.point != nil {
      try demand(
        products.partialValue <= ProgramLimits.products,
        "at most \(ProgramLimits.products) products of a sum", "\(products.partialValue)")
    }
  }

  private func check(
    _ weights: Weights, count: (partialValue: Int, overflow: Bool), channels: Int, bias: [Float],
    input: Value
  ) throws {
    try demand(
      !count.overflow && count.partialValue <= ProgramLimits.weights,
      "at most \(ProgramLimits.weights) weights", "more")
    try demand(
      (bias.isEmpty || bias.count == channels) && bias.allSatisfy(\.isFinite),
      "\(channels) finite biases or none", "\(bias.count)")
    switch weights {
    case .floats(let values):
      try demand(
        values.count == count.partialValue && values.allSatisfy(\.isFinite),
        "\(count.partialValue) finite weights", "\(values.count)")
    case .codes(let banks):
      let versions = input.point.map { points[$0].grids.count } ?? 1
      try demand(
        banks.count == 1 || banks.count == versions, "one version of the weights or \(versions)",
        "\(banks.count)")
      for bank in banks {
        let half = 1 << (bank.bits - 1)
        try demand(
          (2...8).contains(bank.bits) && bank.codes.count == count.partialValue
            && bank.codes.allSatisfy { -half..<half ~= Int($0) },
          "\(count.partialValue) codes of 2...8 bits", "\(bank.codes.count) of \(bank.bits)")
        try demand(
          (bank.levels.count == 1 || bank.levels.count == channels)
            && (bank.zeros.count == 1 || bank.zeros.count == channels)
            && bank.levels.allSatisfy { $0.isFinite && $0 > 0 }
            && bank.zeros.allSatisfy { abs($0) < 1e6 && $0 == $0.rounded() },
          "levels above 0 and whole zeros", "others")
      }
    }
  }

  /// Throws unless every window reads at least one position of the input.
  private func checkWindow(_ window: ConvolutionShape, input: Shape, output: Shape) throws {
    let extents = [
      (
        window.kernelHeight, window.strideHeight, window.padTop, window.inputHeight,
        window.outputHeight
      ),
      (
        window.kernelWidth, window.strideWidth, window.padLeft, window.inputWidth,
        window.outputWidth
      ),
    ]
    try demand(
      input == [window.inputHeight, window.inputWidth, window.inputChannels]
        && output == [window.outputHeight, window.outputWidth, window.outputChannels],
      "a window from \(input) to \(output)", "others")
    for (kernel, stride, pad, extent, count) in extents {
      try demand(
        (1...ProgramLimits.window).contains(kernel) && (1...ProgramLimits.window).contains(stride)
          && (0..<kernel).contains(pad) && (count - 1) * stride - pad < extent,
        "windows that read the input", "kernel \(kernel), stride \(stride), padding \(pad)")
    }
    let reach = max(window.inputWidth, window.outputWidth) + 8 * ProgramLimits.window
    try demand(
      reach * max(window.inputChannels, window.outputChannels) <= ProgramLimits.rowElements,
      "rows of at most \(ProgramLimits.rowElements) elements", "\(input) to \(output)")
  }
}
