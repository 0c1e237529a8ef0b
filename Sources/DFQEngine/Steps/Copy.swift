public import DFQGraph
public import DFQTensor

extension Flatten: ExecutableLayer {
  /// Makes a step that copies.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    CopyStep(count: output.count)
  }
}

extension Reshape: ExecutableLayer {
  /// Makes a step that copies.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    CopyStep(count: output.count)
  }
}

/// The same elements under another shape.
struct CopyStep: LayerStep {
  let count: Int
  var backwardReads: LayerValues { [] }
  var isInPlace: Bool { true }

  func forward(_ values: LayerForward) {
    values.output.update(from: values.inputs[0], count: count)
  }

  func backward(_ values: LayerBackward) {}
}
