import DFQEngine
import DFQGraph
import DFQTensor

/// Everything of a generator that learns: the classes' embeddings, the network's parameters and Adam's
/// moments of both.
struct GeneratorWeights: Sendable {
  /// The embeddings, C by the length of a latent vector.
  var embedding: Tensor
  /// The network's parameters in the order of its layout.
  var parameters: [Float]
  /// The steps taken, those of the warm-up included.
  private(set) var steps = 0
  private var embeddingAdam: Adam
  private var parameterAdam: Adam
  /// The parameters that learn, all but running statistics, which a generator never uses.
  private let ranges: [Range<Int>]

  /// Steps above this are no longer exact in a checkpoint's floats.
  static let stepLimit = 1 << 24

  init(embedding: Tensor, network: Network) {
    self.embedding = embedding
    parameters = network.parameters.values
    // Adam's moments in GDFQ and its successors decay by 0.5 and 0.999.
    embeddingAdam = Adam(count: embedding.count, beta1: 0.5)
    parameterAdam = Adam(count: network.parameters.layout.count, beta1: 0.5)
    ranges = network.parameters.layout.learnedRanges
  }

  /// Takes a step.
  mutating func step(
    embedding embeddingGradient: Tensor, parameters parameterGradient: [Float], rate: Float,
    context: ExecutionContext
  ) throws {
    guard steps < Self.stepLimit else {
      throw SynthesisError.badConfiguration(
        what: "at most \(Self.stepLimit) steps of a generator", found: "more")
    }
    var values = embedding.elements
    try embeddingAdam.step(
      &values, gradient: embeddingGradient.elements, rate: rate, context: context)
    embedding = Tensor(shape: embedding.shape, elements: values)
    try parameterAdam.step(
      &parameters, gradient: parameterGradient, rate: rate, ranges: ranges, context: context)
    steps += 1
  }

  /// Everything by name, as a checkpoint saves it; shapes never change.
  var state: [String: Tensor] {
    get {
      func vector(_ values: [Float]) -> Tensor { Tensor(shape: [values.count], elements: values) }
      var state = [
        "embedding": embedding, "parameters": vector(parameters),
        "steps": vector([Float(steps)]),
      ]
      for (name, values) in embeddingAdam.state { state["embedding.\(name)"] = vector(values) }
      for (name, values) in parameterAdam.state { state["parameters.\(name)"] = vector(values) }
      return state
    }
    set {
      let old = state
      // A part of another shape is not taken over; checkpoints and files are checked before.
      let new = newValue.filter { old[$0.key]?.shape == $0.value.shape }
      if let tensor = new["embedding"] { embedding = tensor }
      if let tensor = new["parameters"] { parameters = tensor.elements }
      if let tensor = new["steps"], (0...Float(Self.stepLimit)).contains(tensor[0]) {
        steps = Int(tensor[0])
      }
      func moments(_ adam: inout Adam, _ prefix: String) {
        var moments = adam.state
        for name in moments.keys { moments[name] = new[prefix + name]?.elements ?? moments[name] }
        adam.state = moments
        adam.steps = steps
      }
      moments(&embeddingAdam, "embedding.")
      moments(&parameterAdam, "parameters.")
    }
  }
}
