/// What a quantized pass keeps for every image and adds up in every lane; written by several
/// threads at places no two of them share.
final class PassMemory: @unchecked Sendable {
  /// The candidate at each point, image by image.
  let choices: UnsafeMutableBufferPointer<UInt8>
  /// The candidates' probabilities at each point, image by image.
  let probabilities: UnsafeMutableBufferPointer<Float>
  /// The standardized features of all decisions, image by image.
  let features: UnsafeMutableBufferPointer<Float>
  /// The hidden values of all decisions, image by image.
  let hidden: UnsafeMutableBufferPointer<Float>
  /// The gradient at the probabilities of a decision that later points share, image by image.
  let shared: UnsafeMutableBufferPointer<Float>
  /// The gradient of the selectors' parameters, lane by lane.
  let selectorGradient: UnsafeMutableBufferPointer<Float>
  /// The gradient at the logarithm of each point's and candidate's step, lane by lane.
  let stepGradient: UnsafeMutableBufferPointer<Double>
  /// Two values' room to work in, lane by lane.
  let work: UnsafeMutableBufferPointer<Float>
  let layout: Layout

  /// How much each image and lane needs.
  struct Layout: Equatable {
    var batch: Int
    var lanes: Int
    var points: Int
    var candidates: Int
    var features: Int
    var hidden: Int
    var selectorParameters: Int
    var work: Int
  }

  init(_ layout: Layout) {
    self.layout = layout
    func floats(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(count, 1))
      buffer.initialize(repeating: 0)
      return buffer
    }
    choices = .allocate(capacity: max(layout.batch * layout.points, 1))
    choices.initialize(repeating: 0)
    probabilities = floats(layout.batch * layout.points * layout.candidates)
    features = floats(layout.batch * layout.features)
    hidden = floats(layout.batch * layout.points * layout.hidden)
    shared = floats(layout.batch * layout.candidates)
    selectorGradient = floats(layout.lanes * layout.selectorParameters)
    stepGradient = .allocate(capacity: max(layout.lanes * layout.points * layout.candidates, 1))
    stepGradient.initialize(repeating: 0)
    work = floats(layout.lanes * layout.work)
  }

  deinit {
    choices.deallocate()
    stepGradient.deallocate()
    for buffer in [probabilities, features, hidden, shared, selectorGradient, work] {
      buffer.deallocate()
    }
  }

  /// Forgets the sums of the last pass.
  func clear() {
    for buffer in [shared, selectorGradient] { buffer.update(repeating: 0) }
    stepGradient.update(repeating: 0)
  }

  func choice(_ image: Int, _ point: Int) -> Int { Int(choices[image * layout.points + point]) }

  func probabilities(_ image: Int, _ point: Int) -> UnsafeMutablePointer<Float> {
    probabilities.baseAddress! + (image * layout.points + point) * layout.candidates
  }

  func hidden(_ image: Int, _ point: Int) -> UnsafeMutablePointer<Float> {
    hidden.baseAddress! + (image * layout.points + point) * layout.hidden
  }

  func features(_ image: Int) -> UnsafeMutablePointer<Float> {
    features.baseAddress! + image * layout.features
  }

  func stepGradient(_ lane: Int, _ point: Int) -> UnsafeMutablePointer<Double> {
    stepGradient.baseAddress! + (lane * layout.points + point) * layout.candidates
  }

  func selectorGradient(_ lane: Int) -> UnsafeMutablePointer<Float> {
    selectorGradient.baseAddress! + lane * layout.selectorParameters
  }

  func work(_ lane: Int) -> UnsafeMutablePointer<Float> {
    work.baseAddress! + lane * layout.work
  }
}
