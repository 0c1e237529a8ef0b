import DFQEngine
public import DFQGraph
public import DFQTensor

/// The kernels of a network's convolutions with their measured speed, on one thread, for memory that
/// is in the caches.
public struct KernelTimes: Sendable {
  /// One kind of convolution.
  public struct Row: Sendable, Encodable {
    /// Kernel, stride and channels, and the output's size.
    public let shape: String
    /// How many layers of the network are of this kind.
    public let layers: Int
    /// The algorithm, and how many images it takes at a time.
    public let kernel: String
    /// 10^9 floating-point operations of the direct algorithm per second.
    public let forward: Double
    /// The same for a student's codes, in exact integer arithmetic; 0 for depthwise convolutions.
    public let integerForward: Double
    /// The same for the gradient at the input.
    public let dataGradient: Double
    /// The same for the gradient at the weights.
    public let weightGradient: Double
  }

  /// 10^9 floating-point operations per second that multiply-adds in registers reach.
  public let peak: Double
  /// In the order of the network's layers.
  public let rows: [Row]

  /// Measures every kind of dense or depthwise convolution for about `seconds` per kernel.
  public init(_ network: Network, context: ExecutionContext, seconds: Double = 0.1) {
    let plan = Plan(network.graph)
    let winograd = WinogradPlan(plan, context: context)
    var order: [Kind] = []
    var layers: [Kind: Int] = [:]
    for (position, step) in plan.steps.enumerated() {
      guard case .convolution(let step) = step.kind else { continue }
      if case .grouped = step.style { continue }
      let entry = winograd.entries[position]
      let kind = Kind(
        shape: step.shape, isDepthwise: step.style == .depthwise, tile: entry?.tile,
        images: entry?.isGrouped == true ? winograd.groupLimit.inference : 1)
      if layers[kind] == nil { order.append(kind) }
      layers[kind, default: 0] += 1
    }
    let kernels = context.kernels
    peak = KernelSpeed.best(seconds: seconds) { kernels.multiplyAddLoop(repetitions: 1 << 16) }
    rows = order.map { kind in
      let bench = ConvolutionBench(kind, context: context)
      func speed(_ body: () -> Void) -> Double {
        KernelSpeed.best(seconds: seconds) {
          body()
          return 2 * kind.macs
        }
      }
      return Row(
        shape: kind.description, layers: layers[kind]!, kernel: kind.kernel(context),
        forward: speed(bench.forward),
        integerForward: kind.isDepthwise ? 0 : speed(bench.integerForward),
        dataGradient: speed(bench.dataGradient), weightGradient: speed(bench.weightGradient))
    }
  }

  /// A convolution as a kernel sees it.
  struct Kind: Hashable, CustomStringConvertible {
    let shape: ConvolutionShape
    let isDepthwise: Bool
    let tile: Int?
    let images: Int

    var macs: Int { images * shape.macs / (isDepthwise ? shape.inputChannels : 1) }

    var description: String {
      let size = "\(shape.kernelHeight)x\(shape.kernelWidth)"
      let stride = shape.strideHeight == 1 ? "" : " /\(shape.strideHeight)"
      let channels =
        isDepthwise ? "\(shape.inputChannels)" : "\(shape.inputChannels)>\(shape.outputChannels)"
      return "\(size)\(stride) \(channels) at \(shape.outputHeight)x\(shape.outputWidth)"
    }

    func kernel(_ context: ExecutionContext) -> String {
      let set = context.instructionSet.rawValue
      if isDepthwise { return "depthwise, \(set)" }
      if let tile { return "Winograd \(tile)x\(tile), \(set), \(images) images" }
      return context.backend == .blas ? "im2col and BLAS" : "direct, \(set)"
    }
  }
}
