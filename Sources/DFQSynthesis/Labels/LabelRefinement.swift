import DFQEngine
public import DFQGraph
public import DFQTensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The learning labels of one batch: y = softmax(z / tau) with tau = softplus(r), refined to
/// y* = softmax(s W c y + b) with the classes' centroids c; in mode `logits` y = softmax(v).
public struct LabelRefinement: Sendable {
  /// The settings.
  public let settings: RefinedLabels
  /// The classifier applied to class centroids.
  public let smoothing: ClassifierSmoothing
  /// N(0, 1), N x C, fixed; mode `logits` uses it only for the first v.
  public let noise: [Double]
  /// Half-normal entropies in nats, one per image, at most log C.
  public let targets: [Double]
  /// The parameters that learn: r of each image, or v, N x C.
  public var parameters: [Float]
  private var classes: Int { smoothing.classCount }

  /// Draws noise and targets, and starts each temperature where the refined label has its target
  /// entropy, or as near as the classifier's refinement allows.
  ///
  /// Images for ``ClassCentroids/features(imagesPerClass:steps:)`` that no run has made are made here,
  /// with seed 0.
  ///
  /// - Throws: ``SynthesisError/badConfiguration(what:found:)`` for settings out of bounds, and what
  ///   ``ClassifierSmoothing/init(_:confidence:centroids:)`` throws.
  public init(
    _ settings: RefinedLabels, count: Int, network: Network, stream: inout RandomStream
  ) throws {
    try settings.check()
    self.settings = settings
    var centroids: [[Float]]?
    if case .vectors(let vectors) = try settings.centroids.prepared(
      for: network, seed: 0, context: .default)
    {
      centroids = vectors
    }
    let smoothing = try ClassifierSmoothing(
      network, confidence: Double(settings.centroidConfidence), centroids: centroids)
    self.smoothing = smoothing
    let classes = smoothing.classCount
    let largest = log(Double(classes))
    let noise = stream.normals(count * classes).map(Double.init)
    self.noise = noise
    let targets = stream.normals(count).map {
      min(abs(Double($0)) * Double(settings.entropyDeviation) * largest, largest)
    }
    self.targets = targets
    let temperatures = (0..<count).map { image in
      smoothing.temperature(
        of: Array(noise[image * classes..<(image + 1) * classes]), entropy: targets[image])
    }
    switch settings.mode {
    case .temperature: parameters = temperatures.map { Float(inverseSoftplus($0)) }
    case .logits:
      parameters = noise.indices.map { Float(noise[$0] / temperatures[$0 / classes]) }
    }
  }

  /// The number of images.
  public var count: Int { targets.count }

  /// One image's random label y.
  private func mixture(_ image: Int) -> [Double] {
    let row = image * classes..<(image + 1) * classes
    switch settings.mode {
    case .temperature:
      let temperature = softplus(Double(parameters[image]))
      return logSoftmax(noise[row].map { $0 / temperature }).map { exp($0) }
    case .logits: return logSoftmax(parameters[row].map(Double.init)).map { exp($0) }
    }
  }

  /// The refined labels y*, N C.
  public var labels: Tensor {
    Tensor(
      shape: [count, classes],
      elements: (0..<count).flatMap { image in
        smoothing.logLabel(mixture(image)).map { Float(exp($0)) }
      })
  }

  /// The entropy-diversifying loss (not times its weight) and the gradient at the parameters of
  /// that loss times its weight plus a loss on the labels, whose gradient at y* is `labelGradient`,
  /// N C.
  public func lossAndGradient(
    labelGradient: [Double]? = nil
  ) -> (entropyLoss: Double, gradient: [Float]) {
    let mixtures = (0..<count).map(mixture)
    let logLabels = mixtures.map(smoothing.logLabel)
    let entropies = logLabels.map { entropy(ofLogProbabilities: $0) }
    let goals = goals(entropies)
    let share = Double(settings.entropyWeight) / Double(count)
    var gradient: [Float] = []
    for image in 0..<count {
      let slope = 2 * share * (entropies[image] - goals[image])
      let atLabel = (0..<classes).map { c in
        // dH/dp = -(log p + 1). The softmax's gradient multiplies it by p, so a very low log p is
        // cut without effect.
        -slope * (max(logLabels[image][c], -1e6) + 1)
          + (labelGradient.map { $0[image * classes + c] } ?? 0)
      }
      let atLogits = softmaxBackward(atLabel, logLabels[image].map { exp($0) })
      let atMixture = softmaxBackward(
        smoothing.transposeTimes(atLogits), mixtures[image])
      gradient += atParameters(image, atMixture)
    }
    let loss = zip(entropies, goals).reduce(0) {
      $0 + ($1.0 - $1.1) * ($1.0 - $1.1) / Double(count)
    }
    return (loss, gradient)
  }

  private func atParameters(_ image: Int, _ gradient: [Double]) -> [Float] {
    guard settings.mode == .temperature else { return gradient.map(Float.init) }
    let r = Double(parameters[image])
    let temperature = softplus(r)
    let atTemperature = gradient.indices.reduce(0.0) {
      $0 - gradient[$1] * noise[image * classes + $1] / (temperature * temperature)
    }
    return [Float(atTemperature / (1 + exp(-r)))]
  }

  /// The entropies with which those of the images are compared.
  private func goals(_ entropies: [Double]) -> [Double] {
    guard settings.entropyLoss == .sorted else { return targets }
    let order = entropies.indices.sorted { (entropies[$0], $0) < (entropies[$1], $1) }
    var goals = targets
    for (place, target) in targets.sorted().enumerated() { goals[order[place]] = target }
    return goals
  }

  /// The current labels.
  ///
  /// Each is drawn around its most probable class and supported by the classes
  /// with at least a uniform label's share. Easy are those with the confidence of a centroid.
  public var labelBatch: LabelBatch {
    let labels = labels
    let anchors = labels.argmaxOfRows()
    let rows = anchors.indices.map { labels.elements[$0 * classes..<($0 + 1) * classes] }
    return LabelBatch(
      labels: labels,
      isEasy: rows.map { $0.max()! >= settings.centroidConfidence }, anchors: anchors,
      supports: zip(rows, anchors).map { row, anchor in
        let others = (0..<classes).filter {
          $0 != anchor && row[row.startIndex + $0] >= 1 / Float(classes)
        }
        return [anchor] + others
      })
  }
}

extension ClassifierSmoothing {
  /// The temperature at which the refined label of logits z has the target entropy, by bisection of
  /// log tau; the nearer bound where no temperature gives it.
  ///
  /// Temperatures outside of 0.05...50 hardly change the label, so their gradients would vanish.
  func temperature(of noise: [Double], entropy target: Double) -> Double {
    var (low, high) = (log(0.05), log(50.0))
    for _ in 0..<50 {
      let middle = (low + high) / 2
      let label = logSoftmax(noise.map { $0 / exp(middle) }).map { exp($0) }
      if entropy(ofLogProbabilities: logLabel(label)) < target {
        low = middle
      } else {
        high = middle
      }
    }
    return exp((low + high) / 2)
  }
}

private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

private func inverseSoftplus(_ y: Double) -> Double { y > 30 ? y : log(expm1(y)) }
