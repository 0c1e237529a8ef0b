import DFQTensor

/// The mean difference of two measurements of the same images with a bootstrap interval over the images
/// (Efron's percentile interval, 95 %).
public struct PairedBootstrap: Sendable, Codable, Equatable {
  /// The mean difference.
  public let mean: Double
  /// The 2.5 % quantile of the resampled means.
  public let lower: Double
  /// The 97.5 % quantile of the resampled means.
  public let upper: Double

  /// Compares two measurements, one value for each image; the same seed gives the same interval.
  ///
  /// - Parameters:
  ///   - first: The first measurement.
  ///   - second: The second measurement of the same images.
  ///   - resamples: How often the images are drawn anew, at least 40.
  ///   - seed: The seed of the draws.
  public init(
    _ first: [Double], less second: [Double], resamples: Int = 1000, seed: UInt64 = 0
  ) {
    precondition(first.count == second.count, "measurements of the same images are needed")
    precondition(resamples >= 40, "at least 40 resamples are needed")
    let differences = zip(first, second).map { $0 - $1 }
    mean = Statistics.mean(differences)
    guard differences.contains(where: { $0 != differences[0] }) else {
      (lower, upper) = (mean, mean)
      return
    }
    var stream = RandomStream(seed: seed, "paired bootstrap")
    let count = differences.count
    var means = [Double](repeating: 0, count: resamples)
    for sample in means.indices {
      var sum = 0.0
      for _ in 0..<count { sum += differences[stream.integer(below: count)] }
      means[sample] = sum / Double(count)
    }
    means.sort()
    lower = PairedBootstrap.quantile(0.025, of: means)
    upper = PairedBootstrap.quantile(0.975, of: means)
  }

  /// Linear between the order statistics.
  static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = Int(place)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
  }
}

/// Mean and standard deviation of one figure over runs with different seeds.
public struct SeedSpread: Sendable, Codable, Equatable {
  /// The mean over seeds.
  public let mean: Double
  /// The sample standard deviation; nil for one seed.
  public let deviation: Double?
  /// The number of seeds.
  public let count: Int

  /// Summarizes the values of all seeds.
  public init(_ values: [Double]) {
    mean = Statistics.mean(values)
    deviation = values.count > 1 ? Statistics.deviation(values) : nil
    count = values.count
  }
}
