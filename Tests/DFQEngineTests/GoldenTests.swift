import DFQTestSupport
import DynaDFQ
import Testing

/// The public ResNet-20 and EfficientNet-Lite0 against PyTorch's float64 values.
@Suite struct GoldenTests {
  private static let reason: Comment =
    "CIFAR-10's images and values computed from them are not here"

  @Test(
    .enabled(
      if: Shared.has(Shared.cifarTestName, "golden/resnet20_logits.safetensors"), Self.reason),
    arguments: ExecutionVariant.all)
  func logits(variant: ExecutionVariant) throws {
    let golden = try Shared.golden("resnet20_logits")
    let executor = FloatExecutor(try Goldens.resNet20(), context: variant.context)
    let logits = try executor.logits(of: Shared.cifarTest(), range: 0..<64)
    #expect(largestDifference(logits.elements, try golden.tensor("logits").elements) < 1e-4)
  }

  @Test(
    .enabled(if: Shared.has(Shared.cifarTestName), Self.reason), arguments: ExecutionVariant.all)
  func correctOfThousand(variant: ExecutionVariant) throws {
    let (network, images) = (try Goldens.resNet20(), try Shared.cifarTest())
    let predictions = try FloatExecutor(network, context: variant.context).logits(of: images)
      .argmaxOfRows()
    #expect(zip(predictions, images.labels).filter { $0 == $1 }.count == 915)
  }

  @Test(arguments: ExecutionVariant.all)
  func synthesisStep(variant: ExecutionVariant) throws {
    let network = try Goldens.resNet20()
    let golden = try Goldens.file("resnet20_synthesis_step")
    let plan = Plan(network.graph)
    let executor = Executor(plan: plan, context: variant.context)
    let labels = try golden.tensor("labels")
    let response = try executor.run(
      images: try golden.tensor("images").channelsLast, parameters: network.parameters.values,
      request: .init(
        imageObjectives: [CrossEntropy(labels: labels, node: network.graph.output)],
        momentObjectives: try network.batchNormStatistics(), imageGradient: true,
        outputs: [network.graph.output]))
    let statistics = zip(response.momentLosses, try network.batchNormStatistics()).reduce(0.0) {
      $0 + $1.0 * Double($1.1.weight)
    }
    #expect(abs(statistics / 70.01943342894276 - 1) < 1e-5)
    #expect(abs(response.imageLosses[0] / 12.849556614548865 - 1) < 1e-5)
    #expect(
      largestDifference(response.outputs[0].elements, try golden.tensor("logits").elements) < 1e-3)
    let gradient = try golden.tensor("image_gradient").channelsLast
    #expect(relativeDistance(response.imageGradient!.elements, gradient.elements) < 1e-3)
  }

  @Test(
    .enabled(
      if: Shared.has(
        Shared.cifarTestName, "golden/resnet20_supervised_eval.safetensors",
        "golden/resnet20_supervised_train.safetensors"), Self.reason),
    arguments: [BatchNormMode.evaluation, .training], ExecutionVariant.all)
  func supervisedStep(mode: BatchNormMode, variant: ExecutionVariant) throws {
    let name = mode == .training ? "train" : "eval"
    let (network, images) = (try Goldens.resNet20(), try Shared.cifarTest())
    let golden = try Shared.golden("resnet20_supervised_\(name)")
    let batch = try network.inputs(images, at: 0..<16)
    let labels = try Tensor.oneHot(Array(images.labels.prefix(16)), classCount: 10)
    let response = try Executor(plan: Plan(network.graph), context: variant.context).run(
      images: batch, parameters: network.parameters.values,
      request: .init(
        mode: mode,
        imageObjectives: [CrossEntropy(labels: labels, node: network.graph.output)],
        parameterGradient: true))
    let loss = mode == .training ? 0.3937446529777524 : 0.006708322909787
    // A loss is no nearer than the logits: a float rounding of a logit of 10 is 1e-6, which is more
    // than 1e-5 of the small loss in evaluation mode.
    #expect(abs(response.imageLosses[0] - loss) < 1e-5 * loss + 1e-6)
    for entry in network.parameters.layout.entries where entry.role.isLearned {
      let expected = entry.fromFile(try golden.tensor(entry.name))
      let found = Array(response.parameterGradient[entry.range])
      #expect(relativeDistance(found, expected.elements) < 1e-3, "\(entry.name)")
    }
    guard mode == .training else { return }
    var updated = network
    updated.updateStatistics(response.batchStatistics, count: 16)
    for entry in network.parameters.layout.entries where !entry.role.isLearned {
      let expected = try golden.tensor(entry.name).elements
      let found = Array(updated.parameters.values[entry.range])
      #expect(relativeDistance(found, expected) < 1e-5, "\(entry.name)")
    }
  }

  @Test(
    .enabled(
      if: Shared.has(
        "data/models/efficientnet-lite0-imagenet.safetensors",
        "golden/efficientnet_lite0_logits.safetensors"),
      "EfficientNet-Lite0's weights and logits are not here"), arguments: ExecutionVariant.all)
  func efficientNetLite0(variant: ExecutionVariant) throws {
    let golden = try Shared.golden("efficientnet_lite0_logits")
    let network = try Network(
      contentsOf: Shared.path("data/models/efficientnet-lite0-imagenet.safetensors"))
    let logits = try FloatExecutor(network, context: variant.context).logits(
      ofInputs: try golden.tensor("images").channelsLast)
    #expect(largestDifference(logits.elements, try golden.tensor("logits").elements) < 1e-3)
  }

  @Test func distillation() throws {
    let golden = try Goldens.file("distillation")
    let teacher = try golden.tensor("teacher")
    let student = try golden.tensor("student")
    let objective = Distillation(teacherLogits: teacher, node: 0, weight: 1)
    var gradient = [Float](repeating: 0, count: 80)
    var loss = 0.0
    student.withUnsafeElements { values in
      gradient.withUnsafeMutableBufferPointer { g in
        for image in 0..<8 {
          let row = image * 10..<(image + 1) * 10
          loss +=
            objective.evaluate(
              image: image, value: .init(rebasing: values[row]),
              gradient: .init(rebasing: g[row]), scale: 1 / 8) / 8
        }
      }
    }
    #expect(abs(loss / 0.02982658198570902 - 1) < 1e-5)
    #expect(relativeDistance(gradient, try golden.tensor("gradient").elements) < 1e-5)
  }
}
