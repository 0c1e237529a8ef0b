import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Learned rounding: formulas worked by hand, finite differences, and what a reconstructed student is.
@Suite struct AdaptiveRoundingTests {
  /// h(V), its inverse, its slope, and the penalty with its slope.
  @Test func rectifiedSigmoid() {
    typealias H = RectifiedSigmoid
    #expect(abs(H.share(0) - 0.5) < 1e-6)
    // sigmoid(3) = 0.9526 and sigmoid(-3) = 0.0474: 1.043 and -0.043 are clipped.
    #expect(H.share(3) == 1 && H.share(-3) == 0)
    // sigmoid(1) = 0.731059: 1.2 * 0.731059 - 0.1.
    #expect(abs(H.share(1) - 0.777270) < 1e-5)
    for share: Float in [0, 0.1, 0.3, 0.5, 0.99] {
      #expect(abs(H.share(H.variable(share: share)) - share) < 1e-6)
    }
    // 1.2 * sigmoid' (0) = 1.2 / 4.
    #expect(abs(H.slope(share: 0.5) - 0.3) < 1e-6 && H.slope(share: 1) == 0)
    // 1 - |0.5|^2, and its derivative -2 * 2 * 0.5.
    #expect(H.penalty(share: 0.75, exponent: 2) == 0.75 && H.penalty(share: 1, exponent: 20) == 0)
    #expect(H.penaltySlope(share: 0.75, exponent: 2) == -2)
    #expect(H.penaltySlope(share: 0.25, exponent: 2) == 2)
    #expect(H.penaltySlope(share: 0.5, exponent: 2) == 0)
  }

  /// No penalty in the first fifth, then β from 20 to 2.
  @Test func exponents() {
    let method = AdaptiveRounding(iterations: 100)
    #expect(method.exponent(step: 19) == nil && method.exponent(step: 20) == 20)
    #expect(method.exponent(step: 60) == 11)
    #expect(abs(method.exponent(step: 99)! - 2.225) < 1e-4)
    #expect(AdaptiveRounding(iterations: 0).exponent(step: 0) != nil)
  }

  /// Weights 0.3, -1.6 and 5 on the grid of all integers -4...3.
  @Test func layerByHand() {
    let grid = Grid(step: 1, bits: 3, nonNegative: false)
    var layer = SoftRoundedLayer(index: 0, weights: [0.3, -1.6, 5], grids: [grid])
    func values() -> [Float] {
      [Float](unsafeUninitializedCapacity: 3) { buffer, count in
        layer.values(into: buffer.baseAddress!)
        count = 3
      }
    }
    #expect(largestDifference(values(), [0.3, -1.6, 3]) < 1e-6)
    let gradient = [1, 2, 4].withUnsafeBufferPointer {
      layer.gradient($0, penalty: 0.1, exponent: nil)
    }
    // (h + 0.1)(1.1 - h) / 1.2 at 0.3 and 0.4, and nothing where the grid clips.
    #expect(largestDifference(gradient, [0.4 * 0.8 / 1.2, 2 * 0.5 * 0.7 / 1.2, 0]) < 1e-6)
    #expect(layer.roundedValues() == [0, -2, 3])
    layer.variables = [10, 10, -10]
    #expect(values() == [1, -1, 3] && layer.roundedValues() == [1, -1, 3])
    #expect(layer.penalty(exponent: 2) == 0)
  }

  /// A quantizer with the step 0.5 and codes 0...3 at 0.6, 1.9 and -0.2.
  @Test func stepsByHand() throws {
    let grid = Grid(step: 0.5, bits: 2, nonNegative: true)
    func pass(_ share: Float) -> (outputs: [Float], gradient: [Float], steps: [Float]) {
      let transform = UnitTransform(
        nodes: [1], grids: [[grid]], counts: [3], batch: 1, keptShare: share,
        kernels: ExecutionContext.default.kernels)
      transform.begin(key: 5)
      let raw: [Float] = [0.6, 1.9, -0.2]
      var (outputs, gradient) = ([Float](repeating: 0, count: 3), [Float](repeating: 1, count: 3))
      transform.forward(point: 0, image: 0, shard: 0, raw: raw, output: &outputs, codes: nil)
      transform.backward(point: 0, image: 0, shard: 0, raw: raw, gradient: &gradient)
      let executor = ExecutionContext(threads: 1)
      let reduction = Reduction(
        Shards(batch: 1, parameters: 1), communicator: executor.communicator)
      return (outputs, gradient, transform.stepGradient(reduction))
    }
    let quantized = pass(0)
    #expect(quantized.outputs == [0.5, 1.5, 0] && quantized.gradient == [1, 0, 0])
    // 0.5 - 0.6 inside, 1.5 and 0 at the ends.
    #expect(abs(quantized.steps[0] - 1.4) < 1e-6)
    let kept = pass(1)
    #expect(kept.outputs == [0.6, 1.9, -0.2] && kept.gradient == [1, 1, 1] && kept.steps == [0])
  }

  /// Half of the elements, others in every image and step.
  @Test func draws() {
    func kept(_ key: UInt64, _ image: Int) -> [Bool] {
      let mask = DropMask(key: key, share: 0.5)
      let stream = mask.stream(point: 2, image: image)
      var drawn = [Float](repeating: 0, count: 10_000)
      mask.keep(
        [Float](repeating: 1, count: 10_000), stream: stream, count: 10_000, into: &drawn,
        kernels: ExecutionContext.default.kernels)
      return drawn.map { $0 == 1 }
    }
    for (a, b) in [(kept(1, 0), kept(2, 0)), (kept(1, 0), kept(1, 1))] {
      #expect(abs(a.filter { $0 }.count - 5000) < 200)
      #expect(abs(zip(a, b).filter { $0 == $1 }.count - 5000) < 200)
    }
  }

  /// Blocks end behind sums and their activations, and every layer with weights is in one unit.
  @Test func units() throws {
    let graph = try Network.tinyResNet().graph
    let blocks = ReconstructionUnit.units(.block, of: graph)
    #expect(
      blocks.map { graph.nodes[$0.output].name }.count == 5,
      "\(blocks.map { graph.nodes[$0.output].name })")
    #expect(blocks[0].input == 0 && blocks[4].output == graph.output)
    for projection in [false, true] {
      let graph = try Architecture(
        .cifarResNet(depth: 20, projection: projection), imageShape: [32, 32, 3], classCount: 10
      ).graph()
      for unit in AdaptiveRounding.Unit.allCases {
        let units = ReconstructionUnit.units(unit, of: graph)
        let weighted = units.flatMap { $0.nodes.filter(graph.weighted.contains) }
        #expect(weighted == graph.weighted)
        #expect(units.count == (unit == .block ? 11 : graph.weighted.count))
      }
    }
  }

  private static func student(
    _ quantizer: Quantizer, context: ExecutionContext = .init(threads: 2)
  ) throws -> (QuantizedNetwork, Network, Tensor) {
    var stream = RandomStream(seed: 4, "images")
    let (network, images) = (try Network.tinyResNet(), stream.tensor([24, 8, 8, 3]))
    var student = try QuantizedNetwork(network: network, quantizer: quantizer)
    try student.calibrate(batches: [images], context: context)
    return (student, network, images)
  }

  /// The gradient at V of the distance and of the penalty, also through quantizers that are all dropped.
  @Test(arguments: [Float?.none, 3], [false, true])
  func finiteDifferences(exponent: Float?, dropped: Bool) throws {
    let (student, network, images) = try Self.student(.init(weightBits: 3, activationBits: [4]))
    let method = AdaptiveRounding(
      penalty: 0.05, quantizesActivations: dropped, keptShare: 1, stepRate: 0)
    let unit = student.reconstructionUnits(method)[2]
    let context = ExecutionContext(threads: 2)
    var learning = try UnitReconstruction(
      unit, of: student, teacher: network, by: method, images: 8, context: context)
    let executor = try FloatExecutor(
      network, observing: [unit.input, unit.output].map { network.graph.nodes[$0].name },
      context: context)
    let inputs = try executor.values(
      of: network.graph.nodes[unit.input].name, inputs: images.rows(0..<8))
    let outputs = try executor.values(
      of: network.graph.nodes[unit.output].name, inputs: images.rows(0..<8))
    func loss(_ values: [Float]) throws -> Double {
      var start = 0
      learning.variables = learning.variables.map { layer in
        defer { start += layer.count }
        return Array(values[start..<start + layer.count])
      }
      let step = try learning.gradients(
        inputs: inputs, targets: outputs, exponent: exponent, key: 1)
      return step.distance + (exponent.map { 0.05 * learning.penalty(exponent: $0) } ?? 0)
    }
    var stream = RandomStream(seed: 2, "variables")
    let at = learning.variables.flatMap { $0 }.map { _ in 0.8 * stream.normal() }
    _ = try loss(at)
    let gradient = try learning.gradients(
      inputs: inputs, targets: outputs, exponent: exponent, key: 1
    ).variables.flatMap { $0 }
    let norm = Float(dot(gradient, gradient).squareRoot())
    let direction = gradient.map { $0 / norm }
    let slope = try directionalDerivative(at: at, along: direction, step: 0.02, loss)
    #expect(abs(slope - Double(norm)) < 0.02 * Double(norm), "\(slope) \(norm)")
  }

  private static func reconstructed(
    _ quantizer: Quantizer, unit: AdaptiveRounding.Unit = .block, threads: Int = 2,
    scratch: String? = nil
  ) throws -> (student: QuantizedNetwork, before: QuantizedNetwork, [ReconstructionReport]) {
    var context = ExecutionContext(threads: threads)
    context.scratchDirectory = scratch
    var (student, network, images) = try student(quantizer, context: context)
    let before = student
    var method = AdaptiveRounding.demo
    (method.unit, method.iterations, method.rate) = (unit, 80, 0.1)
    var reports: [ReconstructionReport] = []
    for position in student.reconstructionUnits(method).indices {
      let report = try student.reconstruct(
        unit: position, by: method, teacher: network, on: images, seed: 3, context: context)
      if let report { reports.append(report) }
    }
    return (student, before, reports)
  }

  /// Distances fall; codes are one of the two next to the weight, and what the file and SQuant have of them.
  @Test(arguments: [false, true], AdaptiveRounding.Unit.allCases)
  func whatAStudentBecomes(family: Bool, unit: AdaptiveRounding.Unit) throws {
    let quantizer =
      family
      ? Quantizer.family(weightBits: 3, activationBits: [4])
      : Quantizer(weightBits: 3, activationBits: [4])
    let (student, before, reports) = try Self.reconstructed(quantizer, unit: unit)
    #expect(reports.count == reports[0].count)
    let sums = reports.reduce((0.0, 0.0)) { ($0.0 + $1.before, $0.1 + $1.after) }
    #expect(sums.1 < 0.8 * sums.0, "\(reports)")
    var flipped = 0
    for layer in student.layers {
      let (codes, nearest) = (
        try student.integerWeights(of: layer.name), try before.integerWeights(of: layer.name)
      )
      #expect(codes.scales == nearest.scales && codes.zeroPoints == nearest.zeroPoints)
      let weights = before.network.parameters["\(layer.name).weight"]!.elements
      for (place, code) in codes.codes.enumerated() {
        let slot = place % codes.scales.count
        let exact = weights[place] / codes.scales[slot] + Float(codes.zeroPoints[slot])
        #expect(abs(Float(code) - exact) < 1.001 || abs(code) >= 3)
      }
      flipped += zip(codes.codes, nearest.codes).filter { $0 != $1 }.count
      let values = student.network.parameters["\(layer.name).weight"]!.elements
      #expect(largestDifference(values, codes.dequantized.elements) < 1e-6)
    }
    #expect(flipped > 0)
    let read = try QuantizedNetwork(student.file(), path: "memory")
    #expect(try read.file().encoded() == student.file().encoded())
    for layer in student.layers {
      #expect(
        try read.integerWeights(of: layer.name) == student.integerWeights(of: layer.name))
    }
  }

  /// Kept extremes of another number, or that give no grid, are refused.
  @Test func damagedExtremes() throws {
    let file = try Self.reconstructed(.family(weightBits: 4, activationBits: [4])).student.file()
    let name = "quantization.weights.0.extremes"
    let good = try file.tensor(name)
    #expect(good.count == 32)
    for bad in [
      Tensor(shape: [3], elements: [0, 1, 2]), Tensor(shape: [32], repeating: 1e30),
      Tensor(shape: [32], repeating: .infinity),
    ] {
      #expect(throws: QuantizationError.self) {
        _ = try QuantizedNetwork(file.replacing([name: bad]), path: "memory")
      }
    }
  }

  /// The same bits for any number of threads.
  @Test func threads() throws {
    let quantizer = Quantizer(weightBits: 3, activationBits: [3, 4])
    let files = try [1, 2, 3].map {
      try Self.reconstructed(quantizer, threads: $0).student.file().encoded()
    }
    #expect(files[0] == files[1] && files[0] == files[2])
  }

  /// Features in files give the same bits and leave nothing behind; without the directory there is an error that names it.
  @Test func scratchDirectory() throws {
    let quantizer = Quantizer(weightBits: 3, activationBits: [4])
    try withTemporaryDirectory { directory in
      let files = try [directory, nil].map {
        try Self.reconstructed(quantizer, scratch: $0).student.file().encoded()
      }
      #expect(files[0] == files[1])
      let left = try FileManager.default.contentsOfDirectory(atPath: directory)
      #expect(left.isEmpty)
      let missing = directory + "/missing"
      let error = #expect(throws: InterchangeError.self) {
        _ = try Self.reconstructed(quantizer, scratch: missing)
      }
      #expect("\(error!)".contains(missing), "\(error!)")
    }
  }

  @Test func refusals() throws {
    for change: (inout AdaptiveRounding) -> Void in [
      { $0.iterations = -1 }, { $0.imagesPerStep = 0 }, { $0.images = 0 }, { $0.rate = .nan },
      { $0.penalty = -1 }, { $0.warmup = 2 }, { $0.lastExponent = 0.5 }, { $0.keptShare = 1.5 },
      { $0.stepRate = -1 },
    ] {
      var method = AdaptiveRounding()
      change(&method)
      #expect(throws: QuantizationError.self) { try method.check() }
    }
    let (student, _, _) = try Self.student(
      .init(weightBits: 4, activationBits: [3, 4], weightsFollowActivations: true))
    #expect(throws: QuantizationError.self) { try student.checkReconstruction(.demo) }
  }
}
