import DFQBenchmarks
import DynaDFQ

/// What runs where, with measured speeds: `dynadfq inspect --kernels`.
struct KernelReport {
  let network: Network
  let options: RunOptions

  private struct Summary: Encodable {
    var network: String
    var peak: Double
    var rows: [KernelTimes.Row]
    /// What products of codes reach, and the convolutions of an integer network.
    var codePeak: Double
    var codes: [CodeTimes.Row]
    var elementwise: [ElementwiseSpeeds.Row]
  }

  func print() throws {
    let context = options.context
    let times = KernelTimes(network, context: context)
    let codes = CodeTimes(network, context: context)
    let elementwise = ElementwiseSpeeds(context: context).rows
    if options.json {
      return try Output.json(
        Summary(
          network: network.architecture, peak: times.peak, rows: times.rows,
          codePeak: codes.peak, codes: codes.rows,
          elementwise: elementwise),
        run: options)
    }
    try Output.line(
      "\(network.architecture), one thread, \(context.instructionSet.rawValue), "
        + "\(BLAS.configuration)")
    try Output.line(
      "10^9 operations of the direct algorithm per second, and their share of the measured peak of "
        + "\(Int(times.peak.rounded())) (above 100 % Winograd's algorithm has left some out)")
    func cell(_ speed: Double) -> String {
      "\(Int(speed.rounded())) (\(Int((100 * speed / times.peak).rounded())) %)"
    }
    try Output.table(
      [
        "convolution", "layers", "kernel", "forward", "integer forward", "data gradient",
        "weight gradient",
      ],
      times.rows.map {
        [
          $0.shape, "\($0.layers)", $0.kernel, cell($0.forward), cell($0.integerForward),
          cell($0.dataGradient), cell($0.weightGradient),
        ]
      })
    try show(codes)
    try Output.line()
    try Output.line("10^9 bytes read and written per second, a map of 64 KiB")
    try Output.table(
      ["elementwise kernel", "GB/s"],
      elementwise.map { [$0.kernel, "\(Int($0.bytes.rounded()))"] })
  }

  private func show(_ codes: CodeTimes) throws {
    func cell(_ speed: Double) -> String {
      speed == 0
        ? "" : "\(Int(speed.rounded())) (\(Int((100 * speed / codes.peak).rounded())) %)"
    }
    try Output.line()
    try Output.line(
      "integer networks: the same for codes in and codes out; the peak of products of codes is "
        + "\(Int(codes.peak.rounded()))")
    try Output.table(
      [
        "convolution", "layers", "direct", "Winograd, 8 bits", "6 bits", "5 bits", "4 bits",
        "float",
      ],
      codes.rows.map { row in
        [row.shape, "\(row.layers)", cell(row.direct)] + row.winograd.map(cell)
          + ["\(Int(row.float.rounded()))"]
      })
    let slower = codes.rows.filter(\.isSlowerThanFloat).map(\.shape)
    try Output.line(
      slower.isEmpty
        ? "No convolution is slower in integers than in floating point."
        : "Slower in integers than in floating point: \(slower.joined(separator: "; ")).")
  }
}
