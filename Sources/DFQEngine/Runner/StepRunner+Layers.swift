import DFQGraph
import DFQTensor

/// Steps of layers that the engine calls through ``LayerStep``.
extension StepRunner {
  /// Computes a layer's output, or some rows of it, for one image.
  func forwardLayer(
    _ index: Int, output: Int, image: Int, rows: Range<Int>? = nil, group: ImageGroup
  ) {
    let layer = plan.layers[index]
    withUnsafeTemporaryAllocation(
      of: UnsafePointer<Float>.self, capacity: layer.inputs.count
    ) { inputs in
      for (place, node) in layer.inputs.enumerated() {
        inputs.initializeElement(at: place, to: UnsafePointer(group.source(node, image)))
      }
      layer.step.forward(
        LayerForward(
          inputs: UnsafeBufferPointer(inputs), output: group.value(output, image),
          parameters: layerParameters(layer, output: output, image: image),
          scratch: group.scratch, rows: rows, kernels: kernels))
    }
  }

  /// Adds to the gradients of a layer's inputs and parameters for one image.
  func backwardLayer(
    _ index: Int, at position: Int, image: Int, group: ImageGroup
  ) {
    let layer = plan.layers[index]
    let output = plan.steps[position].output
    let gradients = group.gradients[image]
    let g = gradients + plan.gradientOffset[output]!
    let first = plan.writesFirst[position]
    let count = layer.inputs.count
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: count) { inputs in
      withUnsafeTemporaryAllocation(
        of: UnsafeMutablePointer<Float>?.self, capacity: count
      ) { inputGradients in
        for (place, node) in layer.inputs.enumerated() {
          inputs.initializeElement(at: place, to: UnsafePointer(group.source(node, image)))
          let target = gradients + plan.gradientOffset[node]!
          let isWanted = node != 0 || group.policy.imageGradient
          if isWanted, first[place], !layer.step.isInPlace {
            target.update(repeating: 0, count: plan.count(node))
          }
          inputGradients.initializeElement(
            at: place, to: layer.step.isInPlace ? g : isWanted ? target : nil)
        }
        let start = bank(output, image) * plan.layout.count + layer.parameters.lowerBound
        layer.step.backward(
          LayerBackward(
            inputs: UnsafeBufferPointer(inputs),
            output: UnsafePointer(group.value(output, image)), outputGradient: g,
            inputGradients: UnsafeBufferPointer(inputGradients),
            parameters: layerParameters(layer, output: output, image: image),
            parameterGradient: layer.parameters.isEmpty
              ? nil : group.parameterGradient.map { $0 + start },
            scratch: group.scratch, kernels: kernels))
      }
    }
    guard layer.step.isInPlace, !first[0] else { return }
    // Another consumer wrote the input's gradient first; this one is added.
    kernels.axpy(
      1, x: g, count: plan.count(output), y: gradients + plan.gradientOffset[layer.inputs[0]]!)
  }

  private func layerParameters(
    _ layer: LayerRecord, output: Int, image: Int
  ) -> UnsafePointer<Float> {
    UnsafePointer(
      weights.parameters(bank: bank(output, image)) + layer.parameters.lowerBound)
  }
}
