public import DynaDFQ

/// Half the squared distance of a node's value to a target: an objective whose gradient is the
/// difference, at any node.
public struct SquaredDistance: ImageObjective {
  /// The targets, N and the node's shape.
  public let target: Tensor
  /// The graph's node.
  public let node: Int
  /// The factor of the loss.
  public let weight: Float
  /// What the loss is called.
  public let name = "squared distance"

  /// Makes the objective for targets N and the node's shape.
  public init(target: Tensor, node: Int, weight: Float = 1) {
    self.target = target
    self.node = node
    self.weight = weight
  }

  /// The loss of one image and its gradient.
  public func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double {
    var loss = 0.0
    for index in value.indices {
      let difference = value[index] - target[image * value.count + index]
      loss += Double(difference) * Double(difference) / 2
      gradient[index] += scale * difference
    }
    return loss
  }
}

extension Network {
  /// A network of any graph with random, well-behaved parameters: running variances around 1.
  public static func random(
    _ graph: Graph, seed: UInt64 = 1, architecture: String = "test"
  ) -> Network {
    let layout = ParameterLayout(graph)
    var parameters = ParameterSet(initializing: layout, seed: seed)
    var stream = RandomStream(seed: seed, "random network")
    for entry in layout.entries where entry.role != .weight {
      for index in entry.range {
        let noise = 0.3 * stream.normal()
        switch entry.role {
        case .normScale: parameters.values[index] = 1 + noise
        case .runningVariance: parameters.values[index] = 1 + abs(noise)
        default: parameters.values[index] = noise
        }
      }
    }
    let channels = graph.inputShape.dimensions.last!
    do {
      return try Network(
        architecture: architecture, graph: graph, parameters: parameters,
        preprocessing: Preprocessing(
          mean: [Float](repeating: 0.5, count: channels),
          standardDeviation: [Float](repeating: 0.25, count: channels)))
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// A ResNet-8 on 8 x 8 x 3 images of 4 classes with random parameters: the smallest network of
  /// the zoo.
  public static func tinyResNet(seed: UInt64 = 1, projection: Bool = false) throws -> Network {
    let architecture = Architecture(
      .cifarResNet(depth: 8, projection: projection), imageShape: [8, 8, 3], classCount: 4)
    return random(
      try architecture.graph(), seed: seed, architecture: architecture.name)
  }
}

/// Small real images that can be told apart: each class has its own bright corner.
public struct CornerImages: RealImages {
  /// The number of images.
  public let count: Int
  /// What the set is called.
  public let name: String
  /// The classes' names.
  public var classNames: [String] { (0..<classes).map { "corner \($0)" } }
  private let classes: Int

  /// Makes `count` images of 8 x 8 x 3 in `classes` (at most 4) classes.
  public init(count: Int, classes: Int = 4) {
    self.count = count
    self.classes = classes
    name = "corners"
  }

  /// The classes take turns.
  public func label(at index: Int) -> Int { index % classes }

  /// Noise with a bright corner.
  public func image(at index: Int) -> PixelImage {
    var stream = RandomStream(seed: 9, "corners", index)
    let label = label(at: index)
    return PixelImage(
      height: 8, width: 8, channels: 3,
      pixels: (0..<192).map { position in
        let (row, column) = (position / 24, position / 3 % 8)
        let isBright = (row >= 4) == (label >= 2) && (column >= 4) == (label % 2 == 1)
        return UInt8(stream.integer(below: 100) + (isBright ? 120 : 0))
      })
  }
}

extension SyntheticImages {
  /// Random images with one-hot labels for every second image (the easy ones) and soft labels for
  /// the others.
  public static func random(
    _ count: Int, shape: Shape = [8, 8, 3], classes: Int = 4, seed: UInt64 = 5
  ) -> SyntheticImages {
    var stream = RandomStream(seed: seed, "synthetic")
    var labels = Tensor(shape: [count, classes])
    for row in 0..<count {
      let isEasy = row % 2 == 0
      labels[row * classes + row % classes] = isEasy ? 1 : 0.75
      if !isEasy { labels[row * classes + (row + 1) % classes] = 0.25 }
    }
    return SyntheticImages(
      images: stream.tensor(Shape([count] + shape.dimensions)), labels: labels,
      isEasy: (0..<count).map { $0 % 2 == 0 }, anchors: (0..<count).map { $0 % classes },
      difficulty: .init(
        repeating: Difficulty(labelEntropy: 0, predictionEntropy: 0, gradientNorm: 0),
        count: count))
  }
}
