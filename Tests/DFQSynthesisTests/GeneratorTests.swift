import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// A generator for 8 x 8 x 3 images of 4 classes: milliseconds a step.
private func source(
  _ method: any GeneratorMethod = GDFQ(noiseLength: 6), warmUpSteps: Int = 0, threads: Int = 2
) throws -> GeneratorSource {
  try GeneratorSource(
    teacher: .tinyResNet(), method: method,
    configuration: .init(
      count: 10, channels: 8, imagesPerStep: 6, warmUpSteps: warmUpSteps, seed: 4),
    context: .init(threads: threads))
}

/// Every method with settings for the tiny teacher.
private let methods: [any GeneratorMethod] = [
  GDFQ(noiseLength: 6), Qimera(mixedShare: 0.5, mixing: .images, mapping: 5),
  Qimera(mixedShare: 1, mixedClasses: 3, embedding: .random, mapping: nil),
  TexQGenerator(noiseLength: 6, calibrationSteps: 3),
]

@Suite struct LatentTests {
  private let pair = LatentBatch(
    classes: [[1], [0, 1]], shares: [[1], [0.25, 0.75]],
    noise: Tensor(shape: [3, 2], elements: [1, 2, 3, 4, 5, 6]))

  @Test func labelsAddShares() {
    #expect(pair.labels(classCount: 3).elements == [0, 1, 0, 0.25, 0.75, 0])
    #expect(pair.isEasy == [true, false] && pair.firstSlots == [0, 1])
    // A class that is drawn twice has both shares, and the image one class.
    let twice = LatentBatch(
      classes: [[2, 2]], shares: [[0.5, 0.5]], noise: Tensor(shape: [2, 1]))
    #expect(twice.labels(classCount: 3).elements == [0, 0, 1] && twice.isEasy == [true])
  }

  @Test func gdfqMultiplies() {
    let batch = LatentBatch(
      classes: [[1], [0], [1]], shares: [[1], [1], [1]],
      noise: Tensor(shape: [3, 2], elements: [1, 2, 3, 4, 5, 6]))
    let embedding = Tensor(shape: [2, 2], elements: [10, 20, -1, 0.5])
    #expect(GDFQ().latents(batch, embedding: embedding).elements == [-1, 1, 30, 80, -5, 3])
    let gradient = Tensor(shape: [3, 2], elements: [1, 1, 1, 1, 1, -1])
    // Class 1 has the images 0 and 2: 1 * 1 + 5 * 1 and 2 * 1 - 6 * 1.
    #expect(
      GDFQ().embeddingGradient(gradient, batch, embedding: embedding).elements == [3, 4, 6, -4])
  }

  /// Image 0 is normalized on its own: (1 + 4, 2 + 1) have mean 4 and deviation 1.
  ///
  /// Each slot of image 1 is the only row of its group: (3 + 0, 4 + 3) become (-1, 1), (5 + 4, 6 + 1)
  /// become (1, -1).
  @Test func qimeraNormalizesAndMixes() {
    let embedding = Tensor(shape: [2, 2], elements: [0, 3, 4, 1])
    let latents = Qimera().latents(pair, embedding: embedding).elements
    let expected: [Float] = [1, -1, 0.25 * -1 + 0.75 * 1, 0.25 * 1 - 0.75 * 1]
    #expect(largestDifference(latents, expected) < 2e-5)
  }

  /// Two superposed images: their first slots (1, 3) and (5, 7) have mean 4 and variance 5 together.
  @Test func qimeraNormalizesSlotsTogether() {
    let batch = LatentBatch(
      classes: [[0, 0], [0, 0]], shares: [[1, 0], [1, 0]],
      noise: Tensor(shape: [4, 2], elements: [1, 3, 0, 0, 5, 7, 0, 0]))
    let latents = Qimera().latents(batch, embedding: Tensor(shape: [1, 2])).elements
    let root = Float(5).squareRoot()
    #expect(largestDifference(latents, [-3 / root, -1 / root, 1 / root, 3 / root]) < 1e-4)
  }

  @Test func embeddingGradients() throws {
    var stream = RandomStream(seed: 1, "test")
    for method in methods {
      let length = 6
      let batch = method.draw(count: 8, classCount: 4, length: length, stream: &stream)
      let embedding = stream.tensor([4, length])
      let upstream = stream.tensor([8, length])
      let direction = stream.normals(4 * length)
      let gradient = method.embeddingGradient(upstream, batch, embedding: embedding)
      let expected = directionalDerivative(
        at: embedding.elements, along: direction, step: 1e-2
      ) {
        dot(
          method.latents(batch, embedding: Tensor(shape: [4, length], elements: $0)).elements,
          upstream.elements)
      }
      #expect(abs(dot(gradient.elements, direction) - expected) < 2e-3 * max(1, abs(expected)))
    }
  }

  @Test func qimeraDraws() throws {
    var stream = RandomStream(seed: 2, "test")
    var mixed = 0
    for _ in 0..<200 {
      let batch = Qimera().draw(count: 3, classCount: 4, length: 2, stream: &stream)
      #expect(Set(batch.classes.map(\.count)).count == 1)
      for shares in batch.shares { #expect(abs(shares.reduce(0, +) - 1) < 1e-6) }
      mixed += batch.classes[0].count == 2 ? 1 : 0
    }
    // 200 draws at 0.4: the deviation is 7.
    #expect(abs(mixed - 80) < 28)
    let some = Qimera(mixedClasses: 3, mixing: .images).draw(
      count: 10, classCount: 4, length: 2, stream: &stream)
    #expect(some.classes.map(\.count) == [3, 3, 3, 3, 1, 1, 1, 1, 1, 1])
  }

  @Test func qimeraBeginsAtTheClassifier() throws {
    let teacher = try classifier([[1, 2, 3], [4, 5, 6]])
    let rows = try Qimera().embedding(for: teacher, seed: 1)
    #expect(rows.shape == [2, 3] && rows.elements == [1, 2, 3, 4, 5, 6])
    let random = try Qimera(embedding: .random).embedding(for: teacher, seed: 1)
    #expect(random.shape == [2, 3] && random.elements != rows.elements)
  }
}

@Suite struct GeneratorTests {
  /// The costs in the catalogue are counted at the ResNet-20 of CIFAR: a step of synthesis has the teacher's forward pass and its
  /// gradient at the images.
  @Test func listedCosts() throws {
    let teacher = try Architecture(.cifarResNet(depth: 20, projection: false)).network(seed: 1)
    for method in MethodCatalogue.generators {
      let source = try GeneratorSource(teacher: teacher, method: method)
      let counted = Double(source.macsPerImage) / Double(2 * teacher.graph.macs)
      // AdaDFQ's loss also needs the student's forward pass and gradient, once there is one.
      let student = method is AdaDFQ ? 1.0 : 0
      #expect(abs(type(of: method).summary.cost - counted - student) < 0.05, "\(method)")
    }
  }

  @Test func architecture() throws {
    let graph = try Graph.generator(latentLength: 100, imageShape: [32, 32, 3])
    let layout = ParameterLayout(graph)
    #expect(graph.outputShape == [32, 32, 3])
    func shape(_ name: String) -> Shape? { layout.entry(named: name)?.shape }
    #expect(shape("linear.weight") == [100, 8 * 8 * 128])
    #expect(shape("conv1.weight") == [3, 3, 128, 128] && shape("conv2.weight") == [3, 3, 128, 64])
    #expect(shape("conv3.weight") == [3, 3, 64, 3] && shape("conv3.bias") == [3])
    #expect(shape("conv1.bias") == nil && shape("norm3.weight") == nil)
    let norms = graph.nodes.compactMap { $0.layer as? BatchNorm }
    #expect(norms.map(\.epsilon) == [1e-5, 0.8, 0.8, 1e-5])
    let mapped = try Graph.generator(latentLength: 64, imageShape: [28, 28, 1], mapping: 100)
    #expect(ParameterLayout(mapped).entry(named: "linear.weight")?.shape == [100, 7 * 7 * 128])
    // 1 / sqrt(9 * 128) is 0.0295.
    let values = ParameterSet(generator: layout, seed: 1)["conv2.weight"]!.elements
    #expect(values.max()! < 0.02947 && values.max()! > 0.029 && values.min()! < -0.029)
    for bad: Shape in [[30, 32, 3], [32, 2, 3], [64]] {
      #expect(throws: SynthesisError.self) {
        try Graph.generator(latentLength: 4, imageShape: bad)
      }
    }
    #expect(throws: SynthesisError.self) {
      try Graph.generator(latentLength: 4, imageShape: [8, 8, 1], channels: 3)
    }
  }

  /// The images of a batch have mean 0 and variance 1 in each channel.
  @Test func imagesAreNormalized() throws {
    var source = try source()
    let batch = try source.batch(step: 0, count: 12, seed: 1)
    try batch.check(count: 12, imageShape: [8, 8, 3], classCount: 4, source: "test")
    for channel in 0..<3 {
      let values = stride(from: channel, to: batch.inputs.count, by: 3).map {
        Double(batch.inputs[$0])
      }
      let mean = values.reduce(0, +) / Double(values.count)
      let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
      #expect(abs(mean) < 1e-4 && abs(square - 1) < 1e-2)
    }
  }

  /// The gradient through batch norm of a training pass, at parameters and latent vectors, by finite
  /// differences.
  @Test func gradientsOfTheNetwork() throws {
    let graph = try Graph.generator(
      latentLength: 5, imageShape: [8, 8, 2], channels: 4, mapping: 3, normEpsilon: 1e-5)
    let layout = ParameterLayout(graph)
    var parameters = ParameterSet(generator: layout, seed: 3)
    // Few values are near the kink of leaky ReLU, where differences say nothing.
    try parameters.set("norm1.bias", to: Tensor(shape: [4], elements: [3, -3, 3, -3]))
    try parameters.set("norm2.bias", to: Tensor(shape: [2], elements: [3, -3]))
    let network = try Network(
      graph: graph, parameters: parameters, preprocessing: .unit(channels: 1))
    let executor = GeneratorExecutor(network, context: .init(threads: 2))
    var stream = RandomStream(seed: 3, "test")
    let latents = stream.tensor([6, 5])
    let upstream = stream.tensor([6, 8, 8, 2])
    let values = network.parameters.values
    let gradients = try executor.gradients(latents, parameters: values, images: upstream)
    func loss(_ latents: Tensor, _ values: [Float]) throws -> Double {
      try dot(executor.images(latents, parameters: values).elements, upstream.elements)
    }
    let along = stream.normals(latents.count)
    let byLatents = try directionalDerivative(
      at: latents.elements, along: along, step: 1e-3
    ) { try loss(Tensor(shape: latents.shape, elements: $0), values) }
    #expect(
      abs(dot(gradients.latents.elements, along) - byLatents) < 0.03 * max(1, abs(byLatents)))
    let direction = stream.normals(values.count)
    // The gradient at each parameter's tensor of its own.
    for entry in layout.entries where entry.role.isLearned {
      var part = [Float](repeating: 0, count: values.count)
      part.replaceSubrange(entry.range, with: direction[entry.range])
      let found = try directionalDerivative(at: values, along: part, step: 1e-3) {
        try loss(latents, $0)
      }
      let expected = dot(gradients.parameters, part)
      #expect(abs(expected - found) < 0.05 * max(1, abs(found)), "\(entry.name)")
    }
  }

  /// Gradients are the same bits where the forward pass is kept, where something else was computed in between, and where
  /// there was none; the parts of a network's pass in two halves are those of a whole one.
  @Test func forwardPassesAreKept() throws {
    let graph = try Graph.generator(
      latentLength: 5, imageShape: [8, 8, 2], channels: 4, mapping: 3, normEpsilon: 1e-5)
    let network = try Network(
      graph: graph, parameters: ParameterSet(generator: ParameterLayout(graph), seed: 4),
      preprocessing: .unit(channels: 1))
    let values = network.parameters.values
    var stream = RandomStream(seed: 4, "test")
    let (latents, others) = (stream.tensor([37, 5]), stream.tensor([37, 5]))
    let upstream = stream.tensor([37, 8, 8, 2])
    let fresh = try GeneratorExecutor(network, context: .init(threads: 2)).gradients(
      latents, parameters: values, images: upstream)
    for threads in [1, 2] {
      let executor = GeneratorExecutor(network, context: .init(threads: threads))
      for between in [nil, others] {
        let images = try executor.images(latents, parameters: values)
        if let between { #expect(try executor.images(between, parameters: values) != images) }
        let found = try executor.gradients(latents, parameters: values, images: upstream)
        #expect(found.latents == fresh.latents && found.parameters == fresh.parameters)
      }
      var changed = values
      changed[0] += 1
      _ = try executor.images(latents, parameters: values)
      let found = try executor.gradients(latents, parameters: changed, images: upstream)
      #expect(found.parameters != fresh.parameters)
    }
  }

  /// The published loss: cross entropy plus 0.1 times the mean over layers of squared distances.
  @Test func lossOfGDFQ() throws {
    let teacher = try Network.tinyResNet()
    var source = try source()
    let batch = try source.batch(step: 0, count: 5, seed: 1)
    let executor = FloatExecutor(teacher)
    let loss = try GDFQ().loss(batch, teacher: executor, feedback: nil)
    let logits = try executor.logits(ofInputs: batch.inputs)
    var entropy = 0.0
    for image in 0..<5 {
      let row = logits.row(image).elements.map(Double.init)
      let label = batch.labels.row(image).argmaxOfRows()
      let chosen = row[batch.labels.row(image).elements.firstIndex(of: 1)!]
      entropy += log(row.reduce(0) { $0 + exp($1) }) - chosen
      #expect(label.count == 4)
    }
    #expect(abs(loss.losses[0].value - entropy / 5) < 1e-4)
    var statistics = 0.0
    for norm in teacher.graph.batchNorms {
      let node = teacher.graph.nodes[norm]
      let name = teacher.graph.nodes[node.inputs[0]].name
      let values = try FloatExecutor(teacher, observing: [name]).values(
        of: name, inputs: batch.inputs)
      let channels = values.shape.dimensions.last!
      for channel in 0..<channels {
        let x = stride(from: channel, to: values.count, by: channels).map { Double(values[$0]) }
        let mean = x.reduce(0, +) / Double(x.count)
        let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
        let target = { (role: ParameterLayout.Role) in
          Double(teacher.parameters.tensor(node: norm, role)![channel])
        }
        let (dm, dv) = (mean - target(.runningMean), variance - target(.runningVariance))
        statistics += (dm * dm + dv * dv) / Double(channels)
      }
    }
    let expected = 0.1 * statistics / Double(teacher.graph.batchNorms.count)
    #expect(abs(loss.losses[1].value - expected) < 1e-4 * max(1, expected))
  }

  @Test func ratesFallAtMilestones() {
    let configuration = GeneratorSource.Configuration(
      learningRate: 1, milestones: [2, 5], decay: 0.5)
    #expect((0..<7).map { configuration.rate(step: $0) } == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25])
  }

  /// A batch is a function of state, step and seed; not of threads and not of batches before.
  @Test func batchesDependOnStateAlone() throws {
    for method in methods {
      var first = try source(method, warmUpSteps: 3)
      var second = try source(method, warmUpSteps: 3, threads: 1)
      _ = try first.batch(step: 9, count: 4, seed: 7)
      let batch = try first.batch(step: 2, count: 5, seed: 7)
      let again = try second.batch(step: 2, count: 5, seed: 7)
      #expect(batch.inputs == again.inputs && batch.labels == again.labels)
      #expect(try first.batch(step: 2, count: 5, seed: 8).inputs != batch.inputs)
      #expect(first.stepsDone == 3 && first.state == second.state)
      var third = try source(method, warmUpSteps: 3)
      third.state = first.state
      #expect(try third.batch(step: 2, count: 5, seed: 7).inputs == batch.inputs)
    }
  }

  @Test func learnsFromItsOwnBatchOnly() throws {
    var source = try source()
    let batch = try source.batch(step: 1, count: 6, seed: 1)
    let before = source.state
    try source.learn(SourceFeedback(step: 1, batch: batch) { _, _ in throw CancellationError() })
    #expect(source.state != before && source.stepsDone == 1)
    #expect(throws: SynthesisError.self) {
      try source.learn(SourceFeedback(step: 2, batch: batch) { _, _ in throw CancellationError() })
    }
    #expect(throws: SynthesisError.self) { try source.batch(step: 0, count: 0, seed: 1) }
  }

  /// A few steps lower the loss, and embeddings move.
  @Test func warmUpLearns() throws {
    for method in methods {
      var source = try source(method, warmUpSteps: 60)
      let before = source.state["embedding"]
      var losses: [Double] = []
      try source.warmUp { losses.append($0.losses.reduce(0) { $0 + $1.value }) }
      #expect(losses.count == 60)
      #expect(losses.suffix(10).reduce(0, +) < losses.prefix(10).reduce(0, +))
      #expect(source.state["embedding"] != before)
      let images = try source.images()
      #expect(images.count == 10 && images.classCount == 4)
      #expect(images.isSynthesized(from: try .tinyResNet()) == true)
    }
  }

  @Test func filesHoldTheState() throws {
    try withDirectory { directory in
      let path = directory + "/generator.safetensors"
      var warm = try source(warmUpSteps: 2)
      try warm.warmUp()
      try warm.write(to: path)
      var read = try GeneratorSource(
        contentsOf: path, teacher: .tinyResNet(), method: GDFQ(noiseLength: 6),
        configuration: warm.configuration, context: warm.context)
      #expect(read.state == warm.state && read.identity != warm.identity)
      #expect(
        try read.batch(step: 1, count: 4, seed: 1).inputs
          == warm.batch(step: 1, count: 4, seed: 1).inputs)
      for method: any GeneratorMethod in [GDFQ(noiseLength: 7), Qimera()] {
        #expect(throws: SynthesisError.self) {
          try GeneratorSource(
            contentsOf: path, teacher: .tinyResNet(), method: method,
            configuration: warm.configuration)
        }
      }
      var state = warm.state
      state["parameters"]![0] = .nan
      #expect(throws: SynthesisError.self) {
        try GeneratorSource(
          teacher: .tinyResNet(), method: GDFQ(noiseLength: 6),
          configuration: warm.configuration, state: state)
      }
    }
  }

  @Test func badSettings() throws {
    let bad: [GeneratorSource.Configuration] = [
      .init(count: 0), .init(channels: 7), .init(normEpsilon: -1), .init(imagesPerStep: 0),
      .init(warmUpSteps: -1), .init(learningRate: 0), .init(milestones: [-1]), .init(decay: 0),
    ]
    for configuration in bad {
      #expect(throws: SynthesisError.self) {
        try GeneratorSource(
          teacher: .tinyResNet(), method: GDFQ(), configuration: configuration)
      }
    }
    let methods: [any GeneratorMethod] = [
      GDFQ(noiseLength: 0), GDFQ(statisticsWeight: -1), Qimera(mixedShare: 2),
      Qimera(mixedClasses: 0), Qimera(mapping: 0), AdaDFQ(lowerMargin: 0.9), AdaDFQ(upperMargin: 2),
      AdaDFQ(agreementWeight: -1),
    ]
    for method in methods {
      #expect(throws: SynthesisError.self) { try source(method) }
    }
  }
}
