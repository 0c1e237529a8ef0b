import DynaDFQ

/// The top level of a recipe's file.
struct RecipeFile: Decodable {
  let version: Int
  let name: String
  let about: String?
  let seeds: [UInt64]?
  let networks: [NetworkEntry]
  let images: [SettingNode]?
  let students: [SettingNode]?
  let cascades: [CascadeEntry]?
  let upperBounds: [UpperBoundEntry]?
  let evaluations: [SettingNode]?
  let ablations: [AblationEntry]?
}

/// A full-precision network.
struct NetworkEntry: Sendable, Decodable {
  /// What other entries call it.
  let name: String
  /// A safetensors or ONNX file, or the name of a network that comes with the package.
  let model: String
  /// The architecture, where the file does not tell it.
  let arch: String?
  /// Names of the classes: `fashion-mnist`, `cifar10` or `cifar100`; only for pictures.
  let classNames: String?
  /// What an ONNX file does not say.
  let onnx: ONNXEntry?
}

/// What an ONNX file does not say about its network.
struct ONNXEntry: Sendable, Decodable {
  /// The mean of each channel in units of 0...1; nil where the file has the normalization.
  let mean: [Float]?
  /// The standard deviation of each channel.
  let std: [Float]?
  /// The order of the input's axes: `nchw` (the usual one) or `nhwc`.
  let layout: String?
  /// The height and width of images, where the file leaves them open.
  let imageSize: [Int]?
}

/// Two or more students, of which a later one sees the images that an earlier one is not sure of.
struct CascadeEntry: Sendable, Decodable {
  /// What the budget is.
  enum Budget: Sendable, Hashable, Decodable {
    /// Mean BitOPs of an image.
    case bitOPs(Double)
    /// The mean BitOPs of a student on the same synthetic images.
    case student(String)

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let name = try? value.decode(String.self) {
        self = .student(name)
      } else {
        self = .bitOPs(try value.decode(Double.self))
      }
    }
  }

  let name: String
  /// The students' names, cheapest first.
  let levels: [String]
  /// The mean cost that synthetic images may have.
  let budget: Budget
  /// Which images continue; nil for those below the thresholds.
  let rule: CascadeRule?
}

/// A student that is trained on real images, to tell how much better they are than synthetic ones.
struct UpperBoundEntry: Sendable, Decodable {
  let name: String
  /// The student whose settings it has.
  let student: String
  /// The real images, such as `fashion-mnist:train`.
  let data: String
  /// Only the first so many images.
  let limit: Int?
}

/// A set of real images that students and teachers are measured on.
struct EvaluationEntry: Sendable, Decodable {
  let name: String
  /// A description such as `fashion-mnist:test`.
  let data: String
  /// Only the first so many images.
  let limit: Int?
  /// How the images are made worse; nil for the images as they are.
  let corruption: Corruption?
  /// The networks whose students are measured; nil for all.
  let networks: [String]?
  /// The students and cascades that are measured; nil for all.
  let students: [String]?
  /// What dynamic students are compared with.
  let controls: [EvaluationReport.Control]?
}

/// A named change of settings, made to students and to their images.
struct AblationEntry: Sendable, Decodable {
  let name: String
  /// The students that are changed; nil for all.
  let of: [String]?
  /// The image sets on which they are trained; nil for all.
  let on: [String]?
  /// What lies over the students' entries.
  let student: SettingNode?
  /// What lies over the entries of the students' images.
  let images: SettingNode?
}

/// A list of values, or one value in place of a list of one.
struct OneOrMany<Value: Decodable & Sendable & Hashable>: Sendable, Decodable, Hashable {
  let values: [Value]

  init(from decoder: any Decoder) throws {
    if let decoder = decoder as? NodeDecoder, case .list = decoder.node.value {
      var list = try decoder.unkeyedContainer()
      var values: [Value] = []
      while !list.isAtEnd { values.append(try list.decode(Value.self)) }
      self.values = values
    } else {
      values = [try decoder.singleValueContainer().decode(Value.self)]
    }
  }
}
