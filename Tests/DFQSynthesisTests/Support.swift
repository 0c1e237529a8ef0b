import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// A network small enough for a test: ResNet-8 on 12 x 12 x 3 images, 4 classes.
func tinyNetwork(seed: UInt64 = 1) throws -> Network {
  try Architecture(
    .cifarResNet(depth: 8, projection: false), imageShape: [12, 12, 3], classCount: 4
  ).network(seed: seed)
}

/// A network that is a classifier alone, with the given class vectors, over maps 1 x 1 x D.
func classifier(_ vectors: [[Float]], bias: [Float]? = nil) throws -> Network {
  let inputs = vectors[0].count
  var builder = GraphBuilder(input: [1, 1, inputs])
  let flat = try builder.add("flatten", .flatten, builder.input)
  try builder.add("fc", .linear(outputs: vectors.count, bias: true), flat)
  let graph = builder.build()
  let layout = ParameterLayout(graph)
  var values = [Float](repeating: 0, count: layout.count)
  let weight = layout.entry(node: 2, .weight)!.range
  for (k, vector) in vectors.enumerated() {
    for (i, value) in vector.enumerated() {
      values[weight.lowerBound + i * vectors.count + k] = value
    }
  }
  if let bias { values.replaceSubrange(layout.entry(node: 2, .bias)!.range, with: bias) }
  return try Network(
    architecture: "test", graph: graph, parameters: ParameterSet(layout: layout, values: values),
    preprocessing: Preprocessing(
      mean: [Float](repeating: 0, count: inputs),
      standardDeviation: [Float](repeating: 1, count: inputs)))
}

/// A small set with known contents.
func smallSet(_ count: Int = 6) -> SyntheticImages {
  var stream = RandomStream(seed: 5, "small set")
  var labels = Tensor(shape: [count, 4])
  for row in 0..<count {
    labels[row * 4 + row % 4] = 0.75
    labels[row * 4 + (row + 1) % 4] = 0.25
  }
  return SyntheticImages(
    images: Tensor(shape: [count, 3, 3, 1], elements: stream.normals(count * 9)), labels: labels,
    isEasy: (0..<count).map { $0 % 2 == 0 }, anchors: (0..<count).map { $0 % 4 },
    difficulty: (0..<count).map {
      Difficulty(labelEntropy: Float($0) / 10, predictionEntropy: 0.5, gradientNorm: 0.25)
    }, droppedCount: 2, provenance: ["arch": "test", "note": "quotes \" and\nlines"])
}

/// Calls `body` with a new directory that is removed afterwards.
func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let path = NSTemporaryDirectory() + "/dfq-synthesis-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: path) }
  return try body(path)
}

/// The loss of one image and its gradient.
func evaluated(
  _ objective: some ImageObjective, _ value: [Float], image: Int = 0, scale: Float = 1
) -> (loss: Double, gradient: [Float]) {
  var gradient = [Float](repeating: 0, count: value.count)
  let loss = value.withUnsafeBufferPointer { value in
    gradient.withUnsafeMutableBufferPointer {
      objective.evaluate(image: image, value: value, gradient: $0, scale: scale)
    }
  }
  return (loss, gradient)
}

/// Checks a gradient against central differences along a random direction.
func checkGradient(
  at point: [Float], _ gradient: [Float], seed: UInt64 = 1, step: Float = 1e-2,
  tolerance: Double = 2e-3, _ loss: ([Float]) throws -> Double
) rethrows {
  var stream = RandomStream(seed: seed, "direction")
  let direction = stream.normals(point.count)
  let expected = try directionalDerivative(at: point, along: direction, step: step, loss)
  let scale = (dot(gradient, gradient) * dot(direction, direction)).squareRoot()
  let found = dot(gradient, direction)
  #expect(abs(found - expected) < tolerance * scale + 1e-6, "\(found) against \(expected)")
}

/// Checks a loss on pixels against central differences.
func checkGradient(
  of objective: some PixelObjective, at images: Tensor, step: Float = 1e-2,
  tolerance: Double = 2e-3
) throws {
  let gradient = try objective.evaluate(images: images, context: .default).gradient
  #expect(gradient.shape == images.shape)
  try checkGradient(
    at: images.elements, gradient.elements, step: step, tolerance: tolerance
  ) {
    try objective.evaluate(
      images: Tensor(shape: images.shape, elements: $0), context: .default
    ).loss
  }
}
