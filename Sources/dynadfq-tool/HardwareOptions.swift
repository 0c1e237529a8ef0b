import ArgumentParser
import DynaDFQ
import Foundation

/// Options of `inspect --hardware`.
struct HardwareOptions: ParsableArguments {
  @Flag(
    help: """
      Show what a student or cascade costs on models of hardware: BitOPs, traffic, latency and energy \
      for 1 and 64 images. The models' numbers and their sources are in HardwareModel+Constants.swift.
      """)
  var hardware = false
  @Option(
    help: """
      With --hardware: the mean bits of a dynamic student's outputs. (default: the middle candidate)
      """)
  var meanBits: Double?
  @Option(
    help: """
      With --hardware: a file of what `evaluate --json` printed, whose bits of each output a dynamic \
      student gets. (default: the middle candidate)
      """)
  var bitsOf: String?
  @Option(
    help: """
      With --hardware: the share of images that continues at each level of a cascade, separated by \
      commas. (default: the fitted shares)
      """)
  var continuing: String?
  @Option(
    help: """
      With --hardware and --network: the widths of a student, such as W4A4 or W4A3,4,5; several times \
      for the levels of a cascade, with --continuing.
      """)
  var widths: [String] = []
  @Flag(help: "With --hardware: show each layer.")
  var layers = false

  func validate() throws {
    try Demand.absent("--mean-bits", meanBits != nil && !hardware, "without --hardware")
    try Demand.absent("--bits-of", bitsOf != nil && !hardware, "without --hardware")
    try Demand.absent("--bits-of", bitsOf != nil && meanBits != nil, "with --mean-bits")
    try Demand.absent("--continuing", continuing != nil && !hardware, "without --hardware")
    try Demand.absent("--widths", !widths.isEmpty && !hardware, "without --hardware")
    try Demand.absent("--layers", layers && !hardware, "without --hardware")
    try Demand.range("--mean-bits", meanBits, 2...8)
    _ = try shares()
  }

  /// The shares given with `--continuing`.
  func shares() throws -> [Double]? {
    try continuing?.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let share = Double(part), (0...1).contains(share) else {
        throw ToolError.usage("--continuing \(continuing ?? "") is not a list of shares in 0...1")
      }
      return share
    }
  }
}

extension HardwareOptions {
  /// The bits of each output of a dynamic student: of a report, of a mean, or nil where none is given;
  /// with words for it.
  func bits(_ student: QuantizedNetwork) throws -> (bits: [BitShares]?, words: String) {
    for (option, isGiven) in [("--mean-bits", meanBits != nil), ("--bits-of", bitsOf != nil)] {
      try Demand.absent(option, isGiven && !student.isDynamic, "on a static student")
      try Demand.absent(
        option, isGiven && !student.passBits.isEmpty, "on a student of several passes")
    }
    if let bitsOf {
      let text = try FileContents.read(bitsOf, limit: 64 << 20)
      guard let report = try? JSONDecoder().decode(EvaluationReport.self, from: Data(text)),
        report.layers.map(\.name) == student.quantizedOutputs
      else {
        throw ToolError.failure(
          "--bits-of \(bitsOf) is not what `evaluate --json` printed for this student")
      }
      return (
        report.layers.map { BitShares(histogram: $0.histogram) }, ", bits as on \(report.dataset)"
      )
    }
    if let meanBits {
      return (student.bitShares(mean: meanBits), ", \(Output.bits(meanBits)) bits on average")
    }
    guard student.isDynamic else { return (nil, "") }
    return (
      nil,
      student.passBits.isEmpty
        ? ", each output at its middle candidate" : ", passes in the shares they were fitted to"
    )
  }
}

extension HardwareOptions {
  /// Students of an architecture that are not trained: their costs are those of trained ones.
  func report(network name: String, seed: UInt64) throws -> HardwareReport {
    guard !widths.isEmpty else { throw ToolError.usage("--hardware --network needs --widths") }
    let network = try RandomData.network(name, seed: seed)
    let students = try widths.map {
      try QuantizedNetwork(network: network, quantizer: try HardwareOptions.quantizer($0))
    }
    guard students.count > 1 else { return try HardwareReport(students[0], options: self) }
    guard let shares = try shares(), shares.count == students.count - 1 else {
      throw ToolError.usage(
        "\(students.count) --widths need --continuing with \(students.count - 1) shares")
    }
    return try HardwareReport(
      StudentCascade(levels: students, thresholds: shares.map { _ in 1 }, shares: shares),
      options: self)
  }

  /// The quantizer of widths such as W4A3,4,5.
  private static func quantizer(_ text: String) throws -> Quantizer {
    let parts = text.uppercased().dropFirst().split(
      separator: "A", omittingEmptySubsequences: false)
    let activations = parts.last?.split(separator: ",", omittingEmptySubsequences: false)
      .map { Int($0) }
    guard text.uppercased().hasPrefix("W"), parts.count == 2, let weights = Int(parts[0]),
      let activations, activations.allSatisfy({ $0 != nil })
    else { throw ToolError.usage("--widths \(text) is not like W4A4 or W4A3,4,5") }
    return Quantizer(weightBits: weights, activationBits: activations.compactMap { $0 })
  }
}
