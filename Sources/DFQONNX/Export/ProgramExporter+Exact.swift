import DFQRuntime
import DFQTensor

/// The integer runtime's own arithmetic in ordinary operators: sums of whole numbers, which are exact in floating point below 2^24,
/// and an ending whose fused multiplications and additions are computed in double precision and rounded once.
extension ProgramExporter {
  /// A value that lies on a grid: (code + zero), a whole number, and the levels per unit.
  struct Coded {
    var number: String
    var levels: String
    let point: Int
  }

  /// A layer of codes: the exact sums, scaled as the integer runtime does it; nil where the input or the weights have no codes.
  ///
  /// `source` says where an element of the written weights is in the program's order, and `product` adds the convolution or the
  /// product of an input and weights, with or without padding of its own.
  mutating func exactSums(
    _ weights: Weights, _ bias: [Float], shape: [Int], source: [Int], outputs: Int,
    _ operation: Operation, output: Shape, _ label: String,
    _ product: (inout Self, _ input: String, _ weight: String, _ bias: String?, _ pads: Bool) ->
      String
  ) -> String? {
    guard isExact, let input = coded[operation.input], case .codes(let versions) = weights else {
      return nil
    }
    let integers = versions.compactMap { $0.integers(channels: outputs) }
    guard integers.count == versions.count else { return nil }
    let grids = program.points[input.point].grids
    let only = candidate(of: input.point)
    let offset = only.map { grids[$0].offset } ?? 0
    let inputName = codes(
      of: input, offset: offset, operation, label)
    let products = versions.indices.map { version -> String in
      let name = versions.count == 1 ? label : "\(label).version\(version)"
      let codes = writer.integers(
        source.map { Int(integers[version][$0]) }, shape: shape, .int8, "\(name).weight.codes")
      let weight = writer.add(
        "DequantizeLinear", [codes, writer.scalar(1)], "\(name).weight.numbers")
      let sum = product(&self, inputName, weight, nil, offset == 0)
      // What a sum is scaled with, for each candidate of the input.
      let candidates = only.map { [$0] } ?? Array(grids.indices)
      let constants = candidates.map { candidate in
        Self.constants(
          versions[version], integers[version], outputs: outputs, bias: bias,
          grid: grids[candidate], offset: offset)
      }
      return fused(
        sum, constants.map(\.scale), constants.map(\.offset),
        choice: only == nil ? choices[input.point] : nil, rank: output.rank, "\(name).number")
    }
    var result = select(products, by: operation.input, rank: output.rank, label)
    let ending = operation.ending
    if !ending.scale.isEmpty {
      result = fused(
        result, [ending.scale], [ending.shift], choice: nil, rank: output.rank,
        "\(label).normalized")
    }
    return end(operation, result, output: output, includesScale: false, label)
  }

  /// The numbers that are multiplied: code + zero where padding is 0, else the code counted from the lowest, with padding around it.
  private mutating func codes(
    of input: Coded, offset: Float, _ operation: Operation, _ label: String
  ) -> String {
    guard offset != 0 else { return input.number }
    let codes = writer.add("Sub", [input.number, writer.scalar(offset)], "\(label).input.codes")
    guard case .convolution(let convolution) = operation.kind else { return codes }
    let pads = pads(convolution.shape)
    guard pads.contains(where: { $0 > 0 }) else { return codes }
    return writer.add(
      "Pad",
      [
        codes, writer.list([0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]),
        writer.scalar(-offset),
      ], "\(label).input.padded")
  }

  /// fma(x, scale, offset) with one rounding, for each channel and, where a choice is given, each image.
  mutating func fused(
    _ value: String, _ scale: [[Float]], _ offset: [[Float]], choice: String?, rank: Int,
    _ label: String
  ) -> String {
    func table(_ rows: [[Float]], _ name: String) -> String {
      let ones = rank == 3 ? [1, 1] : []
      let table = writer.doubles(
        rows.flatMap { $0 }, shape: [rows.count, rows[0].count] + ones, "\(label).\(name)")
      guard let choice else { return table }
      return writer.add("Gather", [table, choice], "\(label).\(name).chosen")
    }
    let double = 11
    let single = 1
    var result = writer.add("Cast", [value], "\(label).double", attributes: [.int("to", double)])
    result = writer.add("Mul", [result, table(scale, "scale")], "\(label).product")
    result = writer.add("Add", [result, table(offset, "offset")], "\(label).sum")
    return writer.add("Cast", [result], label, attributes: [.int("to", single)])
  }

  /// As the integer runtime rounds them: scale = (1 / W) (1 / S) and offset = d total scale + bias.
  private static func constants(
    _ weights: CodedWeights, _ codes: [Int8], outputs: Int, bias: [Float], grid: Grid,
    offset d: Float
  ) -> (scale: [Float], offset: [Float]) {
    var sums = [Float](repeating: 0, count: outputs)
    for (index, code) in codes.enumerated() { sums[index % outputs] += Float(code) }
    let unit = 1 / grid.levelsPerUnit
    let scale = (0..<outputs).map { output in
      1 / weights.levels[weights.levels.count == 1 ? 0 : output] * unit
    }
    let offset = (0..<outputs).map { output in
      let own = d * sums[output] * scale[output]
      return bias.isEmpty ? own : own + bias[output]
    }
    return (scale, offset)
  }
}
