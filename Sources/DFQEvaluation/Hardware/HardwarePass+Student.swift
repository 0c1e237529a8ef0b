import DFQGraph
import DFQQuantization

extension HardwarePass {
  /// One pass of a student whose outputs have these widths.
  init(
    _ student: QuantizedNetwork, bits: [BitShares], share: Double, weightSet: Int,
    asksSelector: Bool
  ) {
    let graph = student.network.graph
    let values = StoredValues(student)
    let layout = student.network.parameters.layout
    selectors = asksSelector ? HardwarePass.selectors(student) : []
    var waiting = [Int](repeating: 0, count: student.placement.layers.count)
    for (site, selector) in zip(student.decisionMap.sites, selectors)
    where site.governs.contains(site.output) && waiting.indices.contains(selector.layer) {
      waiting[selector.layer] += student.outputs[site.output].shape.count
    }
    layers = student.placement.layers.enumerated().map { index, layer in
      let node = graph.nodes[layer.node]
      let convolution = node.layer as? Convolution
      let groups = convolution?.groups ?? 1
      let channels = node.outputShape.dimensions.last ?? 1
      let elements = max(node.outputShape.count, 1)
      let inputs = layer.inputPoint.map { bits[$0] } ?? BitShares(bits: BitShares.floatBits)
      let weightBits = layer.isFloat ? BitShares.floatBits : layer.bits
      return LayerWork(
        name: node.name, macs: layer.macs, products: max(1, layer.macs / elements),
        outputs: max(1, channels / groups), groups: groups,
        positions: elements / max(channels, 1),
        isDenseConvolution: convolution != nil && groups == 1,
        weights: layout.entry(node: layer.node, .weight)?.range.count ?? 0,
        choices: inputs.shares.sorted { $0.key < $1.key }.map { width, share in
          LayerWork.Choice(share: share, weightBits: weightBits ?? width, inputBits: width)
        },
        weightWidths: weightBits.map { BitShares(bits: $0) } ?? inputs,
        reads: values.reads[index].map { values.value($0, bits: bits) },
        writes: values.writes[index].map { values.value($0, bits: bits) },
        live: values.live(index).map { values.value($0, bits: bits) },
        external: values.external(index).map { values.value($0, bits: bits) },
        waiting: waiting[index])
    }
    self.share = share
    self.weightSet = weightSet
  }

  private static func selectors(_ student: QuantizedNetwork) -> [SelectorWork] {
    guard let decider = student.selector?.decider else { return [] }
    return student.decisionMap.sites.map { site in
      let output = student.outputs[site.output]
      let node = student.placement.points[site.output].node
      return SelectorWork(
        name: output.name,
        layer: max(0, student.placement.layers.count { $0.node <= node } - 1),
        featureMACs: site.featureMACs, scoreMACs: decider.macs(at: site),
        parameters: max(0, decider.parameterCount(at: site)) + 2 * site.featureCount,
        samples: site.sampleCount + (site.image.map { $0.shape.count } ?? 0))
    }
  }
}

extension QuantizedNetwork {
  /// The passes of this student: one, or those of a decider that decides between passes.
  ///
  /// `bits` are the widths of each quantized output, nil for one width or the middle candidate; `share` is
  /// the share of the images that reach the student.
  ///
  /// - Throws: As ``hardwareCost(on:batch:bits:passShares:)``.
  func hardwarePasses(
    bits: [BitShares]?, passShares: [Double]?, share: Double, weightSet: Int
  ) throws -> [HardwarePass] {
    if let bits, bits.count != outputs.count {
      throw QuantizationError.bitsCount(
        what: "quantized outputs", expected: outputs.count, found: bits.count)
    }
    for (output, shares) in zip(outputs, bits ?? []) {
      for width in shares.shares.keys where !output.bits.contains(width) {
        throw QuantizationError.notACandidate(bits: width, candidates: output.bits)
      }
    }
    let passes = passBits
    guard bits == nil, !passes.isEmpty else {
      let middle = outputs.map { BitShares(bits: $0.bits[$0.bits.count / 2]) }
      return [
        HardwarePass(
          self, bits: bits ?? middle, share: share, weightSet: weightSet, asksSelector: true)
      ]
    }
    let fitted = (selector?.decider as? MarginCascade)?.shares
    let later = passShares ?? fitted ?? passes.dropFirst().map { _ in 1 }
    guard later.count == passes.count - 1, later.allSatisfy({ (0...1).contains($0) }) else {
      throw QuantizationError.badSelector(
        expected: "\(passes.count - 1) shares in 0...1 of images that take another pass",
        found: "\(later.prefix(9))")
    }
    return zip(passes, [1] + later).map { widths, part in
      HardwarePass(
        self, bits: widths.map { BitShares(bits: $0) }, share: share * part, weightSet: weightSet,
        asksSelector: false)
    }
  }
}
