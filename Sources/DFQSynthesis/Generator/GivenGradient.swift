import DFQEngine
import DFQTensor

/// The objective whose gradient is given: the sum of a value times a constant of its shape.
///
/// It continues a backward pass in the network that has made the value, such as a generator.
struct GivenGradient: ImageObjective {
  /// dLoss/dValue of the whole batch, N followed by the node's shape.
  let gradient: Tensor
  let node: Int
  let name = "given gradient"
  /// The number of images, because the engine takes the mean over the batch.
  var weight: Float { Float(gradient.rowCount) }

  func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double {
    let first = image * value.count
    var loss = 0.0
    self.gradient.withUnsafeElements { given in
      for place in value.indices {
        loss += Double(value[place]) * Double(given[first + place])
        gradient[place] += scale * given[first + place]
      }
    }
    return loss
  }
}
