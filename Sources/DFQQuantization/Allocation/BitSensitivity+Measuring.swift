import DFQEngine
package import DFQGraph
package import DFQTensor

extension BitSensitivity {
  /// Measures a network's sensitivities on normalized synthetic inputs N H W C.
  ///
  /// Layers and values with a rule in the quantizer's overrides keep their rule's bits and have no
  /// entry; neither have the values that a fully quantized network has at 8 bits. The weights' ranges
  /// are found at each width; those of values behind weights of 8 bits.
  ///
  /// - Throws: ``QuantizationError``, `NetworkError`, `CancellationError`, and what `progress` throws.
  package init(
    measuring teacher: Network, quantizer: Quantizer, inputs: Tensor, weightBits: [Int],
    activationBits: [Int], context: ExecutionContext,
    progress: ((Int, Int) throws -> Void)? = nil
  ) throws {
    let (weightBits, activationBits) = (
      Quantizer.candidates(weightBits), Quantizer.candidates(activationBits)
    )
    var base = try QuantizedNetwork(
      network: teacher,
      quantizer: BitSensitivity.base(of: quantizer, activationBits: activationBits))
    let batches = stride(from: 0, to: inputs.rowCount, by: 128).map {
      inputs.rows($0..<min($0 + 128, inputs.rowCount))
    }
    try base.calibrate(batches: batches, context: context)
    let reference = try FloatExecutor(teacher, context: context).logits(ofInputs: inputs)
    let rows = (0..<inputs.rowCount).map { Softmax(reference.row($0).elements) }
    let most = base.outputs.map { $0.bits[$0.bits.count - 1] }
    func loss(_ student: QuantizedNetwork, _ bits: [Int]) throws -> Double {
      try Task.checkCancellation()
      let run = try StudentEvaluator(student, context: context).run(inputs, policy: .outputs(bits))
      let classes = teacher.classCount
      let divergences = rows.enumerated().map { image, expected in
        expected.divergence(of: Softmax(run.logits[image * classes..<(image + 1) * classes]))
      }
      return divergences.reduce(0, +) / Double(max(divergences.count, 1))
    }

    let (layers, points) = base.allocated
    let total = layers.count * weightBits.count + points.count * activationBits.count
    var done = 0
    func report() throws {
      done += 1
      try progress?(done, total)
    }
    activations = try points.map { point in
      let losses = try activationBits.map { bits in
        var choice = most
        choice[point] = bits
        let found = try loss(base, choice)
        try report()
        return found
      }
      return Entry(name: base.outputs[point].name, bits: activationBits, losses: losses)
    }
    let narrow = try weightBits.map { try base.weightRanges(at: $0) }
    weights = try layers.map { layer in
      let name = teacher.graph.nodes[base.placement.layers[layer].node].name
      let losses = try zip(weightBits, narrow).map { bits, ranges in
        let found = try loss(base.replacingWeights(of: layer, bits: bits, by: ranges), most)
        try report()
        return found
      }
      return Entry(name: name, bits: weightBits, losses: losses)
    }
  }
}

extension BitSensitivity {
  /// The entries that a measurement would have, without losses: what can be allocated.
  package init(
    unmeasured teacher: Network, quantizer: Quantizer, weightBits: [Int], activationBits: [Int]
  ) throws {
    guard !weightBits.isEmpty, !activationBits.isEmpty else {
      throw QuantizationError.noCandidates
    }
    let base = try QuantizedNetwork(
      network: teacher,
      quantizer: BitSensitivity.base(of: quantizer, activationBits: activationBits))
    func entry(_ name: String, _ bits: [Int]) -> Entry {
      let bits = Quantizer.candidates(bits)
      return Entry(name: name, bits: bits, losses: bits.map { _ in 0 })
    }
    let (layers, points) = base.allocated
    self.init(
      weights: layers.map {
        entry(teacher.graph.nodes[base.placement.layers[$0].node].name, weightBits)
      }, activations: points.map { entry(base.outputs[$0].name, activationBits) })
  }

  /// The quantizer of the students that are measured: 8 bits everywhere, and outputs with all
  /// candidates.
  fileprivate static func base(of quantizer: Quantizer, activationBits: [Int]) throws -> Quantizer {
    var high = quantizer
    high.weightsFollowActivations = false
    high.weightBits = 8
    high.activationBits = Quantizer.candidates(activationBits + [8])
    try high.check()
    return high
  }
}

extension QuantizedNetwork {
  /// The positions of the layers and outputs whose bits nothing but the quantizer's defaults decides.
  fileprivate var allocated: (layers: [Int], points: [Int]) {
    (
      placement.layers.indices.filter {
        placement.layers[$0].rule == nil && !placement.layers[$0].isFloat
      },
      placement.points.indices.filter {
        placement.points[$0].rule == nil && placement.points[$0].bits == quantizer.activationBits
      }
    )
  }

  /// Steps and kept shares of all layers' weights at other bits.
  fileprivate func weightRanges(at bits: Int) throws -> (steps: [[Float]], shrink: [[Float]]) {
    var other = quantizer
    other.weightBits = bits
    var student = try QuantizedNetwork(network: network, quantizer: other)
    student.calibrateWeights()
    return (student.weightSteps, student.weightShrink)
  }

  /// The student with other bits of one layer's weights.
  fileprivate func replacingWeights(
    of layer: Int, bits: Int, by ranges: (steps: [[Float]], shrink: [[Float]])
  ) throws -> QuantizedNetwork {
    var other = quantizer
    other.overrides.insert(
      .init(network.graph.nodes[placement.layers[layer].node].name, weightBits: bits), at: 0)
    var student = try QuantizedNetwork(network: network, quantizer: other)
    student.activationGrids = activationGrids
    student.featureLevels = featureLevels
    student.selectorConstants = selectorConstants
    student.weightSteps = weightSteps
    student.weightShrink = weightShrink
    student.weightSteps[layer] = ranges.steps[layer]
    student.weightShrink[layer] = ranges.shrink[layer]
    return student
  }
}
