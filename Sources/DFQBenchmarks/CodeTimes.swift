import DFQEngine
public import DFQGraph
public import DFQTensor

/// The kernels of an integer network's convolutions with their measured speed, on one thread, with the
/// ending that turns sums into codes.
public struct CodeTimes: Sendable {
  /// One kind of convolution.
  public struct Row: Sendable, Encodable {
    /// Kernel, stride and channels, and the output's size.
    public let shape: String
    /// How many layers of the network are of this kind.
    public let layers: Int
    /// 10^9 operations of the direct algorithm per second, by sums of products of bytes.
    public let direct: Double
    /// The same by Winograd's algorithms for inputs of 8, 6, 5 and 4 bits: F(4x4, 3x3) in 16-bit words, F(2x2, 3x3), F(4x2, 3x3)
    /// and F(4x4, 3x3) in bytes, for strides of 2 always by its form for them; 0 where there is none.
    public let winograd: [Double]
    /// The same for the layer in floating point, by the kernel that the executor takes.
    public let float: Double

    /// Whether the kernel for inputs of 8 bits is slower than the one in floating point.
    public var isSlowerThanFloat: Bool { max(direct, winograd[0]) < float }
  }

  /// 10^9 operations per second that products of codes in registers reach.
  public let peak: Double
  /// In the order of the network's layers.
  public let rows: [Row]

  /// Measures every kind of dense or depthwise convolution for about `seconds` per kernel.
  public init(_ network: Network, context: ExecutionContext, seconds: Double = 0.1) {
    var order: [KernelTimes.Kind] = []
    var layers: [KernelTimes.Kind: Int] = [:]
    var tiles: [KernelTimes.Kind: Int] = [:]
    let plan = Plan(network.graph)
    let winograd = WinogradPlan(plan, context: context)
    for (position, step) in plan.steps.enumerated() {
      guard case .convolution(let step) = step.kind else { continue }
      if case .grouped = step.style { continue }
      let kind = KernelTimes.Kind(
        shape: step.shape, isDepthwise: step.style == .depthwise, tile: nil, images: 1)
      if layers[kind] == nil { order.append(kind) }
      layers[kind, default: 0] += 1
      if let entry = winograd.entries[position] { tiles[kind] = entry.tile }
    }
    let kernels = context.kernels
    peak = KernelSpeed.best(seconds: seconds) { kernels.codeProductLoop(repetitions: 1 << 16) }
    rows = order.map { kind in
      let bench = CodeBench(kind, kernels: kernels)
      let float = ConvolutionBench(
        KernelTimes.Kind(
          shape: kind.shape, isDepthwise: kind.isDepthwise, tile: tiles[kind], images: 1),
        context: context)
      func speed(_ body: () -> Void) -> Double {
        KernelSpeed.best(seconds: seconds) {
          body()
          return 2 * kind.macs
        }
      }
      return Row(
        shape: kind.description, layers: layers[kind]!, direct: speed(bench.direct),
        winograd: [CodeWinograd.words4x4, .bytes2x2, .bytes4x2, .bytes4x4].map { algorithm in
          let strided = algorithm.usesWords ? algorithm : .bytesStride2
          let own = [algorithm, strided].first(where: bench.has)
          return own.map { own in speed { bench.winograd(own) } } ?? 0
        }, float: speed(float.forward))
    }
  }
}

/// The memory and the calls for measuring one kind of convolution of codes.
final class CodeBench {
  private let kind: KernelTimes.Kind
  private let kernels: Kernels
  private let input: FloatBuffer
  private let output: FloatBuffer
  private let constants: FloatBuffer
  private let packed: FloatBuffer
  private var transformed: [CodeWinograd: FloatBuffer] = [:]
  private let scratch: FloatBuffer

  init(_ kind: KernelTimes.Kind, kernels: Kernels) {
    self.kind = kind
    self.kernels = kernels
    let shape = kind.shape
    input = FloatBuffer(shape.inputHeight * shape.inputWidth * shape.inputChannels / 4 + 16)
    output = FloatBuffer(shape.outputCount / 4 + 16)
    constants = FloatBuffer(shape.outputChannels)
    for index in 0..<constants.count { constants.start[index] = 0.001 }
    packed = FloatBuffer(
      (kind.isDepthwise
        ? kernels.codeDepthwiseWeightByteCount(shape) : kernels.integerWeightByteCount(shape)) / 4
        + 16)
    let algorithms = CodeWinograd.allCases.filter {
      !kind.isDepthwise && kernels.codeWinogradWeightByteCount($0, shape) > 0
    }
    let scratchBytes =
      algorithms.map { kernels.codeWinogradScratchByteCount($0, shape) } + [
        kind.isDepthwise
          ? kernels.codeDepthwiseScratchByteCount(shape) : kernels.integerScratchByteCount(shape)
      ]
    scratch = FloatBuffer(scratchBytes.max()! / 4 + 16)
    let weights = [Int8](
      repeating: 1,
      count: shape.kernelHeight * shape.kernelWidth * shape.outputChannels
        * (kind.isDepthwise ? 1 : shape.inputChannels))
    if kind.isDepthwise {
      kernels.packCodeDepthwiseWeights(shape, weight: weights, packed: bytes8(packed))
    } else {
      kernels.packIntegerWeights(shape, weight: weights, packed: bytes8(packed))
    }
    for algorithm in algorithms {
      let buffer = FloatBuffer(kernels.codeWinogradWeightByteCount(algorithm, shape) / 4 + 16)
      if kernels.packCodeWinogradWeights(
        algorithm, shape, weight: weights, packed: bytes8(buffer))
      {
        transformed[algorithm] = buffer
      }
    }
  }

  private func bytes8(_ buffer: FloatBuffer) -> UnsafeMutablePointer<Int8> {
    UnsafeMutableRawPointer(buffer.start).assumingMemoryBound(to: Int8.self)
  }

  private func codes(_ buffer: FloatBuffer) -> UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(buffer.start).assumingMemoryBound(to: UInt8.self)
  }

  /// A normalization, ReLU and a grid of 8 bits.
  private var ending: CodeEnding {
    var ending = CodeEnding(scale: constants.start, offset: constants.start)
    ending.normScale = UnsafePointer(constants.start)
    ending.normShift = UnsafePointer(constants.start)
    ending.negativeSlope = 0
    ending.codes = codes(output)
    return ending
  }

  func direct() {
    let rows = 0..<kind.shape.outputHeight
    if kind.isDepthwise {
      kernels.codeDepthwise(
        kind.shape, input: codes(input), padCode: 0, packedWeight: bytes8(packed), ending: ending,
        rows: rows, scratch: scratch.start)
    } else {
      kernels.codeConvolution(
        kind.shape, input: codes(input), padCode: 0, packedWeight: bytes8(packed), ending: ending,
        rows: rows, scratch: scratch.start)
    }
  }

  func has(_ algorithm: CodeWinograd) -> Bool { transformed[algorithm] != nil }

  func winograd(_ algorithm: CodeWinograd) {
    kernels.codeWinogradConvolution(
      algorithm, kind.shape, input: codes(input), padCode: 0,
      packedWeight: bytes8(transformed[algorithm]!),
      ending: ending, rows: 0..<kind.shape.outputHeight, scratch: scratch.start)
  }
}
