import DFQGraph

extension Network {
  /// The same function with filters as long as those of another network with these layers; batch norms take the factors.
  ///
  /// The gradient of a filter w behind which batch norm multiplies by g is g times that of the product g w, and a step at w moves the
  /// product by g more. With batch norm folded into the weights the same rate is therefore 1 / g^2 times as large, several times
  /// in ResNets, and training that is stable with the teacher's weights may diverge. Transforms that fold give networks that
  /// learn as the teacher would when the filters get their lengths back.
  ///
  /// - Parameters:
  ///   - original: The network whose lengths are taken; where a layer has other channels there, their mean square counts.
  ///   - perChannel: Whether each filter has a factor of its own. Otherwise a layer has one, so that a scale that its filters
  ///     share fits them as before.
  /// - Returns: The network.
  /// - Throws: ``NetworkError`` for numbers that are not finite.
  package func withFilterLengths(of original: Network, perChannel: Bool) throws -> Network {
    var edit = EditableNetwork(self)
    let reference = EditableNetwork(original)
    for (position, node) in graph.nodes.enumerated() {
      guard node.layer is BatchNorm, let layer = edit.layer(of: position),
        reference.layer(of: position) == layer, let places = edit.weights(layer),
        let originals = reference.weights(layer)
      else { continue }
      let now = edit.squaredLengths(places), before = reference.squaredLengths(originals)
      let sharesChannels = now.count == before.count
      let mean = (now: now.mean, before: before.mean)
      for channel in now.indices {
        let ratio =
          perChannel && sharesChannels
          ? now[channel] / before[channel]
          : perChannel ? now[channel] / mean.before : mean.now / mean.before
        // A filter of zeros has no length to give or to take.
        guard ratio > 0, ratio.isFinite else { continue }
        edit.moveFactor(ratio.squareRoot(), of: layer, channel, to: position)
      }
    }
    return try edit.edited()
  }
}

extension EditableNetwork {
  fileprivate func squaredLengths(_ places: WeightPlaces) -> [Double] {
    (0..<places.outputs).map { output in
      places.positions(output: output).reduce(0) { $0 + values[$1] * values[$1] }
    }
  }
}

extension [Double] {
  fileprivate var mean: Double { reduce(0, +) / Double(count) }
}
