import DFQGraph
import DFQTensor

/// Convolutions with strides, dilations, groups and any padding.
enum ConvolutionImporter: OperatorImporter {
  static let operators = ["Conv"]

  static func add(_ node: ImportNode, to graph: inout GraphImport) throws {
    let weight = try graph.demandConstant(node, 1, "weights")
    let shape = weight.shape
    guard shape.count == 4, shape.allSatisfy({ $0 > 0 }) else {
      throw graph.refuse(node, "weights O I KH KW", "\(shape)")
    }
    var bias: [Float]?
    if node.hasInput(2) { bias = try graph.demandConstant(node, 2, "biases").floats }
    let name = graph.layerName(node, weights: 1)
    let input = try graph.unsettled(node)
    let groups = node.int("group") ?? 1
    // On a single pixel a 1x1 convolution is a linear layer.
    if input.isSettled, input.axes == [.batch, .channel, .unit, .unit], shape[2] == 1,
      shape[3] == 1, groups == 1,
      try graph.shape(input)[0] == shape[1]
    {
      var values = ["weight": weight.reshaped([shape[0], shape[1]]).transposed([1, 0]).floats]
      values["bias"] = bias
      let position = try graph.add(
        name, Linear(outputs: shape[0], bias: bias != nil), [input.position], node, values)
      return graph.set(node.outputs[0], position, input.axes)
    }
    // Zeros that the file puts around the map first become padding of the convolution.
    let around =
      input.isMap && input.step == Size2D(1)
        && ["NOTSET", "VALID"].contains(node.text("auto_pad") ?? "NOTSET") ? input.padding : nil
    let map = around == nil ? try graph.map(node) : input
    let extent = try graph.shape(map)
    guard groups > 0, groups <= extent[2], shape[1] * groups == extent[2] else {
      throw graph.refuse(node, "\(extent[2]) input channels", "\(shape[1]) in \(groups) groups")
    }
    var window = try WindowAttributes(node, graph, extent: extent, kernel: [shape[2], shape[3]])
    if let around { window.padding.add(around) }
    let layer = Convolution(
      outputChannels: shape[0], kernel: window.kernel, stride: window.stride,
      padding: window.padding, dilation: window.dilation, groups: groups, bias: bias != nil)
    var values = ["weight": weight.transposed([2, 3, 1, 0]).floats]
    values["bias"] = bias
    let position = try graph.add(name, layer, [map.position], node, values)
    graph.set(node.outputs[0], position, Feature.map)
  }
}

/// Kernel, strides, dilations and padding of a node, `auto_pad` and `ceil_mode` resolved.
struct WindowAttributes {
  let kernel: Size2D
  let stride: Size2D
  let dilation: Size2D
  var padding: Padding

  /// Reads the attributes for an input H W C; the weights of a convolution have its kernel's height and width.
  init(_ node: ImportNode, _ graph: GraphImport, extent: Shape, kernel given: [Int]? = nil) throws {
    let limit = 1 << 20
    func pair(_ name: String, _ usual: [Int]) throws -> [Int] {
      let list = node.ints(name) ?? usual
      guard list.count == usual.count, list.allSatisfy({ (0...limit).contains($0) }) else {
        throw graph.refuse(node, "\(usual.count) numbers in \(name)", "\(list)")
      }
      return list
    }
    guard let kernel = given ?? node.ints("kernel_shape"), kernel.count == 2,
      kernel.allSatisfy({ (1...limit).contains($0) })
    else { throw graph.refuse(node, "a window of two axes", "\(node.ints("kernel_shape") ?? [])") }
    let stride = try pair("strides", [1, 1])
    let dilation = try pair("dilations", [1, 1])
    guard stride.allSatisfy({ $0 > 0 }), dilation.allSatisfy({ $0 > 0 }) else {
      throw graph.refuse(node, "strides and dilations above 0", "\(stride), \(dilation)")
    }
    var pads = try pair("pads", [0, 0, 0, 0])
    let mode = node.text("auto_pad") ?? "NOTSET"
    for axis in 0..<2 {
      let size = extent[axis]
      let reach = dilation[axis] * (kernel[axis] - 1) + 1
      switch mode {
      case "SAME_UPPER", "SAME_LOWER":
        let outputs = (size + stride[axis] - 1) / stride[axis]
        let total = max((outputs - 1) * stride[axis] + reach - size, 0)
        let less = total / 2
        pads[axis] = mode == "SAME_UPPER" ? less : total - less
        pads[axis + 2] = total - pads[axis]
      case "VALID": (pads[axis], pads[axis + 2]) = (0, 0)
      case "NOTSET", "": break
      default: throw graph.refuse(node, "a known auto_pad", mode)
      }
      if node.int("ceil_mode") == 1 {
        // The last window may reach over the end, but must begin inside of the image or the padding before it.
        let room = size + pads[axis] + pads[axis + 2] - reach
        guard room >= 0 else { continue }
        var outputs = (room + stride[axis] - 1) / stride[axis] + 1
        if (outputs - 1) * stride[axis] >= size + pads[axis] { outputs -= 1 }
        pads[axis + 2] += max((outputs - 1) * stride[axis] - room, 0)
      }
    }
    self.kernel = Size2D(height: kernel[0], width: kernel[1])
    self.stride = Size2D(height: stride[0], width: stride[1])
    self.dilation = Size2D(height: dilation[0], width: dilation[1])
    padding = Padding(top: pads[0], left: pads[1], bottom: pads[2], right: pads[3])
  }

  /// The window of a pooling layer.
  var pooling: PoolingWindow { PoolingWindow(kernel: kernel, stride: stride, padding: padding) }
}

extension Padding {
  /// Adds the rows and columns of another padding; both are far below what a sum could overflow.
  fileprivate mutating func add(_ other: Padding) {
    top += other.top
    left += other.left
    bottom += other.bottom
    right += other.right
  }
}
