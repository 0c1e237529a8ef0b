public import DFQTensor

/// A convolution with weights KH KW I/groups O.
public struct Convolution: Layer {
  /// The name in network files.
  public static let kind = "convolution"

  /// The number of output channels O.
  public var outputChannels: Int
  /// The kernel's height and width, in pixels.
  public var kernel: Size2D
  /// The step between outputs, in pixels.
  public var stride: Size2D
  /// The zeros around the input, in pixels.
  public var padding: Padding
  /// The distance between the kernel's taps, in pixels; 1 for an ordinary convolution.
  public var dilation: Size2D
  /// The number of independent channel groups; equal to the channels for a depthwise convolution.
  public var groups: Int
  /// A Boolean value that indicates whether a bias is added.
  public var bias: Bool

  /// Creates a convolution with a kernel, strides and padding of any proportions.
  public init(
    outputChannels: Int, kernel: Size2D, stride: Size2D = Size2D(1), padding: Padding = Padding(0),
    dilation: Size2D = Size2D(1), groups: Int = 1, bias: Bool = false
  ) {
    self.outputChannels = outputChannels
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    self.bias = bias
  }

  /// Creates a convolution with a square kernel; `paddingAfter` is `padding` unless given.
  public init(
    outputChannels: Int, kernel: Int, stride: Int = 1, padding: Int = 0, paddingAfter: Int? = nil,
    dilation: Int = 1, groups: Int = 1, bias: Bool = false
  ) {
    self.init(
      outputChannels: outputChannels, kernel: Size2D(kernel), stride: Size2D(stride),
      padding: Padding(before: padding, after: paddingAfter ?? padding),
      dilation: Size2D(dilation), groups: groups, bias: bias)
  }

  /// Returns the output's shape for one map whose channels divide into the groups.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let map = try inputs.map()
    guard groups > 0, map[2].isMultiple(of: groups), outputChannels > 0,
      outputChannels.isMultiple(of: groups)
    else {
      throw LayerError(
        expected: "channels divisible by \(groups) groups",
        found: "\(map[2]) in, \(outputChannels) out")
    }
    let size = try Window.output(
      of: map, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
      what: "the kernel")
    let (extent, inputs) = (dilatedKernel, map[2] / groups)
    // What the engine's largest intermediate results would hold: all windows, and the kernels with
    // the zeros between their taps.
    let lists = [
      [size.height, size.width, extent.height, extent.width, inputs],
      [extent.height, extent.width, inputs, outputChannels / groups],
    ]
    guard
      lists.allSatisfy({ Shape.checkedCount($0, limit: GraphLimits.allElements) != nil })
    else {
      throw LayerError(
        expected: "at most \(GraphLimits.allElements) elements in all windows",
        found: "kernel \(kernel), dilation \(dilation) and \(outputChannels) channels for \(map)")
    }
    return [size.height, size.width, outputChannels]
  }

  /// The height and width that the kernel covers, with the gaps between its taps.
  public var dilatedKernel: Size2D {
    Size2D(
      height: dilation.height * (kernel.height - 1) + 1,
      width: dilation.width * (kernel.width - 1) + 1)
  }

  /// The weights and, if there is one, the bias.
  public func parameters(of inputs: [Shape]) -> [LayerParameter] {
    [
      LayerParameter(
        "weight", .weight, [kernel.height, kernel.width, inputs[0][2] / groups, outputChannels])
    ] + (bias ? [LayerParameter("bias", .bias, [outputChannels])] : [])
  }

  /// One multiplication for each output element, kernel position and input channel of the group.
  public func macs(inputs: [Shape], output: Shape) -> Int {
    output.count * kernel.height * kernel.width * (inputs[0][2] / groups)
  }
}

extension Layer where Self == Convolution {
  /// A convolution.
  public static func convolution(_ convolution: Convolution) -> Convolution { convolution }
}
