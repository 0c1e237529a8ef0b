import DynaDFQ

/// Inputs and logits of another engine, against which a network that was read is checked.
struct ReferenceLogits {
  /// How far a network's logits are from an engine's.
  struct Deviation: Encodable {
    /// The images compared.
    var images: Int
    /// The largest difference, relative to the largest logit of its image.
    var relative: Double
    /// The images whose largest logit is in another place.
    var otherAnswers: Int
  }

  /// N H W C.
  private let inputs: Tensor
  private let logits: Tensor

  /// Reads tensors `inputs` N C H W, already normalized, and `logits` N C.
  init(contentsOf path: String) throws {
    let file = try SafetensorsFile(contentsOf: path)
    let (inputs, logits) = (try file.tensor("inputs"), try file.tensor("logits"))
    guard inputs.shape.rank == 4, logits.shape.rank == 2, inputs.shape[0] == logits.shape[0],
      inputs.shape[0] > 0
    else {
      throw ToolError.usage(
        "\(path): expected tensors inputs N C H W and logits N C, found \(inputs.shape) and \(logits.shape)"
      )
    }
    let shape = inputs.shape
    let (pixels, channels) = (shape[2] * shape[3], shape[1])
    var elements = [Float](repeating: 0, count: inputs.count)
    for image in 0..<shape[0] {
      let first = image * pixels * channels
      for channel in 0..<channels {
        for pixel in 0..<pixels {
          elements[first + pixel * channels + channel] =
            inputs.elements[first + channel * pixels + pixel]
        }
      }
    }
    self.inputs = Tensor(shape: [shape[0], shape[2], shape[3], shape[1]], elements: elements)
    self.logits = logits
  }

  /// Compares a network's logits with the engine's.
  func deviation(of network: Network, context: ExecutionContext) throws -> Deviation {
    guard network.classCount == logits.shape[1] else {
      throw NetworkError.valueCount(
        what: "logits", expected: network.classCount, found: logits.shape[1])
    }
    let found = try FloatExecutor(network, context: context).logits(ofInputs: inputs)
    var result = Deviation(images: logits.shape[0], relative: 0, otherAnswers: 0)
    let classes = logits.shape[1]
    for image in 0..<logits.shape[0] {
      let expected = logits.elements[image * classes..<(image + 1) * classes]
      let own = found.elements[image * classes..<(image + 1) * classes]
      let scale = expected.reduce(Float.leastNormalMagnitude) { max($0, abs($1)) }
      let difference = zip(own, expected).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
      result.relative = max(result.relative, Double(difference / scale))
      if own.indices.max(by: { own[$0] < own[$1] })! - own.startIndex
        != expected.indices.max(by: { expected[$0] < expected[$1] })! - expected.startIndex
      {
        result.otherAnswers += 1
      }
    }
    return result
  }
}
