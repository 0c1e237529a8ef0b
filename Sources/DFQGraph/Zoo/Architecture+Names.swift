import DFQTensor

extension Architecture {
  /// The families by example, for messages and help.
  public static let knownNames = [
    "resnet20-cifar", "resnet20-cifar-projection", "resnet18", "resnet34", "resnet50",
    "mobilenetv2", "efficientnet-lite0",
  ]

  /// Reads a name such as `resnet20-cifar:input=28x28x1,classes=10`; throws
  /// `NetworkError.unknownArchitecture`.
  public init(name: String) throws {
    try self.init(name: name, preprocessing: nil)
  }

  private init(
    name: String, preprocessing: Preprocessing?, imageShape: Shape? = nil, classCount: Int? = nil
  ) throws {
    let unknown = NetworkError.unknownArchitecture(
      found: name, known: Architecture.knownNames + ["NAME:input=HxWxC,classes=N"])
    let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
    guard let first = parts.first, let family = Family(name: first) else { throw unknown }
    var shape = imageShape
    var classes = classCount
    for argument in parts.count > 1 ? parts[1].split(separator: ",") : [] {
      let pair = argument.split(separator: "=")
      guard pair.count == 2 else { throw unknown }
      switch pair[0] {
      case "input":
        let extents = pair[1].split(separator: "x").map { Int($0) }
        guard extents.count == 3, extents.allSatisfy({ $0 != nil && (1...4096).contains($0!) })
        else { throw unknown }
        shape = Shape(extents.map { $0! })
      case "classes":
        guard let count = Int(pair[1]), (2...1_000_000).contains(count) else { throw unknown }
        classes = count
      default: throw unknown
      }
    }
    self.init(family, imageShape: shape, classCount: classes, preprocessing: preprocessing)
  }

  /// Reads a safetensors file's metadata: ours (`arch`, `mean`, `std`), or what public checkpoints
  /// say in `arch`, `classes` and `input` ("1x3x32x32 RGB, x/255 then mean 0.485,0.456,0.406 std
  /// 0.229,0.224,0.225").
  public init(metadata: [String: String]) throws {
    guard let arch = metadata["arch"], let first = arch.split(separator: " ").first else {
      throw NetworkError.unknownArchitecture(
        found: metadata["arch"] ?? "(the file's metadata has no \"arch\")",
        known: Architecture.knownNames)
    }
    let input = metadata["input"] ?? ""
    func numbers(after word: String, in text: String) -> [Float]? {
      let words = text.split(separator: " ")
      guard let place = words.firstIndex(of: Substring(word)), place + 1 < words.count else {
        return nil
      }
      let values = words[place + 1].split(separator: ",").map { Float($0) }
      return values.allSatisfy { $0?.isFinite == true } ? values.map { $0! } : nil
    }
    let mean = metadata["mean"].flatMap { numbers(after: "mean", in: "mean \($0)") }
    let deviation = metadata["std"].flatMap { numbers(after: "std", in: "std \($0)") }
    var preprocessing: Preprocessing?
    if let mean = mean ?? numbers(after: "mean", in: input),
      let deviation = deviation ?? numbers(after: "std", in: input), mean.count == deviation.count,
      deviation.allSatisfy({ $0 > 0 })
    {
      preprocessing = Preprocessing(mean: mean, standardDeviation: deviation)
    }
    var shape: Shape?
    let extents = (input.split(separator: " ").first ?? "").split(separator: "x").map { Int($0) }
    if extents.count == 4, extents.allSatisfy({ $0 != nil && (1...4096).contains($0!) }) {
      shape = [extents[2]!, extents[3]!, extents[1]!]
    }
    let classes = metadata["classes"].flatMap { Int($0) }.flatMap { $0 > 1 ? $0 : nil }
    try self.init(
      name: String(first), preprocessing: preprocessing, imageShape: shape, classCount: classes)
    if self.preprocessing.mean.count != self.imageShape.dimensions.last {
      throw NetworkError.imageShape(
        expected: [self.imageShape[0], self.imageShape[1], self.preprocessing.mean.count],
        found: self.imageShape)
    }
  }

  /// The metadata our own files carry.
  func metadata(preprocessing: Preprocessing) -> [String: String] {
    func list(_ values: [Float]) -> String { values.map(\.description).joined(separator: ",") }
    return [
      "arch": name, "mean": list(preprocessing.mean), "std": list(preprocessing.standardDeviation),
      "format": "pt",
    ]
  }
}

extension Architecture.Family {
  fileprivate init?(name: String) {
    switch name {
    case "mobilenetv2": self = .mobileNetV2
    case "efficientnet-lite0": self = .efficientNetLite0
    default:
      guard name.hasPrefix("resnet") else { return nil }
      let rest = name.dropFirst("resnet".count)
      let digits = rest.prefix { $0.isNumber }
      guard let depth = Int(digits), depth <= 2000 else { return nil }
      switch rest.dropFirst(digits.count) {
      case "" where [18, 34, 50].contains(depth): self = .resNet(depth: depth)
      case "-cifar" where depth >= 8 && depth % 6 == 2:
        self = .cifarResNet(depth: depth, projection: false)
      case "-cifar-projection" where depth >= 8 && depth % 6 == 2:
        self = .cifarResNet(depth: depth, projection: true)
      default: return nil
      }
    }
  }
}
