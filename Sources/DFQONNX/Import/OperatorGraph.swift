package import DFQGraph
package import DFQTensor
import Foundation
import SwiftProtobuf

/// A graph of any operators as a network, for tests of single operators: the first input is the image, or a vector, and all
/// other inputs are constants.
package struct OperatorGraph: Sendable {
  /// The network, whose output may be a map.
  package let network: Network
  /// The operators of the graph.
  package let operators: [String]
  private let output: Feature

  /// Reads a graph with the tensors of its inputs, each the bytes of a `TensorProto`.
  ///
  /// - Throws: ``ONNXError`` for operators, shapes and attributes without a layer.
  package init(decoding bytes: [UInt8], inputs: [[UInt8]], path: String) throws {
    var file = try ONNXFile(decoding: bytes, path: path)
    let tensors = try inputs.map { try Self.proto($0, path: path) }
    var graph = file.model.graph
    operators = graph.node.map { ImportNode($0).operation }
    guard let first = tensors.first, let name = graph.input.first?.name else {
      throw ONNXError.badModel(path: path, expected: "an input", found: "none")
    }
    for (place, tensor) in tensors.enumerated().dropFirst() {
      guard graph.input.indices.contains(place) else {
        throw ONNXError.badModel(path: path, expected: "an input \(place)", found: "none")
      }
      var constant = tensor
      constant.name = graph.input[place].name
      graph.initializer.append(constant)
    }
    file = file.with(graph)
    let extents = first.dims.map { Int(clamping: $0) }
    let shape: Shape
    let axes: [Feature.Axis]
    switch extents.count {
    case 4 where extents.allSatisfy { (1...1 << 12).contains($0) }:
      (shape, axes) = ([extents[2], extents[3], extents[1]], Feature.map)
    case 3 where extents.allSatisfy { (1...1 << 12).contains($0) }:
      // Functions of each element have no batch in these tests.
      (shape, axes) = (Shape(extents), [.height, .width, .channel])
    case 2 where extents.allSatisfy { (1...1 << 12).contains($0) }:
      (shape, axes) = ([extents[1]], Feature.vector)
    default:
      throw ONNXError.badModel(
        path: path, expected: "an input of two to four axes", found: "\(extents)")
    }
    let nodes = ImportPlan.withoutUnreadOutputs(
      graph.node.map { ImportNode($0) }, output: graph.output.first?.name ?? "")
    var state = try GraphImport(
      file, input: name, imageShape: shape, axes: axes,
      batch: extents.count == 3 ? 1 : extents[0])
    try state.read(nodes)
    guard let name = graph.output.first?.name, case .feature(let feature)? = state.value(name),
      feature.position > 0
    else {
      throw ONNXError.badModel(
        path: path, expected: "an output that is a layer's", found: "the input or a constant")
    }
    let isPart = feature.axes.contains { if case .part = $0 { true } else { false } }
    guard !isPart else {
      throw ONNXError.badModel(
        path: path, expected: "an output with one axis of channels", found: "several")
    }
    output = feature
    network = try Network(
      graph: state.builder.build(), parameters: state.parameterSet(),
      preprocessing: .unit(channels: shape.dimensions.last ?? 1))
  }

  /// The numbers of a `TensorProto`, and its shape.
  package static func tensor(_ bytes: [UInt8], path: String) throws -> Tensor {
    let tensor = try ONNXTensor(try proto(bytes, path: path), path: path) { tensor, _ in
      throw ONNXError.badTensor(
        path: path, name: tensor.name, expected: "data in the file", found: "external data")
    }
    return Tensor(shape: Shape(tensor.shape), elements: tensor.floats)
  }

  /// The network's input for the first input of the graph.
  package func input(_ tensor: Tensor) -> Tensor {
    if tensor.shape.rank == 3 {
      return Tensor(shape: Shape([1] + tensor.shape.dimensions), elements: tensor.elements)
    }
    guard tensor.shape.rank == 4 else { return tensor }
    let moved = ONNXTensor(tensor.shape.dimensions, floats: tensor.elements)
      .transposed([0, 2, 3, 1])
    return Tensor(shape: Shape(moved.shape), elements: moved.floats)
  }

  /// A value of the network's last layer in the order of the graph's output.
  package func output(_ tensor: Tensor) -> Tensor {
    var shape = tensor.shape.dimensions
    // The axes of the layer's output, and where the graph has them.
    let all: [Feature.Axis] =
      shape.count == 4 ? [.batch, .height, .width, .channel] : [.batch, .channel]
    var value = ONNXTensor(shape, floats: tensor.elements)
    var axes = output.axes
    if shape.count == 2, case .flattened(let order, let extents)? = axes.last {
      // The layer's order is H W C.
      let target = [Feature.Axis.height, .width, .channel].compactMap { order.firstIndex(of: $0) }
      let inside = target.map { extents[$0] }
      let back = order.indices.map { axis in target.firstIndex(of: axis)! + 1 }
      value = value.reshaped([shape[0]] + inside).transposed([0] + back).reshaped(shape)
      axes = Feature.vector
    }
    if !axes.contains(.batch) { value = value.reshaped(Array(shape.dropFirst())) }
    let own = axes.contains(.batch) ? all : Array(all.dropFirst())
    let order = axes.compactMap { own.firstIndex(of: $0) }
    value = value.transposed(order)
    var rest = value.shape[...]
    shape = axes.map { $0 == .unit ? 1 : rest.removeFirst() }
    return Tensor(shape: Shape(shape), elements: value.floats)
  }

  private static func proto(_ bytes: [UInt8], path: String) throws -> Onnx_TensorProto {
    do {
      return try Onnx_TensorProto(serializedBytes: bytes, partial: true)
    } catch {
      throw ONNXError.badModel(path: path, expected: "a tensor", found: "\(error)")
    }
  }
}
