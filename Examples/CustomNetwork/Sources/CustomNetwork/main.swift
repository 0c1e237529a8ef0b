// A network of your own: built layer by layer, trained for a little while with the library's
// executor and optimizer, saved, loaded again and quantized without any training.
//
// swift run -c release CustomNetwork       (about a minute on two cores)
import DynaDFQ
import Foundation

let isSmall = ProcessInfo.processInfo.environment["DYNADFQ_EXAMPLE_SMALL"] != nil
let (steps, batch) = isSmall ? (20, 32) : (600, 64)

// Build: three convolutions, the second with a kernel of 1 x 5, and a classifier.
var builder = GraphBuilder(input: [28, 28, 1])
var node = try builder.block(
  "conv1", .init(outputChannels: 16, kernel: 3, stride: 2, padding: 1), normName: "bn1",
  activation: .relu, builder.input)
node = try builder.block(
  "conv2",
  .init(
    outputChannels: 16, kernel: Size2D(height: 1, width: 5),
    padding: Padding(top: 0, left: 2, bottom: 0, right: 2)), normName: "bn2", activation: .relu,
  node)
node = try builder.block(
  "conv3", .init(outputChannels: 32, kernel: 3, stride: 2, padding: 1), normName: "bn3",
  activation: .relu, node)
node = try builder.add("pool", .globalAveragePool, node)
try builder.add("linear", .linear(outputs: 10, bias: true), node)
var network = try Network(
  architecture: "three convolutions", graph: builder.build(),
  preprocessing: Preprocessing(mean: [0.2860], standardDeviation: [0.3530]), seed: 1)

// Train: cross entropy, gradients at the parameters, SGD. Batch norm's statistics follow the batch.
let train = try FashionMNIST(.train)
var optimizer = SGD(count: network.parameters.layout.count, weightDecay: 5e-4)
var stream = RandomStream(seed: 1, "batches")
let executor = FloatExecutor(network)
for step in 0..<steps {
  let places = (0..<batch).map { _ in stream.integer(below: train.count) }
  let labels = try Tensor.oneHot(places.map { train.label(at: $0) }, classCount: 10)
  let result = try executor.run(
    network.inputs(train, at: places), parameters: network.parameters.values,
    request: PassRequest(
      mode: .training,
      imageObjectives: [CrossEntropy(labels: labels, node: network.graph.output)],
      parameterGradient: true))
  var values = network.parameters.values
  try optimizer.step(
    &values, gradient: result.parameterGradient, rate: 0.1 * (1 - Float(step) / Float(steps)))
  try network.setParameters(ParameterSet(layout: network.parameters.layout, values: values))
  network.updateStatistics(result.batchStatistics, count: batch)
  if (step + 1) % 10 == 0 { print("step \(step + 1): loss \(result.imageLosses[0])") }
}

// Save and load: the file holds the graph, the parameters and the normalization.
try network.write(to: "network.safetensors")
let loaded = try Network(contentsOf: "network.safetensors")
print(
  "saved and loaded: \(loaded.graph.nodes.count) nodes, same network: \(loaded.graph == network.graph)"
)

// Quantize: synthetic images for the ranges, no training.
let images = try SoftLabelSynthesizer(
  teacher: loaded,
  configuration: .init(count: 64, imagesPerBatch: 64, steps: isSmall ? 5 : 100)
).synthesize()
let student = try DynamicTrainer(
  teacher: loaded, quantizer: Quantizer(weightBits: 8, activationBits: [8])
).calibrate(on: images)
let test = RealSubset(try FashionMNIST(.test), first: isSmall ? 500 : 10_000)
let report = try student.evaluate(on: test, teacher: loaded)
print("W8A8: accuracy \(report.accuracy), agreement with the network \(report.agreement as Any)")
