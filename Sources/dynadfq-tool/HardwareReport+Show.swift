import DynaDFQ

/// The tables of `inspect --hardware`.
extension HardwareReport {
  func show() throws {
    try Output.line("\(subject): \(Output.mega(rows[0].bitOPs)) BitOPs an image")
    try Output.line(
      "in brackets: times \(reference), the static student of uniform bits with the nearest BitOPs "
        + "(\(times(rows[0].ratio.bitOPs)))")
    try Output.line(
      "a roofline for each layer: arithmetic or traffic, whichever is longer, and stalls; all but "
        + "latency for one image")
    try Output.line()
    try Output.table(
      [
        "hardware", "batch", "latency us", "at most", "us/image", "arithmetic", "traffic", "stalls",
        "use %",
        "uJ/image",
      ],
      rows.map { row in
        [
          row.hardware, "\(row.batch)", micro(row.latency), micro(row.longestLatency),
          "\(micro(row.secondsPerImage)) (\(times(row.ratio.seconds)))",
          micro(row.computeSecondsPerImage), micro(row.memorySecondsPerImage),
          micro(row.stallSecondsPerImage), Output.fixed(100 * row.utilization, digits: 0),
          row.energyPerImage.map { "\(micro($0)) (\(times(row.ratio.energy ?? .nan)))" } ?? "-",
        ]
      })
    try Output.line()
    try Output.table(
      [
        "hardware", "batch", "weights stay", "DRAM kB", "weights", "activations", "selector",
        "on chip kB", "weights", "activations", "selector",
      ],
      rows.map { row in
        let traffic = row.traffic
        return [
          row.hardware, "\(row.batch)", row.isResident ? "yes" : "no",
          "\(kilo(traffic.memory)) (\(times(row.ratio.memoryBytes)))",
          kilo(traffic.memoryWeights), kilo(traffic.memoryActivations),
          kilo(traffic.memorySelector), kilo(traffic.cache), kilo(traffic.cacheWeights),
          kilo(traffic.cacheActivations), kilo(traffic.cacheSelector),
        ]
      })
    for row in rows {
      guard let share = row.selectorShare else { continue }
      try Output.line(
        "selector on \(row.hardware), batch \(row.batch): \(Output.percent(share.bitOPs)) % of "
          + "BitOPs, \(Output.percent(share.seconds)) % of time, \(Output.percent(share.bytes)) % of "
          + "traffic")
    }
    for row in rows { try show(row.layers, title: "\(row.hardware), batch \(row.batch)") }
  }

  private func show(_ layers: [LayerCost]?, title: String) throws {
    guard let layers else { return }
    try Output.line()
    try Output.line("\(title), the whole batch")
    try Output.table(
      [
        "layer", "pass", "BitOPs", "us", "arithmetic", "traffic", "stalls", "DRAM kB", "on chip kB",
      ],
      layers.map { layer in
        [
          layer.isSelector ? "decision at \(layer.name)" : layer.name, "\(layer.pass + 1)",
          Output.mega(layer.bitOPs), micro(layer.seconds), micro(layer.computeSeconds),
          micro(layer.memorySeconds), micro(layer.stallSeconds), kilo(layer.traffic.memory),
          kilo(layer.traffic.cache),
        ]
      })
  }

  private func micro(_ value: Double) -> String { Output.short(value * 1e6) }
  private func kilo(_ bytes: Double) -> String { Output.fixed(bytes / 1000, digits: 1) }
  private func times(_ ratio: Double) -> String { Output.fixed(ratio, digits: 2) }
}
