import ArgumentParser
import DynaDFQ

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show a network's or a student's layers, classes, ranges and integers.",
    discussion: """
      Examples: dynadfq inspect --similarity
      dynadfq inspect --kernels --network resnet18
      dynadfq inspect student.safetensors --layer layer1.0.conv1
      dynadfq inspect student.safetensors --images images.safetensors --picture bits.png
      """)

  @Argument(help: "A network's or student's file; the network that comes with the tool by default.")
  var file: String?
  @Option(help: "The architecture, where the file's metadata does not tell it.")
  var arch: String?
  @Flag(help: "Show what runs where: each convolution's kernel and its measured speed.")
  var kernels = false
  @Option(help: "With --kernels: an architecture's name instead of a file.")
  var network: String?
  @Flag(help: "Show each class's nearest classes.")
  var similarity = false
  @Option(help: "What classes are compared by: dotProduct, cosine or centredCosine.")
  var measure = ClassSimilarity.Measure.dotProduct
  @Option(help: "Show the first integers, scales and zero points of a student's layer.")
  var layer: String?
  @Option(help: "Synthetic images to draw.")
  var images: String?
  @Option(help: "Where the picture goes (PNG): images from easy to hard, with labels and bits.")
  var picture: String?
  @OptionGroup var options: RunOptions

  struct LayerRow: Encodable {
    var name: String
    var shape: [Int]
    var macs: Int
    var weightBits: [Int]?
    var inputBits: [Int]?
    var inputRange: [Float]?
  }

  struct Summary: Encodable {
    var architecture: String
    var parameters: Int
    var macs: Int
    var layers: [LayerRow]
    var nearestClasses: [[Int]]?
  }

  func run() throws {
    if kernels { return try KernelReport(network: measured(), options: options).print() }
    let student = try openStudent()
    let network = try student?.network ?? openNetwork()
    let described = Dictionary(
      uniqueKeysWithValues: (student?.layers ?? []).map { ($0.name, $0) })
    let rows = network.graph.weighted.map { position in
      let node = network.graph.nodes[position]
      let quantized = described[node.name]
      let grid = quantized?.inputGrids?.last
      return LayerRow(
        name: node.name, shape: node.outputShape.dimensions, macs: network.graph.macs(position),
        weightBits: quantized?.weightBits, inputBits: quantized?.inputBits,
        inputRange: grid.map { [$0.lowestValue, $0.highestValue] })
    }
    var summary = Summary(
      architecture: network.architecture, parameters: network.parameters.values.count,
      macs: network.graph.macs, layers: rows)
    if similarity {
      let classes = try ClassSimilarity(network, measure: measure)
      summary.nearestClasses = (0..<network.classCount).map { classes.nearest(to: $0, count: 3) }
    }
    if let picture { try draw(picture, student: student, network: network) }
    if options.json { return try Output.json(summary) }
    show(summary)
    if let layer { try show(layer, of: student) }
  }

  /// The network whose kernels are measured.
  private func measured() throws -> Network {
    guard let network else { return try openStudent()?.network ?? openNetwork() }
    return try RandomData.network(
      network == "resnet20" ? "resnet20-cifar" : network, seed: options.seed)
  }

  private func openStudent() throws -> QuantizedNetwork? {
    guard let file, Network.Pretrained(rawValue: file) == nil else { return nil }
    let metadata = try SafetensorsFile(contentsOf: file).metadata
    return metadata["quantizer"] == nil ? nil : try QuantizedNetwork(contentsOf: file)
  }

  private func openNetwork() throws -> Network {
    try ModelOptions.network(
      file ?? Network.Pretrained.resNet20FashionMNIST.rawValue, arch: arch)
  }

  private func draw(_ path: String, student: QuantizedNetwork?, network: Network) throws {
    guard let images else { throw ValidationError("--picture needs --images") }
    let set = try SyntheticImages(contentsOf: images)
    guard set.images.rowShape == network.imageShape else {
      throw NetworkError.imageShape(expected: network.imageShape, found: set.images.rowShape)
    }
    let bits = try student?.decisions(ofInputs: set.images, context: options.context).map(
      \.meanBits)
    try Picture(set, network: network, bits: bits).image().writePNG(to: path)
  }

  private func show(_ summary: Summary) {
    print(
      "\(summary.architecture): \(summary.parameters) parameters, "
        + "\(Output.mega(Double(summary.macs))) MACs")
    func list(_ bits: [Int]?) -> String {
      guard let bits, !bits.isEmpty else { return "float" }
      return bits.map(String.init).joined(separator: ",")
    }
    Output.table(
      ["layer", "output", "MACs", "weight bits", "input bits", "input range"],
      summary.layers.map { row in
        [
          row.name, Shape(row.shape).description, Output.mega(Double(row.macs)),
          list(row.weightBits), list(row.inputBits),
          row.inputRange.map { "\($0[0])...\($0[1])" } ?? "",
        ]
      })
    for (index, nearest) in (summary.nearestClasses ?? []).enumerated() {
      print("class \(index): nearest \(nearest.map(String.init).joined(separator: ", "))")
    }
  }

  private func show(_ layer: String, of student: QuantizedNetwork?) throws {
    guard let integers = try student?.integerWeights(of: layer) else {
      throw NetworkError.noSuchLayer(name: layer)
    }
    print("\(layer): \(integers.shape) integers of \(integers.bits) bits")
    print("first codes \(integers.codes.prefix(16).map(String.init).joined(separator: " "))")
    print("scales \(integers.scales.prefix(8)), zero points \(integers.zeroPoints.prefix(8))")
    for (bits, grid) in zip(
      student!.layers.first { $0.name == layer }?.inputBits ?? [],
      student!.layers.first { $0.name == layer }?.inputGrids ?? [])
    {
      print(
        "input at \(bits) bits: scale \(grid.scale), zero point \(grid.zeroPoint), "
          + "codes \(Int(grid.lowest))...\(Int(grid.highest))")
    }
  }
}
