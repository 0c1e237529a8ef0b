import ArgumentParser
import DynaDFQ

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what is in a network's, a student's, a cascade's or a set of images' file.",
    discussion: """
      Examples: dynadfq inspect --similarity
      dynadfq inspect --kernels --network resnet18
      dynadfq inspect student.safetensors --layer layer1.0.conv1
      dynadfq inspect student.safetensors --images images.safetensors --picture bits.png
      dynadfq inspect cascade.safetensors --hardware --continuing 0.27
      dynadfq inspect --hardware --network mobilenetv2 --widths W4A4
      """)

  @Argument(
    help: """
      A file of a network (safetensors or ONNX), student, cascade or images. (default: the network that comes with the tool)
      """)
  var file: String?
  @Option(help: "The architecture, where the file's metadata does not tell it.")
  var arch: String?
  @Flag(help: "Show what runs where: each convolution's kernel and its measured speed.")
  var kernels = false
  @Option(help: "With --kernels or --hardware: an architecture's name instead of a file.")
  var network: String?
  @Flag(help: "Show each class's nearest classes.")
  var similarity = false
  @Option(
    help: """
      With --similarity: what classes are compared by, dotProduct, cosine or centredCosine. \
      (default: dotProduct)
      """)
  var measure: ClassSimilarity.Measure?
  @Option(help: "Show the first integers, scales and zero points of a student's layer.")
  var layer: String?
  @Option(help: "With --picture: the synthetic images to draw.")
  var images: String?
  @Option(help: "Where the picture goes (PNG): images from easy to hard, with labels and bits.")
  var picture: String?
  @Option(help: ClassNames.help)
  var classNames: String?
  @OptionGroup var cost: HardwareOptions
  @OptionGroup var options: RunOptions

  func validate() throws {
    try Demand.absent("--measure", measure != nil && !similarity, "without --similarity")
    try Demand.absent(
      "--network", network != nil && !kernels && !cost.hardware, "without --kernels or --hardware")
    try Demand.absent("--widths", !cost.widths.isEmpty && network == nil, "without --network")
    try Demand.absent("--images", images != nil && picture == nil, "without --picture")
    try Demand.absent("--class-names", classNames != nil && picture == nil, "without --picture")
    if network != nil { try Demand.absent("the file", file != nil, "with --network") }
    for (option, isGiven) in [
      ("--arch", arch != nil), ("--kernels", kernels), ("--similarity", similarity),
      ("--layer", layer != nil), ("--picture", picture != nil),
    ] {
      try Demand.absent(option, cost.hardware && isGiven, "with --hardware")
    }
    guard kernels else { return }
    try Demand.absent("--similarity", similarity, "with --kernels")
    try Demand.absent("--layer", layer != nil, "with --kernels")
    try Demand.absent("--picture", picture != nil, "with --kernels")
  }

  func run() throws {
    var preflight = Preflight()
    preflight.reads("the file", ModelOptions.path(file))
    preflight.reads("--images", images)
    preflight.reads("--bits-of", cost.bitsOf)
    preflight.writes("--picture", picture)
    try preflight.check()
    if kernels { return try KernelReport(network: measured(), options: options).print() }
    if cost.hardware { return try inspectHardware() }
    switch try kind() {
    case .images(let set): try inspect(set)
    case .cascade(let cascade): try inspect(cascade)
    case .network(let network): try inspect(network, student: nil)
    case .student(let student): try inspect(student.network, student: student)
    }
  }

  /// What a file holds.
  private enum Kind {
    case network(Network)
    case student(QuantizedNetwork)
    case cascade(StudentCascade)
    case images(SyntheticImages)
  }

  private func kind() throws -> Kind {
    let name = file ?? Network.Pretrained.resNet20FashionMNIST.rawValue
    if let known = Network.Pretrained(rawValue: name) {
      try Demand.absent("--arch", arch != nil, "on a network that comes with the tool")
      return .network(try .pretrained(known))
    }
    if ONNXOptions.isONNX(name) {
      try Demand.absent("--arch", arch != nil, "on an ONNX model, which holds its graph")
      return .network(try ONNXOptions.network(name))
    }
    let stored = try SafetensorsFile(contentsOf: name)
    let metadata = stored.metadata
    if StudentCascade.isStored(in: stored) {
      return .cascade(try StudentCascade(stored, path: name))
    }
    if metadata["format"]?.hasPrefix("dynadfq synthetic images") == true {
      return .images(try SyntheticImages(contentsOf: name))
    }
    if metadata["quantizer"] != nil {
      try Demand.absent("--arch", arch != nil, "on a student's file")
      return .student(try QuantizedNetwork(contentsOf: name))
    }
    return .network(
      try Network(contentsOf: name, architecture: try arch.map { try Architecture(name: $0) }))
  }

  /// The network whose kernels are measured.
  private func measured() throws -> Network {
    if let network {
      return try RandomData.network(
        network == "resnet20" ? "resnet20-cifar" : network, seed: options.seed)
    }
    switch try kind() {
    case .network(let network): return network
    case .student(let student): return student.network
    case .cascade(let cascade): return cascade.levels[0].network
    case .images: throw ToolError.usage("--kernels needs a network, \(file ?? "") holds images")
    }
  }

  private func inspectHardware() throws {
    let report = try hardwareReport()
    if options.json { try Output.json(report, run: options) } else { try report.show() }
  }

  private func hardwareReport() throws -> HardwareReport {
    if let network {
      return try cost.report(network: network, seed: options.seed)
    }
    switch try kind() {
    case .student(let student): return try HardwareReport(student, options: cost)
    case .cascade(let cascade): return try HardwareReport(cascade, options: cost)
    case .network, .images:
      throw ToolError.usage("--hardware needs a student or a cascade")
    }
  }

  private func inspect(_ cascade: StudentCascade) throws {
    for (option, isGiven) in [
      ("--arch", arch != nil), ("--similarity", similarity), ("--layer", layer != nil),
      ("--picture", picture != nil),
    ] {
      try Demand.absent(option, isGiven, "on a cascade; inspect its students")
    }
    let description = CascadeDescription(cascade)
    if options.json { try Output.json(description, run: options) } else { try description.show() }
  }

  private func inspect(_ set: SyntheticImages) throws {
    for (option, isGiven) in [
      ("--arch", arch != nil), ("--similarity", similarity), ("--layer", layer != nil),
      ("--picture", picture != nil),
    ] {
      try Demand.absent(option, isGiven, "on a file of images; see synthesize --picture")
    }
    let description = ImagesDescription(set)
    if options.json { try Output.json(description, run: options) } else { try description.show() }
  }

  private func inspect(_ network: Network, student: QuantizedNetwork?) throws {
    var description = NetworkDescription(network, student: student)
    if similarity {
      let classes = try ClassSimilarity(network, measure: measure ?? .dotProduct)
      description.nearestClasses = (0..<network.classCount).map {
        classes.nearest(to: $0, count: 3)
      }
    }
    if let layer { description.layer = try LayerDescription(layer, of: student, network) }
    if let picture { try draw(picture, student: student, network: network) }
    if options.json { try Output.json(description, run: options) } else { try description.show() }
  }

  private func draw(_ path: String, student: QuantizedNetwork?, network: Network) throws {
    guard let images else { throw ToolError.usage("--picture needs --images") }
    let set = try SyntheticImages(contentsOf: images)
    guard set.images.rowShape == network.imageShape else {
      throw NetworkError.imageShape(expected: network.imageShape, found: set.images.rowShape)
    }
    guard set.count > 0 else { throw ToolError.failure("\(images) has no images to draw") }
    let names = try ClassNames(
      classNames, model: file ?? Network.Pretrained.resNet20FashionMNIST.rawValue, network)
    guard set.labels.shape[1] == network.classCount else {
      throw QuantizationError.classCount(
        expected: network.classCount, found: set.labels.shape[1])
    }
    let bits = try student?.decisions(ofInputs: set.images, context: options.context)
      .map(\.meanBits)
    try Picture(set, network: network, names: names, bits: bits).image().writePNG(to: path)
  }
}
