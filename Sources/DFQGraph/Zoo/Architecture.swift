public import DFQTensor

/// A network's architecture by name, with its arguments: what the zoo can build.
///
/// Names look like `resnet20-cifar`, `resnet56-cifar-projection`, `resnet18`, `mobilenetv2`,
/// `efficientnet-lite0`; arguments follow after a colon, such as
/// `resnet20-cifar:input=28x28x1,classes=10`.
public struct Architecture: Hashable, Sendable {
  /// The family and depth.
  public enum Family: Hashable, Sendable {
    /// A CIFAR ResNet of depth 6n+2 with padded-identity or projection shortcuts.
    case cifarResNet(depth: Int, projection: Bool)
    /// An ImageNet ResNet of depth 18, 34 or 50.
    case resNet(depth: Int)
    /// MobileNetV2 of width 1.
    case mobileNetV2
    /// EfficientNet-Lite0.
    case efficientNetLite0
  }

  /// The family.
  public let family: Family
  /// The images' shape, H W C.
  public let imageShape: Shape
  /// The number of classes.
  public let classCount: Int
  /// The normalization of real images.
  public let preprocessing: Preprocessing

  /// Makes an architecture; what is left out takes the family's usual value.
  public init(
    _ family: Family, imageShape: Shape? = nil, classCount: Int? = nil,
    preprocessing: Preprocessing? = nil
  ) {
    self.family = family
    let isCIFAR = if case .cifarResNet = family { true } else { false }
    let shape = imageShape ?? (isCIFAR ? [32, 32, 3] : [224, 224, 3])
    self.imageShape = shape
    self.classCount = classCount ?? (isCIFAR ? 10 : 1000)
    if let preprocessing {
      self.preprocessing = preprocessing
    } else if family == .efficientNetLite0 {
      self.preprocessing = .efficientNetLite
    } else {
      self.preprocessing = shape.dimensions.last == 1 ? .fashionMNIST : .imageNet
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

  /// The network with new weights drawn from a seed; throws `NetworkError.shapeMismatch` where the
  /// images are too small.
  public func network(seed: UInt64) throws -> Network {
    let graph = try graph()
    return Network(
      architecture: name, graph: graph,
      parameters: ParameterSet(initializing: ParameterLayout(graph), seed: seed),
      preprocessing: preprocessing)
  }

  private func graph() throws -> Graph {
    switch family {
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
