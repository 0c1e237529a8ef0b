public import DFQFiles
import DFQTensor

extension IntegerNetwork {
  /// One layer with weights, as it is executed.
  public struct LayerDescription: Sendable, Codable, Equatable {
    /// The level of a cascade that it belongs to; 0 without one.
    public let level: Int
    /// What it computes, such as `3x3 16>32 /2 at 16x16`.
    public let name: String
    /// How it is computed.
    public let kernel: Kernel
    /// The bits of its weights, of each version; empty in floating point.
    public let weightBits: [Int]
    /// The candidate bits of its input; empty in floating point.
    public let inputBits: [Int]
    /// The number of weights.
    public let weightCount: Int
    /// The multiply-accumulate operations of an image.
    public let macs: Int
  }

  /// How a layer is computed.
  public enum Kernel: String, Sendable, Codable {
    /// Sums of products of bytes.
    case direct
    /// Winograd's F(2x2, 3x3), F(4x2, 3x3) or F(4x4, 3x3), or its form for strides of 2, in bytes for inputs of few bits, else as for other
    /// inputs.
    case winograd
    /// Winograd's F(4x4, 3x3) in 16-bit words.
    case wordWinograd
    /// Sums of products of bytes, each channel alone.
    case depthwise
    /// A matrix of packed codes times a vector.
    case dense
    /// Floating point.
    case float
  }

  /// The layers with weights, level by level.
  public var layers: [LayerDescription] {
    storage.levels.enumerated().flatMap { level, prepared in
      zip(prepared.program.operations, prepared.steps.buffer).compactMap { operation, step in
        prepared.description(of: operation, step, level: level)
      }
    }
  }

  /// The bytes of all weights at their own width, and of the numbers in floating point: what a file
  /// of this network takes at least.
  public var packedByteCount: Int {
    let parts = ModelWriter.sizes(storage.model)
    return parts.weights + 4 * parts.constants
  }

  /// The bytes of the network's file.
  public var fileByteCount: Int { ModelWriter.file(storage.model).encoded().count }

  /// The bytes of the values of an image, without the scratch memory of kernels.
  public var valueByteCount: Int { storage.levels.map(\.arenaByteCount).max()! }

  /// Whether a file holds an integer network.
  public static func isStored(in file: SafetensorsFile) -> Bool {
    file.metadata["format"] == ModelFormat.name
  }
}

extension PreparedLevel {
  /// A layer with weights; nil for other operations.
  func description(
    of operation: Operation, _ step: Step, level: Int
  ) -> IntegerNetwork.LayerDescription? {
    let input = program.values[operation.input].point.map { program.points[$0].grids.map(\.bits) }
    func bits(_ weights: Weights) -> [Int] {
      if case .codes(let banks) = weights { banks.map(\.bits) } else { [] }
    }
    switch operation.kind {
    case .convolution(let convolution):
      let shape = convolution.shape
      let stride = shape.strideHeight == 1 ? "" : " /\(shape.strideHeight)"
      let size = "\(shape.kernelHeight)x\(shape.kernelWidth)"
      return .init(
        level: level,
        name: (convolution.isDepthwise ? "depthwise " : "")
          + (convolution.parts.map { $0.groups > 1 ? "\($0.groups) groups " : "dilated " } ?? "")
          + "\(size) \(shape.inputChannels)>\(shape.outputChannels)\(stride) at "
          + "\(shape.outputHeight)x\(shape.outputWidth)",
        kernel: kernel(of: step), weightBits: bits(convolution.weights), inputBits: input ?? [],
        weightCount: convolution.weightCount,
        macs: convolution.weightCount * shape.outputHeight * shape.outputWidth)
    case .linear(let linear):
      let count = linear.inputs * linear.outputs
      return .init(
        level: level, name: "linear \(linear.inputs)>\(linear.outputs)",
        kernel: kernel(of: step), weightBits: bits(linear.weights), inputBits: input ?? [],
        weightCount: count, macs: count)
    default: return nil
    }
  }

  private func kernel(of step: Step) -> IntegerNetwork.Kernel {
    switch step.kind {
    case .codeConvolution(let index):
      let convolution = convolutions[index]
      if convolution.isDepthwise { return .depthwise }
      let algorithms = convolution.winograds.map(\.algorithm)
      if algorithms.contains(where: { !$0.usesWords }) { return .winograd }
      return algorithms.isEmpty ? .direct : .wordWinograd
    case .codeLinear: return .dense
    default: return .float
    }
  }
}
