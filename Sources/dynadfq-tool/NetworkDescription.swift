import DynaDFQ

/// What is in a network's or a student's file.
struct NetworkDescription: Encodable {
  struct LayerRow: Encodable {
    var name: String
    var shape: [Int]
    var macs: Int
    var weightBits: [Int]?
    var inputBits: [Int]?
    var inputRange: [Float]?
  }

  /// How real images become inputs: (pixel / 255 - mean) / standard deviation, by channel.
  struct Normalization: Encodable {
    var mean: [Float]
    var standardDeviation: [Float]
  }

  var architecture: String
  var parameters: Int
  var macs: Int
  var preprocessing: Normalization
  var student: StudentDescription?
  var layers: [LayerRow]
  var nearestClasses: [[Int]]?
  var layer: LayerDescription?

  init(_ network: Network, student: QuantizedNetwork?) {
    let described = Dictionary(
      (student?.layers ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    architecture = network.architecture
    parameters = network.parameters.values.count
    macs = network.graph.macs
    preprocessing = Normalization(
      mean: network.preprocessing.mean,
      standardDeviation: network.preprocessing.standardDeviation)
    self.student = student.map { StudentDescription($0) }
    layers = network.graph.weighted.map { position in
      let node = network.graph.nodes[position]
      let quantized = described[node.name]
      let grid = quantized?.inputGrids?.last
      return LayerRow(
        name: node.name, shape: node.outputShape.dimensions, macs: network.graph.macs(position),
        weightBits: quantized?.weightBits, inputBits: quantized?.inputBits,
        inputRange: grid.map { [$0.lowestValue, $0.highestValue] })
    }
  }

  func show() throws {
    try Output.line(
      "\(architecture): \(parameters) parameters, \(Output.mega(Double(macs))) MACs")
    try Output.line(
      "inputs: (pixel / 255 - mean) / deviation, mean \(list(preprocessing.mean)), "
        + "deviation \(list(preprocessing.standardDeviation))")
    try student?.show()
    try Output.table(
      ["layer", "output", "MACs", "weight bits", "input bits", "input range"],
      layers.map { row in
        [
          row.name, Shape(row.shape).description, Output.mega(Double(row.macs)),
          bits(row.weightBits), bits(row.inputBits),
          row.inputRange.map {
            "\(Output.short(Double($0[0])))...\(Output.short(Double($0[1])))"
          } ?? "",
        ]
      })
    for (index, nearest) in (nearestClasses ?? []).enumerated() {
      try Output.line(
        "class \(index): nearest \(nearest.map(String.init).joined(separator: ", "))")
    }
    try layer?.show()
  }

  private func list(_ values: [Float]) -> String {
    values.map { Output.short(Double($0)) }.joined(separator: ", ")
  }

  private func bits(_ bits: [Int]?) -> String {
    guard let bits, !bits.isEmpty else { return "float" }
    return bits.map(String.init).joined(separator: ",")
  }
}
