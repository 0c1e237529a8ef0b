import DFQFiles
import DFQEngine
import DFQGraph
import DFQSynthesis
import DFQTensor

/// Normalized real images in memory and the augmented batches of a teacher's training; a batch is a
/// function of its step.
struct RealBatches {
  private let inputs: Tensor
  private let labels: [Int]
  private let classCount: Int
  private let configuration: TeacherTrainer.Configuration

  init(
    _ images: any RealImages, network: Network, configuration: TeacherTrainer.Configuration
  ) throws {
    inputs = try network.inputs(images, at: 0..<images.count)
    labels = images.labels
    classCount = network.classCount
    self.configuration = configuration
  }

  /// A short name of the images and labels.
  var digest: String {
    Fingerprint.digest(inputs.elements) + Fingerprint.digest(labels.map(Float.init))
  }

  /// The first images N H W C, without augmentation.
  func first(_ count: Int) -> Tensor { inputs.rows(0..<min(count, inputs.rowCount)) }

  /// Images N H W C, smoothed labels N C and the classes.
  func batch(_ step: Int) throws -> (Tensor, Tensor, [Int]) {
    let batch = configuration.imagesPerStep
    let perEpoch = inputs.rowCount / batch
    var order = RandomStream(seed: configuration.seed, "order", step / perEpoch)
    let start = step % perEpoch * batch
    let chosen = order.permutation(inputs.rowCount)[start..<start + batch]
    var stream = RandomStream(seed: configuration.seed, "augmentation", step)
    var images = Tensor(shape: Shape([batch] + inputs.rowShape.dimensions))
    for (place, index) in chosen.enumerated() {
      augment(index, into: &images, place: place, stream: &stream)
    }
    let classes = chosen.map { labels[$0] }
    var smooth = try Tensor.oneHot(classes, classCount: classCount)
    let spread = configuration.labelSmoothing / Float(classCount)
    for index in 0..<smooth.count {
      smooth[index] = smooth[index] * (1 - configuration.labelSmoothing) + spread
    }
    return (images, smooth, classes)
  }

  private func augment(
    _ index: Int, into target: inout Tensor, place: Int, stream: inout RandomStream
  ) {
    let (height, width) = (inputs.shape[1], inputs.shape[2])
    let channels = inputs.shape[3]
    let reach = configuration.shift
    let down = stream.integer(below: 2 * reach + 1) - reach
    let right = stream.integer(below: 2 * reach + 1) - reach
    let mirrored = stream.uniform() < 0.5 && configuration.flip
    let size = height * width * channels
    inputs.withUnsafeElements { source in
      target.withUnsafeMutableElements { target in
        for row in 0..<height where (0..<height).contains(row + down) {
          for column in 0..<width where (0..<width).contains(column + right) {
            let from = mirrored ? width - 1 - (column + right) : column + right
            let read = index * size + ((row + down) * width + from) * channels
            let write = place * size + (row * width + column) * channels
            for channel in 0..<channels { target[write + channel] = source[read + channel] }
          }
        }
      }
    }
  }
}
