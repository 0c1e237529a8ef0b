import DynaDFQ

/// The first integers, the scales and the zero points of a student's layer.
struct LayerDescription: Encodable {
  /// The grid of the layer's input at one number of bits.
  struct InputGrid: Encodable {
    var bits: Int
    var scale: Float
    var zeroPoint: Float
    var lowestCode: Int
    var highestCode: Int
  }

  var name: String
  var shape: [Int]
  var bits: Int
  var codes: [Int32]
  var scales: [Float]
  var zeroPoints: [Float]
  var inputGrids: [InputGrid]

  init(_ name: String, of student: QuantizedNetwork?, _ network: Network) throws {
    guard let student else {
      throw ToolError.usage("--layer shows integers, and the file's network is not quantized")
    }
    guard let layer = student.layers.first(where: { $0.name == name }) else {
      throw NetworkError.noSuchLayer(name: name)
    }
    let integers = try student.integerWeights(of: name)
    self.name = name
    shape = integers.shape.dimensions
    bits = integers.bits
    codes = Array(integers.codes.prefix(16))
    scales = Array(integers.scales.prefix(8))
    zeroPoints = integers.zeroPoints.prefix(8).map { Float($0) }
    inputGrids = zip(layer.inputBits ?? [], layer.inputGrids ?? []).map { bits, grid in
      InputGrid(
        bits: bits, scale: grid.scale, zeroPoint: Float(grid.zeroPoint),
        lowestCode: Int(grid.lowest), highestCode: Int(grid.highest))
    }
  }

  func show() throws {
    try Output.line("\(name): \(Shape(shape)) integers of \(bits) bits")
    try Output.line("first codes \(codes.map(String.init).joined(separator: " "))")
    try Output.line("scales \(scales), zero points \(zeroPoints)")
    for grid in inputGrids {
      try Output.line(
        "input at \(grid.bits) bits: scale \(grid.scale), zero point \(grid.zeroPoint), "
          + "codes \(grid.lowestCode)...\(grid.highestCode)")
    }
  }
}
