import DFQGraph
import DFQTensor

/// Channels that are removed, their part taken over by others.
extension UDFC {
  /// The channels that stay of each node and of each layer's input; nodes that are not named keep all.
  private struct Kept {
    var outputs: [Int: [Int]] = [:]
    var inputs: [Int: [Int]] = [:]
  }

  /// Removes the share of channels whose filters are shortest between every two layers without groups.
  ///
  /// Batch norms must be folded (``EditableNetwork/foldNorms()``).
  func pruned(_ network: Network) throws -> TransformedNetwork {
    var edit = EditableNetwork(network)
    let expectations = ChannelExpectations(network)
    var kept = Kept()
    var (removedCount, pairCount) = (0, 0)
    for pair in ScalableChannels(network.graph).pairs {
      guard let layer = edit.layer(of: pair.source), let places = edit.weights(layer),
        let readers = edit.weights(pair.consumer), places.groups == 1, readers.groups == 1,
        pair.channels.count == places.outputs
      else { continue }
      let count = min(Int(pruning * Double(places.outputs)), places.outputs - 1)
      guard count > 0 else { continue }
      let filters = (0..<places.outputs).map { output in
        places.positions(output: output).map { edit.values[$0] }
      }
      let biases = (0..<places.outputs).map { edit.bias(of: pair.source, $0) }
      let order = filters.indices.sorted {
        (filters[$0].squaredLength, $0) < (filters[$1].squaredLength, $1)
      }
      let (removed, rest) = (order.prefix(count).sorted(), order.dropFirst(count).sorted())
      let combinations = combinations(of: rest, for: removed, filters: filters, biases: biases)
      let expected = expectations[network.graph.nodes[pair.consumer].inputs[0]].map(\.mean)
      for (channel, weights) in zip(removed, combinations) {
        for (place, from) in pair.channels[channel].inputs.enumerated() where correctsMeans {
          let replaced = zip(rest, weights).reduce(0) {
            $0 + $1.1 * expected[pair.channels[$1.0].inputs[place]]
          }
          for position in readers.positions(input: from) {
            edit.addToOutput(
              of: pair.consumer, (position - readers.start) % readers.outputs,
              edit.values[position] * (expected[from] - replaced))
          }
        }
        for (other, weight) in zip(rest, weights) {
          for (from, to) in zip(pair.channels[channel].inputs, pair.channels[other].inputs) {
            edit.addInput(of: pair.consumer, from: from, to: to, times: weight)
          }
        }
        // It is gone: the consumer's filters are without it from here on.
        for input in pair.channels[channel].inputs {
          edit.scaleInput(of: pair.consumer, input, by: 0)
        }
      }
      for node in Set([layer, pair.source]) { kept.outputs[node] = rest }
      kept.inputs[pair.consumer] = rest.flatMap { pair.channels[$0].inputs }.sorted()
      removedCount += count
      pairCount += 1
    }
    let changed = try edit.edited()
    return TransformedNetwork(
      network: pairCount == 0 ? changed : try smaller(changed, kept),
      notes: ["\(removedCount) channels between \(pairCount) pairs of layers removed"])
  }

  /// For each removed channel the weights of the kept ones: ridge regression of its filter on theirs,
  /// the bias as one more number, times the root of its weight.
  package func combinations(
    of kept: [Int], for removed: [Int], filters: [[Double]], biases: [Double]
  ) -> [[Double]] {
    func product(_ a: Int, _ b: Int) -> Double {
      zip(filters[a], filters[b]).reduce(biasWeight * biases[a] * biases[b]) { $0 + $1.0 * $1.1 }
    }
    let n = kept.count
    var matrix = kept.flatMap { a in kept.map { b in product(a, b) } }
    let mean = kept.indices.reduce(0) { $0 + matrix[$1 * n + $1] } / Double(n)
    for index in kept.indices { matrix[index * n + index] += ridge * mean }
    let factor = Cholesky(matrix, rows: n)
    return removed.map { channel in factor.solution(kept.map { product($0, channel) }) }
  }

  /// The network with the kept channels only.
  private func smaller(_ network: Network, _ kept: Kept) throws -> Network {
    let graph = network.graph
    return try network.rebuilt(
      architecture: "\(network.architecture), pruned"
    ) { node in
      guard let channels = kept.outputs[node] else { return graph.nodes[node].layer }
      switch graph.nodes[node].layer {
      case var convolution as Convolution:
        convolution.outputChannels = channels.count
        return convolution
      case var linear as Linear:
        linear.outputs = channels.count
        return linear
      case let other: return other
      }
    } value: { entry in
      let old = network.parameters.layout.entry(named: entry.name)!
      let tensor = network.parameters.tensor(old)
      let outputs = kept.outputs[entry.node] ?? Array(0..<old.shape.dimensions.last!)
      guard entry.role == .weight else {
        return Tensor(shape: entry.shape, elements: outputs.map { tensor[$0] })
      }
      let (rows, width) = (old.shape[old.shape.rank - 2], old.shape.dimensions.last!)
      let inputs = kept.inputs[entry.node] ?? Array(0..<rows)
      var elements: [Float] = []
      elements.reserveCapacity(entry.shape.count)
      for tap in 0..<old.shape.count / (rows * width) {
        for input in inputs {
          for output in outputs { elements.append(tensor[(tap * rows + input) * width + output]) }
        }
      }
      return Tensor(shape: entry.shape, elements: elements)
    }
  }
}

extension [Double] {
  fileprivate var squaredLength: Double { reduce(0) { $0 + $1 * $1 } }
}
