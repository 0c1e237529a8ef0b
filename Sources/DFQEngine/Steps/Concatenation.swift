public import DFQGraph
public import DFQTensor

extension Concatenation: ExecutableLayer {
  /// Makes a step that copies each input's channels to their place.
  public func makeStep(inputs: [Shape], output: Shape) -> any LayerStep {
    ConcatenationStep(
      pixels: output.pixelCount, counts: inputs.map(\.lastChannels), channels: output.lastChannels)
  }
}

/// The channels of all inputs one after the other, pixel by pixel.
struct ConcatenationStep: LayerStep {
  let pixels: Int
  /// The channels of each input.
  let counts: [Int]
  /// The channels of the output.
  let channels: Int
  var backwardReads: LayerValues { [] }

  func forward(_ values: LayerForward) {
    var first = 0
    for (place, count) in counts.enumerated() {
      for pixel in 0..<pixels {
        (values.output + pixel * channels + first).update(
          from: values.inputs[place] + pixel * count, count: count)
      }
      first += count
    }
  }

  func backward(_ values: LayerBackward) {
    var first = 0
    for (place, count) in counts.enumerated() {
      if let inputGradient = values.inputGradients[place] {
        for pixel in 0..<pixels {
          let target = inputGradient + pixel * count
          let source = values.outputGradient + pixel * channels + first
          for c in 0..<count { target[c] += source[c] }
        }
      }
      first += count
    }
  }
}
