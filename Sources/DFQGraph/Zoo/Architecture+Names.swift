import DFQFiles
import DFQTensor

extension Architecture {
  /// The families by example, for messages and help.
  public static let knownNames = [
    "resnet20-cifar", "resnet20-cifar-projection", "resnet18", "resnet34", "resnet50",
    "mobilenetv2", "efficientnet-lite0",
  ]

  /// Reads a name such as `resnet20-cifar:input=28x28x1,classes=10`.
  ///
  /// - Throws: ``NetworkError/unknownArchitecture(found:known:)``.
  public init(name: String) throws {
    try self.init(name: name, imageShape: nil, classCount: nil, projection: false)
  }

  /// Reads a name whose arguments take precedence over those of a file's other fields.
  init(name: String, imageShape: Shape?, classCount: Int?, projection: Bool) throws {
    let unknown = NetworkError.unknownArchitecture(
      found: name, known: Architecture.knownNames + ["NAME:input=HxWxC,classes=N"])
    let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
    guard let first = parts.first, var family = Family(name: first) else { throw unknown }
    if projection, case .cifarResNet(let depth, _) = family {
      family = .cifarResNet(depth: depth, projection: true)
    }
    var shape = imageShape
    var classes = classCount
    for argument in parts.count > 1 ? parts[1].split(separator: ",") : [] {
      let pair = argument.split(separator: "=")
      guard pair.count == 2 else { throw unknown }
      switch pair[0] {
      case "input":
        guard let extents = Architecture.extents(pair[1]), extents.count == 3 else {
          throw unknown
        }
        shape = Shape(extents)
      case "classes":
        guard let count = Int(pair[1]), Architecture.classCounts.contains(count) else {
          throw unknown
        }
        classes = count
      default: throw unknown
      }
    }
    self.init(family, imageShape: shape, classCount: classes)
  }

  /// The numbers of classes that a name or a file may ask for.
  static let classCounts = 2...1_000_000

  /// The extents of a text such as `28x28x1`, each in 1...4096, or nil.
  static func extents(_ text: some StringProtocol) -> [Int]? {
    let extents = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard extents.allSatisfy({ $0.map { (1...4096).contains($0) } ?? false }) else { return nil }
    return extents.compactMap { $0 }
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
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let depth = Int(digits) else { return nil }
      switch rest.dropFirst(digits.count) {
      case "": self = .resNet(depth: depth)
      case "-cifar": self = .cifarResNet(depth: depth, projection: false)
      case "-cifar-projection": self = .cifarResNet(depth: depth, projection: true)
      default: return nil
      }
      guard isKnown else { return nil }
    }
  }
}
