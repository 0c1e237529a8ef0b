public import DFQFiles
public import DFQGraph
public import DFQTensor

extension Network {
  /// The normalized inputs N H W C of real images; throws `NetworkError.imageShape` and what the
  /// data set throws.
  public func inputs(_ images: any RealImages, at indices: some Collection<Int>) throws -> Tensor {
    let rows = try indices.map {
      try preprocessing.apply(to: try images.image(at: $0), shape: imageShape)
    }
    return Tensor(
      shape: Shape([rows.count] + imageShape.dimensions), elements: rows.flatMap(\.elements))
  }

  /// Moves the running statistics towards a batch's: (1 - momentum) * old + momentum * new, the new
  /// variance unbiased over N H W values, as PyTorch does.
  public mutating func updateStatistics(
    _ statistics: [(mean: [Double], variance: [Double])], count images: Int
  ) {
    for (place, position) in graph.batchNorms.enumerated() {
      guard let norm = graph.nodes[position].layer as? BatchNorm else { continue }
      let shape = graph.nodes[position].outputShape
      let values = Double(images * shape.count / shape.dimensions.last!)
      let momentum = Double(norm.momentum)
      let unbiased = values > 1 ? values / (values - 1) : 1
      func move(_ role: ParameterLayout.Role, _ new: [Double], factor: Double) {
        let range = parameters.layout.entry(node: position, role)!.range
        for (index, value) in zip(range, new) {
          let old = Double(parameters.values[index])
          parameters.values[index] = Float((1 - momentum) * old + momentum * value * factor)
        }
      }
      move(.runningMean, statistics[place].mean, factor: 1)
      move(.runningVariance, statistics[place].variance, factor: unbiased)
    }
  }
}
