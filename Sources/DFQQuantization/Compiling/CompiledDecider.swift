/// The map of one group's scores, as integer programs have it: see `Decision`.
struct CompiledHead: Sendable, Equatable {
  /// The width of the hidden layer, 0 for a linear map.
  var hidden: Int
  /// Linear: F x M weights, M biases; with a hidden layer: F x H, H, H x M, M.
  var parameters: [Float]
}

/// A decider whose scores are a linear map or a small network of the features, so that integer programs
/// can take its decisions.
protocol CompiledDecider: BitDecider {
  /// The map of each group's scores.
  func heads(at site: DecisionSite, parameters: [Float]) -> [CompiledHead]
}

extension HeadDecider {
  /// The columns of the head's last layer that belong to each group; each group gets the whole hidden
  /// layer.
  func headsOfGroups(at site: DecisionSite, parameters: [Float]) -> [CompiledHead] {
    let (columns, candidates) = (site.scoreCount, site.candidates.count)
    let first = hidden == 0 ? 0 : (site.featureCount + 1) * hidden
    return site.groups.indices.map { group in
      let rows = stride(from: first, to: parameters.count, by: columns)
      let own = rows.flatMap { row in
        parameters[row + group * candidates..<row + (group + 1) * candidates]
      }
      return CompiledHead(hidden: hidden, parameters: Array(parameters[..<first]) + own)
    }
  }
}

extension PerLayerSelector: CompiledDecider {
  func heads(at site: DecisionSite, parameters: [Float]) -> [CompiledHead] {
    headsOfGroups(at: site, parameters: parameters)
  }
}

extension PerImageSelector: CompiledDecider {
  func heads(at site: DecisionSite, parameters: [Float]) -> [CompiledHead] {
    headsOfGroups(at: site, parameters: parameters)
  }
}

extension SensitivitySelector: CompiledDecider {
  /// Rows of an intercept and coefficients become columns of coefficients, then intercepts; the scores
  /// are the negative predictions.
  func heads(at site: DecisionSite, parameters: [Float]) -> [CompiledHead] {
    let (features, candidates) = (site.featureCount, site.candidates.count)
    let coefficients = (0..<features).flatMap { feature in
      (0..<candidates).map { -parameters[$0 * (1 + features) + 1 + feature] }
    }
    let intercepts = (0..<candidates).map { -parameters[$0 * (1 + features)] }
    return [CompiledHead(hidden: 0, parameters: coefficients + intercepts)]
  }
}
