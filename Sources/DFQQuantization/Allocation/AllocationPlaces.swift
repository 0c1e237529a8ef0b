import DFQGraph

/// The places of a network whose bits are allocated, in groups: a quantized output with the layers
/// that read it, or a layer whose input stays in floating point.
struct AllocationPlaces {
  struct Group {
    /// The position of the output among the sensitivity's activations; nil where the input stays as it
    /// is.
    var point: Int?
    /// The positions of the layers among the sensitivity's weights.
    var layers: [Int]
    /// What can be chosen: the output's bits, if there is one, then those of the layers.
    var options: [AllocationProblem.Option]
  }

  var groups: [Group] = []
  /// BitOPs of the layers that are not allocated.
  var constant = 0.0

  init(_ sensitivity: BitSensitivity, network: Network, quantizer: Quantizer) throws {
    var plain = quantizer
    plain.weightsFollowActivations = false
    let placement = try plain.placement(in: network.graph)
    func indices(_ entries: [BitSensitivity.Entry]) -> [String: Int] {
      Dictionary(
        entries.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
    let pointEntries = indices(sensitivity.activations)
    let layerEntries = indices(sensitivity.weights)
    func name(_ node: Int) -> String { network.graph.nodes[node].name }
    var readers: [Int: [(entry: Int, macs: Int)]] = [:]
    var fixedReaders: [Int: Double] = [:]
    for layer in placement.layers {
      let input = layer.inputPoint.map { placement.points[$0] }
      let fixedInput = input.flatMap { pointEntries[name($0.node)] == nil ? $0.bits.last! : nil }
      let entry = layer.isFloat ? nil : layerEntries[name(layer.node)]
      switch (entry, input, fixedInput) {
      case (let entry?, nil, _):
        add(nil, [(entry, layer.macs)], inputBits: BitOPsModel.floatBits, sensitivity)
      case (let entry?, _?, let bits?):
        add(nil, [(entry, layer.macs)], inputBits: bits, sensitivity)
      case (let entry?, _?, nil):
        readers[layer.inputPoint!, default: []].append((entry, layer.macs))
      case (nil, nil, _), (nil, _?, .some):
        let bits = fixedInput ?? BitOPsModel.floatBits
        constant += Double(layer.macs * (layer.bits ?? BitOPsModel.floatBits) * bits)
      case (nil, _?, nil):
        fixedReaders[layer.inputPoint!, default: 0] += Double(
          layer.macs * (layer.bits ?? BitOPsModel.floatBits))
      }
    }
    for (index, point) in placement.points.enumerated() {
      guard let entry = pointEntries[name(point.node)] else { continue }
      add(
        entry, readers[index] ?? [], inputBits: 0, sensitivity, fixed: fixedReaders[index] ?? 0)
    }
  }

  /// Adds a group with all its options that no other option beats in cost and loss.
  private mutating func add(
    _ point: Int?, _ layers: [(entry: Int, macs: Int)], inputBits: Int,
    _ sensitivity: BitSensitivity, fixed: Double = 0
  ) {
    let inputs = point.map { sensitivity.activations[$0] }
    var options: [AllocationProblem.Option] = []
    for place in 0..<(inputs?.bits.count ?? 1) {
      let bits = inputs?.bits[place] ?? inputBits
      var front = [
        AllocationProblem.Option(
          cost: fixed * Double(bits), loss: inputs?.losses[place] ?? 0,
          bits: point == nil ? [] : [bits])
      ]
      for layer in layers {
        let entry = sensitivity.weights[layer.entry]
        let more = front.flatMap { option in
          entry.bits.indices.map { choice in
            AllocationProblem.Option(
              cost: option.cost + Double(layer.macs * entry.bits[choice] * bits),
              loss: option.loss + entry.losses[choice], bits: option.bits + [entry.bits[choice]])
          }
        }
        front = AllocationProblem.undominated(more)
      }
      options += front
    }
    groups.append(
      Group(
        point: point, layers: layers.map(\.entry),
        options: AllocationProblem.undominated(options)))
  }
}
