import DFQRuntime
import DFQTensor

/// Selectors as ordinary operators.
extension ProgramExporter {
  /// Takes a decision from a value before it is rounded, or from what it is rounded to: the candidate of each image at the points that it governs.
  mutating func take(
    _ decision: Decision, from value: String, codedAs coded: Coded? = nil, shape: Shape
  ) {
    guard fixed == nil else { return }
    let label = "\(program.points[decision.point].name).decision"
    var features =
      decision.isRounded
      ? codeFeatures(decision, value, coded, shape, label)
      : features(decision, value, shape, label)
    if decision.means.contains(where: { $0 != 0 }) {
      let means = writer.floats(decision.means, shape: [decision.means.count], "\(label).means")
      features = writer.add("Sub", [features, means], "\(label).centred")
    }
    let deviations = writer.floats(
      decision.inverseDeviations, shape: [decision.inverseDeviations.count],
      "\(label).inverseDeviations")
    features = writer.add("Mul", [features, deviations], "\(label).normalized")
    var scores = head(decision, features, label)
    let prices = writer.floats(
      decision.penalties, shape: [decision.penalties.count], "\(label).prices")
    scores = writer.add("Sub", [scores, prices], "\(label).scores")
    // The first of several largest scores, as in the selector.
    let best = writer.add(
      "ArgMax", [scores], "\(label).best", attributes: [.int("axis", 1), .int("keepdims", 0)])
    for governed in decision.governs {
      let candidates = governed.candidates.map(Int.init)
      choices[governed.point] =
        candidates == Array(0..<candidates.count)
        ? best : writer.add("Gather", [writer.list(candidates), best], "\(label).candidate")
    }
  }

  /// Means and deviations of each channel over the sampled positions, N by the number of features.
  private mutating func features(
    _ decision: Decision, _ value: String, _ shape: Shape, _ label: String
  ) -> String {
    let sampled = sampled(value, decision, shape, label)
    let levels = writer.scalar(decision.levels)
    var codes = writer.add("Mul", [sampled, levels], "\(label).levels")
    codes = writer.add(
      "Clip", [codes, writer.scalar(-128), writer.scalar(255)], "\(label).clipped")
    codes = writer.add("Round", [codes], "\(label).codes")
    return statistics(
      decision, codes: codes, offset: nil, step: writer.scalar(1 / decision.levels), label)
  }

  /// The same of the codes of a rounded value, counted from the lowest, in units of the value.
  private mutating func codeFeatures(
    _ decision: Decision, _ value: String, _ coded: Coded?, _ shape: Shape, _ label: String
  ) -> String {
    let point = decision.point
    // Whole numbers, code and offset; a value gives them back.
    var codes = sampled(coded?.number ?? value, decision, shape, label)
    if coded == nil {
      let levels = number(\.levelsPerUnit, of: point, rank: 3, "\(label).levels")
      codes = writer.add("Mul", [codes, levels], "\(label).unrounded")
      codes = writer.add("Round", [codes], "\(label).numbers")
    }
    let hasOffset = program.points[point].grids.contains { $0.offset != 0 }
    if hasOffset {
      let offset = number(\.offset, of: point, rank: 3, "\(label).offset")
      codes = writer.add("Sub", [codes, offset], "\(label).codes")
    }
    return statistics(
      decision, codes: codes,
      offset: hasOffset ? number(\.offset, of: point, rank: 1, "\(label).meanOffset") : nil,
      step: number(\.scale, of: point, rank: 1, "\(label).step"), label)
  }

  /// A number of the grid of a point: a scalar, or one for each image.
  private mutating func number(
    _ field: (Grid) -> Float, of point: Int, rank: Int, _ label: String
  ) -> String {
    let grids = program.points[point].grids
    if let only = candidate(of: point) { return writer.scalar(field(grids[only])) }
    let table = writer.floats(
      grids.map(field), shape: [grids.count] + .init(repeating: 1, count: rank), label)
    return writer.add("Gather", [table, choices[point]!], "\(label).chosen")
  }

  /// The values at the sampled positions, N C and two extents.
  private mutating func sampled(
    _ value: String, _ decision: Decision, _ shape: Shape, _ label: String
  ) -> String {
    var sampled = value
    if shape.rank == 3 {
      for (axis, extent) in [(2, shape[0]), (3, shape[1])] {
        let centres = SelectorFeatures.centres(extent, positions: decision.positions)
        guard centres != Array(0..<extent) else { continue }
        sampled = writer.add(
          "Gather", [sampled, writer.list(centres)], "\(label).sampled",
          attributes: [.int("axis", axis)])
      }
    } else {
      sampled = writer.add(
        "Unsqueeze", [sampled, writer.list([2, 3])], "\(label).sampled")
    }
    return sampled
  }

  /// Means and deviations of codes, in units of the value.
  private mutating func statistics(
    _ decision: Decision, codes: String, offset: String?, step: String, _ label: String
  ) -> String {
    /// The mean over positions, N C.
    func mean(_ value: String, _ name: String) -> String {
      let mean = writer.add("GlobalAveragePool", [value], "\(label).\(name).map")
      return writer.add("Flatten", [mean], "\(label).\(name)", attributes: [.int("axis", 1)])
    }
    let meanCode = mean(codes, "meanCode")
    let parts = decision.statistics.map { statistic in
      switch statistic {
      case .mean:
        let mean = offset.map { writer.add("Add", [meanCode, $0], "\(label).meanNumber") }
        return writer.add("Mul", [mean ?? meanCode, step], "\(label).mean")
      case .deviation:
        let square = writer.add("Mul", [codes, codes], "\(label).square")
        let ofSquares = mean(square, "meanSquare")
        let ofMean = writer.add("Mul", [meanCode, meanCode], "\(label).squareMean")
        var variance = writer.add("Sub", [ofSquares, ofMean], "\(label).variance")
        variance = writer.add("Max", [variance, writer.scalar(0)], "\(label).positive")
        let deviation = writer.add("Sqrt", [variance], "\(label).codeDeviation")
        return writer.add("Mul", [deviation, step], "\(label).deviation")
      }
    }
    guard parts.count > 1 else { return parts[0] }
    return writer.add("Concat", parts, "\(label).features", attributes: [.int("axis", 1)])
  }

  private mutating func head(
    _ decision: Decision, _ features: String, _ label: String
  ) -> String {
    let head = decision.head
    func layer(_ input: String, _ start: Int, _ rows: Int, _ columns: Int, _ name: String)
      -> String
    {
      let weights = Array(decision.parameters[start..<start + rows * columns])
      let bias = Array(
        decision.parameters[start + rows * columns..<start + (rows + 1) * columns])
      let inputs = [
        input, writer.floats(weights, shape: [rows, columns], "\(label).\(name).weight"),
        writer.floats(bias, shape: [columns], "\(label).\(name).bias"),
      ]
      return writer.add("Gemm", inputs, "\(label).\(name)")
    }
    guard head.hidden > 0 else {
      return layer(features, 0, head.features, head.candidates, "head")
    }
    let hidden = layer(features, 0, head.features, head.hidden, "hidden")
    let positive = writer.add("Relu", [hidden], "\(label).hidden.relu")
    return layer(
      positive, (head.features + 1) * head.hidden, head.hidden, head.candidates, "head")
  }
}
