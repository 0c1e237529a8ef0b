import DFQGraph
import DFQTensor

/// What a name of an ONNX graph stands for while the graph is read.
enum ImportedValue: Sendable {
  /// Numbers that are known.
  case constant(ONNXTensor)
  /// The output of a layer.
  case feature(Feature)
}

/// The output of a layer in the order of axes that the ONNX graph has.
///
/// Layers keep maps as H W C and vectors as C. A transposition in the file changes only the order here, and a map that the file
/// flattens keeps its own order of elements, which the next linear layer's weights follow.
struct Feature: Sendable {
  /// What an axis of the ONNX value is.
  enum Axis: Sendable, Equatable {
    case batch, height, width, channel
    /// An axis of extent 1 that the layer's output doesn't have.
    case unit
    /// A part of the channels, which the file has taken apart into several axes: its number, and the extents of all parts from the
    /// slowest to the fastest in the order of the layer's channels.
    case part(Int, [Int])
    /// All elements of a map side by side, in the order of some of its axes with their extents.
    case flattened([Axis], [Int])
  }

  /// The layer's position in the graph that is built.
  var position: Int
  var axes: [Axis]
  /// The step between the rows and columns of the layer's output that the value has: files slice one axis after the other.
  var step = Size2D(1)
  /// Zeros that are still to be put around the map, which a convolution takes as its own padding.
  var padding: Padding?

  /// Whether the value is the layer's output as it is.
  var isSettled: Bool { padding == nil && step == Size2D(1) }

  static let map: [Axis] = [.batch, .channel, .height, .width]
  static let vector: [Axis] = [.batch, .channel]

  /// The place of an axis.
  func place(_ axis: Axis) -> Int? { axes.firstIndex(of: axis) }

  /// Whether an axis holds elements of several, or a part of the channels.
  var isRegrouped: Bool {
    axes.contains { axis in
      switch axis {
      case .flattened, .part: true
      case .batch, .height, .width, .channel, .unit: false
      }
    }
  }

  /// Whether the layer's output is a map in the usual order.
  var isMap: Bool { axes == Feature.map }
}
