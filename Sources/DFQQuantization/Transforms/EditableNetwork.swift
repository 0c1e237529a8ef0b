import DFQGraph

/// The parameters of a network in double precision, edited channel by channel.
///
/// Transforms edit here and round once, at the end, so that many small factors do not add up errors.
struct EditableNetwork {
  let network: Network
  private(set) var values: [Double]
  private let consumers: [[Int]]

  /// The smallest deviation, so that no norm divides by 0.
  private static let smallest = 1e-12

  init(_ network: Network) {
    self.network = network
    values = network.parameters.values.map(Double.init)
    consumers = network.graph.consumers()
  }

  /// The network with the edited parameters.
  func edited() throws -> Network {
    var result = network
    try result.setParameters(
      ParameterSet(layout: network.parameters.layout, values: values.map { Float($0) }))
    return result
  }

  // MARK: Structure

  /// The batch norm that alone reads a layer's output, or nil.
  func norm(after node: Int) -> Int? {
    guard consumers[node].count == 1, let next = consumers[node].first,
      network.graph.nodes[next].layer is BatchNorm
    else { return nil }
    return next
  }

  /// The layer with weights whose output a source is: itself, or the layer that only it reads.
  func layer(of source: Int) -> Int? {
    guard network.graph.nodes[source].layer is BatchNorm else { return source }
    let input = network.graph.nodes[source].inputs[0]
    return weights(input) != nil && norm(after: input) == source ? input : nil
  }

  /// Where a layer's weights are, or nil where it has none.
  func weights(_ node: Int) -> WeightPlaces? {
    network.parameters.layout.entry(node: node, .weight).map { entry in
      WeightPlaces(
        start: entry.range.lowerBound, shape: entry.shape,
        groups: (network.graph.nodes[node].layer as? Convolution)?.groups ?? 1)
    }
  }

  private func position(_ node: Int, _ role: ParameterLayout.Role, _ channel: Int) -> Int? {
    network.parameters.layout.entry(node: node, role).map { $0.range.lowerBound + channel }
  }

  /// A parameter of a channel, or nil where the node has none with that role.
  func value(_ node: Int, _ role: ParameterLayout.Role, _ channel: Int) -> Double? {
    position(node, role, channel).map { values[$0] }
  }

  private mutating func change(
    _ node: Int, _ role: ParameterLayout.Role, _ channel: Int, _ body: (inout Double) -> Void
  ) {
    if let position = position(node, role, channel) { body(&values[position]) }
  }

  // MARK: Edits

  /// Multiplies the weights that read a channel.
  mutating func scaleInput(of node: Int, _ channel: Int, by factor: Double) {
    guard let places = weights(node) else { return }
    for position in places.positions(input: channel) { values[position] *= factor }
  }

  /// Multiplies a channel of a source's output.
  ///
  /// The layer in front of a batch norm takes the factor too, with the norm's statistics, so that the
  /// factor gamma / sqrt(variance + epsilon) stays what it is.
  mutating func scaleOutput(of source: Int, _ channel: Int, by factor: Double) {
    guard let norm = network.graph.nodes[source].layer as? BatchNorm else {
      scaleLayer(source, channel, by: factor)
      return
    }
    change(source, .normShift, channel) { $0 *= factor }
    guard let layer = layer(of: source) else {
      change(source, .normScale, channel) { $0 *= factor }
      return
    }
    scaleLayer(layer, channel, by: factor)
    change(source, .runningMean, channel) { $0 *= factor }
    setDeviation(
      source, norm, channel, scale: scale(source, channel),
      deviation: factor
        * (value(source, .runningVariance, channel)! + Double(norm.epsilon))
        .squareRoot())
  }

  private mutating func scaleLayer(_ node: Int, _ channel: Int, by factor: Double) {
    guard let places = weights(node) else { return }
    for position in places.positions(output: channel) { values[position] *= factor }
    change(node, .bias, channel) { $0 *= factor }
  }

  /// The factor that a batch norm multiplies a channel with: gamma / sqrt(variance + epsilon).
  func scale(_ norm: Int, _ channel: Int) -> Double {
    guard let layer = network.graph.nodes[norm].layer as? BatchNorm,
      let variance = value(norm, .runningVariance, channel)
    else { return 1 }
    return (value(norm, .normScale, channel) ?? 1)
      / max((variance + Double(layer.epsilon)).squareRoot(), EditableNetwork.smallest)
  }

  /// Sets variance and gamma of a channel for a deviation and a factor.
  ///
  /// A deviation below sqrt(epsilon) has no variance; gamma then makes up for the rest.
  private mutating func setDeviation(
    _ node: Int, _ norm: BatchNorm, _ channel: Int, scale: Double, deviation: Double
  ) {
    let epsilon = Double(norm.epsilon)
    let variance = max(
      deviation * deviation - epsilon, EditableNetwork.smallest * EditableNetwork.smallest)
    change(node, .runningVariance, channel) { $0 = variance }
    change(node, .normScale, channel) { $0 = scale * (variance + epsilon).squareRoot() }
  }

  /// Multiplies every layer in front of a batch norm with the norm's factor, which becomes 1.
  ///
  /// The weights are then those of a network without batch norm. The norm keeps mean beta and
  /// deviation |gamma| of its output, from which ranges and expectations are read.
  mutating func foldNorms() {
    for (position, node) in network.graph.nodes.enumerated() {
      guard let norm = node.layer as? BatchNorm, norm.affine, let layer = layer(of: position)
      else { continue }
      for channel in 0..<(node.outputShape.dimensions.last ?? 0) {
        let scale = scale(position, channel)
        let gamma = abs(value(position, .normScale, channel)!)
        scaleLayer(layer, channel, by: scale)
        change(position, .runningMean, channel) { $0 *= scale }
        setDeviation(position, norm, channel, scale: 1, deviation: gamma)
      }
    }
  }

  /// Divides a channel of a layer by a factor and multiplies the factor of the batch norm behind it.
  mutating func moveFactor(_ factor: Double, of layer: Int, _ channel: Int, to position: Int) {
    guard let norm = network.graph.nodes[position].layer as? BatchNorm, norm.affine,
      let variance = value(position, .runningVariance, channel)
    else { return }
    let scale = scale(position, channel)
    scaleLayer(layer, channel, by: 1 / factor)
    change(position, .runningMean, channel) { $0 /= factor }
    setDeviation(
      position, norm, channel, scale: scale * factor,
      deviation: (variance + Double(norm.epsilon)).squareRoot() / factor)
  }

  /// Whether ``addToOutput(of:_:_:)`` has a place for what it adds.
  func takesShift(_ layer: Int) -> Bool {
    norm(after: layer) != nil || network.parameters.layout.entry(node: layer, .bias) != nil
  }

  /// Adds a constant to a channel of a layer's output: to its bias, or by the mean that the batch
  /// norm behind it subtracts.
  mutating func addToOutput(of layer: Int, _ channel: Int, _ constant: Double) {
    if let norm = norm(after: layer) {
      change(norm, .runningMean, channel) { $0 -= constant }
    } else {
      change(layer, .bias, channel) { $0 += constant }
    }
  }

  /// Adds a constant to a channel of a batch norm's output.
  mutating func addToShift(of norm: Int, _ channel: Int, _ constant: Double) {
    change(norm, .normShift, channel) { $0 += constant }
  }

  /// Adds the weights of one input channel, times a factor, to those of another of a layer without
  /// groups.
  mutating func addInput(of node: Int, from: Int, to: Int, times factor: Double) {
    guard let places = weights(node) else { return }
    for (source, target) in zip(places.positions(input: from), places.positions(input: to)) {
      values[target] += factor * values[source]
    }
  }
}
