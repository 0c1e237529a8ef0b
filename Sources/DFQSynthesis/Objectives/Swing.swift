public import DFQEngine
public import DFQGraph
public import DFQTensor

/// A map shifted by up to ``reach`` pixels in both directions: what Genie (Jeon et al., CVPR 2023) puts in front of strided
/// convolutions, so that all pixels meet all taps over time.
///
/// The map is padded by its reflection, ``reach`` pixels wide, and a window of its own size is cut out. The window's
/// first row and column, 0...2 reach, are the layer's parameters; at `reach` nothing moves.
public struct Swing: ExecutableLayer {
  /// The name in network files.
  public static let kind = "swing"

  /// The widest shift, in pixels.
  public var reach: Int

  /// Makes the layer.
  public init(reach: Int) { self.reach = reach }

  /// The shape of the only input, which must be larger than the reach.
  ///
  /// - Throws: `LayerError`.
  public func outputShape(of inputs: [Shape]) throws -> Shape {
    guard inputs.count == 1, inputs[0].rank == 3 else {
      throw LayerError(expected: "one map", found: "\(inputs)")
    }
    guard reach >= 0, reach < min(inputs[0][0], inputs[0][1]) else {
      throw LayerError(expected: "a map larger than \(reach) pixels", found: "\(inputs[0])")
    }
    return inputs[0]
  }

  /// The window's first row and column.
  public func parameters(of inputs: [Shape]) -> [LayerParameter] {
    [LayerParameter("offset", .other, [2], initialValue: Float(reach))]
  }

  /// Makes the step that moves pixels.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    Step(shape: output, reach: reach)
  }

  private struct Step: LayerStep {
    let shape: Shape
    let reach: Int
    var backwardReads: LayerValues { [] }

    /// Where a row or column of the output comes from.
    private func source(_ place: Int, _ offset: Float, _ count: Int) -> Int {
      let moved = place + min(max(Int(offset), 0), 2 * reach) - reach
      return moved < 0 ? -moved : moved >= count ? 2 * (count - 1) - moved : moved
    }

    private func forEachPixel(
      _ parameters: UnsafePointer<Float>, _ body: (_ output: Int, _ input: Int) -> Void
    ) {
      for y in 0..<shape[0] {
        let row = source(y, parameters[0], shape[0])
        for x in 0..<shape[1] {
          let column = source(x, parameters[1], shape[1])
          body((y * shape[1] + x) * shape[2], (row * shape[1] + column) * shape[2])
        }
      }
    }

    func forward(_ values: LayerForward) {
      forEachPixel(values.parameters) { output, input in
        (values.output + output).update(from: values.inputs[0] + input, count: shape[2])
      }
    }

    func backward(_ values: LayerBackward) {
      guard let gradient = values.inputGradients[0] else { return }
      forEachPixel(values.parameters) { output, input in
        for channel in 0..<shape[2] {
          gradient[input + channel] += values.outputGradient[output + channel]
        }
      }
    }
  }
}

/// A network with a ``Swing`` in front of every convolution with a stride.
package struct SwingingNetwork: Sendable {
  /// The network; as it is, nothing is moved.
  package let network: Network
  /// The places of the offsets in its parameters, with their reach.
  private let offsets: [(range: Range<Int>, reach: Int)]

  /// Puts a swing of stride - 1 pixels in front of convolutions with a stride.
  ///
  /// - Throws: `NetworkError` for a map that is no larger than the stride.
  package init(_ network: Network) throws {
    var builder = GraphBuilder(input: network.graph.inputShape)
    var positions = [0: builder.input]
    for (position, node) in network.graph.nodes.enumerated() where position > 0 {
      var inputs = node.inputs.map { positions[$0]! }
      if let convolution = node.layer as? Convolution {
        let stride = max(convolution.stride.height, convolution.stride.width)
        if stride > 1 {
          inputs = [try builder.add("\(node.name).swing", Swing(reach: stride - 1), inputs[0])]
        }
      }
      positions[position] = try builder.add(node.name, node.layer, inputs: inputs)
    }
    let graph = builder.build()
    let layout = ParameterLayout(graph)
    var values = [Float](repeating: 0, count: layout.count)
    var offsets: [(range: Range<Int>, reach: Int)] = []
    for entry in layout.entries {
      if let swing = graph.nodes[entry.node].layer as? Swing {
        offsets.append((entry.range, swing.reach))
        for place in entry.range { values[place] = Float(swing.reach) }
      } else {
        let own = network.parameters.layout.entry(named: entry.name)!
        values.replaceSubrange(entry.range, with: network.parameters.values[own.range])
      }
    }
    self.offsets = offsets
    self.network = try Network(
      architecture: "\(network.architecture) swinging", graph: graph,
      parameters: try ParameterSet(layout: layout, values: values),
      preprocessing: network.preprocessing)
  }

  /// The network's parameters with offsets drawn anew, uniform in 0...2 reach.
  package func parameters(stream: inout RandomStream) -> [Float] {
    var values = network.parameters.values
    for (range, reach) in offsets {
      for place in range { values[place] = Float(stream.integer(below: 2 * reach + 1)) }
    }
    return values
  }
}
