public import DFQTensor

/// A network's architecture by name, with its arguments: what the zoo can build.
///
/// Names look like `resnet20-cifar`, `resnet56-cifar-projection`, `resnet18`, `mobilenetv2` or
/// `efficientnet-lite0`. Arguments follow after a colon, such as
/// `resnet20-cifar:input=28x28x1,classes=10`.
public struct Architecture: Hashable, Sendable {
  /// The family and depth.
  public enum Family: Hashable, Sendable {
    /// A CIFAR ResNet of depth 6n+2 with padded-identity or projection shortcuts (He et al., 2016,
    /// section 4.2).
    case cifarResNet(depth: Int, projection: Bool)
    /// An ImageNet ResNet of depth 18, 34 or 50 (He et al., 2016, table 1).
    case resNet(depth: Int)
    /// MobileNetV2 of width 1 (Sandler et al., 2018, table 2).
    case mobileNetV2
    /// EfficientNet-Lite0, padded as TensorFlow pads.
    case efficientNetLite0
  }

  /// The family.
  public let family: Family
  /// The shape of one image, H W C.
  public let imageShape: Shape
  /// The number of classes.
  public let classCount: Int
  /// The normalization that was given, or nil for that of a file or of the family.
  public let givenPreprocessing: Preprocessing?

  /// Creates an architecture; what is left out takes the family's usual value.
  ///
  /// A normalization given here takes precedence over that of a file.
  public init(
    _ family: Family, imageShape: Shape? = nil, classCount: Int? = nil,
    preprocessing: Preprocessing? = nil
  ) {
    self.family = family
    let isCIFAR = if case .cifarResNet = family { true } else { false }
    self.imageShape = imageShape ?? (isCIFAR ? [32, 32, 3] : [224, 224, 3])
    self.classCount = classCount ?? (isCIFAR ? 10 : 1000)
    givenPreprocessing = preprocessing
  }

  /// The normalization of real images: the one given, or the family's usual one.
  public var preprocessing: Preprocessing {
    if let givenPreprocessing { return givenPreprocessing }
    switch imageShape.dimensions.last {
    case 3: return family == .efficientNetLite0 ? .efficientNetLite : .imageNet
    case 1: return .fashionMNIST
    default: return .unit(channels: imageShape.dimensions.last ?? 1)
    }
  }

  /// The family's name.
  public var familyName: String {
    switch family {
    case .cifarResNet(let depth, let projection):
      "resnet\(depth)-cifar" + (projection ? "-projection" : "")
    case .resNet(let depth): "resnet\(depth)"
    case .mobileNetV2: "mobilenetv2"
    case .efficientNetLite0: "efficientnet-lite0"
    }
  }

  /// The full name, from which `init(name:)` makes the same architecture but for its preprocessing.
  public var name: String { "\(familyName):input=\(imageShape),classes=\(classCount)" }

  /// Returns the network with new weights drawn from a seed.
  ///
  /// - Throws: ``NetworkError/shapeMismatch(layer:expected:found:)`` where the images are too
  ///   small or the network is too large, ``NetworkError/unknownArchitecture(found:known:)`` where
  ///   the family has no such depth.
  public func network(seed: UInt64) throws -> Network {
    try Network(architecture: name, graph: graph(), preprocessing: preprocessing, seed: seed)
  }

  /// Returns the layers without any weights.
  ///
  /// - Throws: ``NetworkError/shapeMismatch(layer:expected:found:)`` where the images are too
  ///   small or the network is too large, ``NetworkError/unknownArchitecture(found:known:)`` where
  ///   the family has no such depth.
  public func graph() throws -> Graph {
    guard imageShape.rank == 3,
      Shape.checkedCount(imageShape.dimensions, limit: GraphLimits.elements) ?? 0 > 0
    else {
      throw NetworkError.shapeMismatch(
        layer: "input", expected: "images H W C of at most \(GraphLimits.elements) elements",
        found: "\(imageShape)")
    }
    guard family.isKnown else {
      throw NetworkError.unknownArchitecture(found: name, known: Architecture.knownNames)
    }
    return switch family {
    case .cifarResNet(let depth, let projection):
      try Zoo.cifarResNet(
        depth: depth, projection: projection, input: imageShape, classes: classCount)
    case .resNet(let depth):
      try Zoo.resNet(depth: depth, input: imageShape, classes: classCount)
    case .mobileNetV2: try Zoo.mobileNetV2(input: imageShape, classes: classCount)
    case .efficientNetLite0: try Zoo.efficientNetLite0(input: imageShape, classes: classCount)
    }
  }
}

extension Architecture.Family {
  /// Whether the zoo can build the depth.
  var isKnown: Bool {
    switch self {
    case .cifarResNet(let depth, _): (8...2000).contains(depth) && depth % 6 == 2
    case .resNet(let depth): [18, 34, 50].contains(depth)
    case .mobileNetV2, .efficientNetLite0: true
    }
  }
}
