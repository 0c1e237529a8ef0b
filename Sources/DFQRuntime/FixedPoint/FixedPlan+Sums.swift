import DFQTensor

extension FixedPlan {
  /// What an operation's exact sums of stored integers stand for, and their size.
  func sums(_ operation: Operation) throws -> RealEnding {
    let form = forms[operation.input]
    let shape = program.values[operation.input].shape
    let channels = shape.dimensions.last!
    switch operation.kind {
    case .convolution(let convolution):
      return try products(
        convolution.weights, channels: convolution.shape.outputChannels, bias: convolution.bias,
        operation: operation)
    case .linear(let linear):
      return try products(
        linear.weights, channels: linear.outputs, bias: linear.bias, operation: operation)
    case .averagePool(let window):
      guard window.readsWholeWindows else {
        throw FixedConstants.Failure(what: "means of windows that leave the map in fixed point")
      }
      return FixedPlan.mean(form, of: window.kernelHeight * window.kernelWidth, channels: channels)
    case .globalAveragePool:
      return FixedPlan.mean(form, of: shape[0] * shape[1], channels: channels)
    case .numbers(let any):
      throw FixedConstants.Failure(what: "\(any.operation.label) in fixed point")
    default: return FixedPlan.mean(form, of: 1, channels: channels)
    }
  }

  /// The mean of stored integers, from their sum.
  private static func mean(_ form: FixedForm, of count: Int, channels: Int) -> RealEnding {
    let scale = 1 / form.levelsPerUnit
    return RealEnding(
      scale: .init(repeating: scale / Double(count), count: channels),
      offset: .init(repeating: -form.zero * scale, count: channels),
      mostSum: .init(repeating: form.high * Double(count), count: channels))
  }

  /// Sums of products of codes: with values (code - z) / S and weights w / W, a sum stands for sum / (S W) -
  /// z total(w) / (S W) + bias.
  private func products(
    _ weights: Weights, channels: Int, bias: [Float], operation: Operation
  ) throws -> RealEnding {
    let form = forms[operation.input]
    guard case .codes(let grid) = form, let point = program.values[operation.input].point else {
      throw FixedConstants.Failure(
        what: "an input in floating point; fixed point needs full quantization")
    }
    guard case .codes(let banks) = weights else {
      throw FixedConstants.Failure(
        what: "weights in floating point; fixed point needs full quantization")
    }
    let bank = banks[banks.count == 1 ? 0 : Int(positions[point])]
    guard grid.hasZero || !operation.pads else {
      throw FixedConstants.Failure(what: "an input whose grid has no zero in fixed point")
    }
    guard let codes = bank.integers(channels: channels) else {
      throw FixedConstants.Failure(what: "weights that do not fit a byte in fixed point")
    }
    var (above, below) = (
      [Int](repeating: 0, count: channels), [Int](repeating: 0, count: channels)
    )
    var channel = 0
    for code in codes {
      if code > 0 { above[channel] += Int(code) } else { below[channel] -= Int(code) }
      channel += 1
      if channel == channels { channel = 0 }
    }
    let scale = (0..<channels).map {
      1 / (form.levelsPerUnit * Double(bank.levels[bank.levels.count == 1 ? 0 : $0]))
    }
    return RealEnding(
      scale: scale,
      offset: (0..<channels).map {
        -form.zero * Double(above[$0] - below[$0]) * scale[$0]
          + (bias.isEmpty ? 0 : Double(bias[$0]))
      }, mostSum: (0..<channels).map { Double(max(above[$0], below[$0])) * form.high })
  }
}

extension Operation {
  /// Whether it reads what surrounds a map.
  fileprivate var pads: Bool {
    if case .convolution = kind { true } else { false }
  }
}

extension ConvolutionShape {
  /// Whether no window reads beyond the image.
  fileprivate var readsWholeWindows: Bool {
    padTop == 0 && padLeft == 0 && (outputHeight - 1) * strideHeight + kernelHeight <= inputHeight
      && (outputWidth - 1) * strideWidth + kernelWidth <= inputWidth
  }
}
