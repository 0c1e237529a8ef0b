import DFQEngine
import DFQGraph
import DFQONNX
import DFQTensor
import Testing

/// Normalizations, also those that files write in several operators.
@Suite struct NormalizationImportTests {
  private func imported(
    opset: Int = 13, _ body: (inout HostileGraph) -> String
  ) throws -> ONNXImport {
    let graph = HostileModels.model([1, 3, 4, 5], opset: opset, channels: 3, body)
    return try ONNXImport(
      decoding: graph.bytes, options: .init(preprocessing: .unit(channels: 3)))
  }

  private func logits(_ network: Network) throws -> [Float] {
    var stream = RandomStream(seed: 3)
    return try FloatExecutor(network, context: .init(threads: 1))
      .logits(ofInputs: stream.tensor([2, 4, 5, 3])).elements
  }

  /// How a file may write it.
  struct Form: Sendable, CustomTestStringConvertible {
    var name: String
    var axis = -1
    var multiplies = false
    var epsilonFirst = false
    var scale = true
    var shift = true
    var scaleFirst = false
    var axesAreInput = false

    var testDescription: String { name }
  }

  static let forms = [
    Form(name: "PyTorch"), Form(name: "product", multiplies: true),
    Form(name: "epsilon first", epsilonFirst: true), Form(name: "scale first", scaleFirst: true),
    Form(name: "no shift", shift: false), Form(name: "no scale", scale: false),
    Form(name: "neither", scale: false, shift: false), Form(name: "the axis as such", axis: 3),
    Form(name: "axes as input", axesAreInput: true), Form(name: "channels first", axis: 1),
  ]

  private func single(_ form: Form, _ graph: inout HostileGraph) -> String {
    let isLast = form.axis != 1
    let x = isLast ? graph.add("Transpose", ["image"], [.ints("perm", [0, 2, 3, 1])]) : "image"
    let shape = isLast ? [3] : [3, 1, 1]
    func mean(_ x: String) -> String {
      form.axesAreInput
        ? graph.add("ReduceMean", [x, graph.integers([form.axis])])
        : graph.add("ReduceMean", [x], [.ints("axes", [form.axis]), .int("keepdims", 1)])
    }
    func pair(_ first: String, _ second: String, _ isTurned: Bool) -> [String] {
      isTurned ? [second, first] : [first, second]
    }
    let difference = graph.add("Sub", [x, mean(x)])
    let square =
      form.multiplies
      ? graph.add("Mul", [difference, difference])
      : graph.add("Pow", [difference, graph.floats([], [2])])
    let epsilon = graph.floats([], [0.1])
    let sum = graph.add("Add", pair(mean(square), epsilon, form.epsilonFirst))
    var y = graph.add("Div", [difference, graph.add("Sqrt", [sum])])
    if form.scale {
      y = graph.add("Mul", pair(y, graph.floats(shape, [0.5, 2, -1]), form.scaleFirst))
    }
    if form.shift {
      y = graph.add("Add", pair(y, graph.floats(shape, [1, -2, 0.25]), form.scaleFirst))
    }
    return isLast ? graph.add("Transpose", [y], [.ints("perm", [0, 3, 1, 2])]) : y
  }

  /// The same layer and the same numbers as from the operator.
  @Test(arguments: forms)
  func layerNormInSingleOperators(form: Form) throws {
    let found = try imported(opset: form.axesAreInput ? 18 : 13) { single(form, &$0) }.network
    let whole = try imported(opset: 17) { graph in
      let x = graph.add("Transpose", ["image"], [.ints("perm", [0, 2, 3, 1])])
      let scale = graph.floats([3], form.scale ? [0.5, 2, -1] : [1])
      let shift = graph.floats([3], form.shift ? [1, -2, 0.25] : [0])
      let y = graph.add("LayerNormalization", [x, scale, shift], [.float("epsilon", 0.1)])
      return graph.add("Transpose", [y], [.ints("perm", [0, 3, 1, 2])])
    }.network
    let norms = found.graph.nodes.compactMap { $0.layer as? LayerNorm }
    #expect(norms == [LayerNorm(epsilon: 0.1)])
    // A scale along another axis than the last one stays a layer of its own.
    if form.axis != 1 { #expect(found.graph.nodes.count == whole.graph.nodes.count) }
    let pairs = zip(try logits(found), try logits(whole))
    #expect(pairs.allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) })
  }

  /// What only looks like it is refused: a value inside that others read, another axis, another power.
  @Test func whatIsNoLayerNorm() {
    func refused(_ body: (inout HostileGraph, String, String) -> String) -> Bool {
      do {
        _ = try imported { graph in
          let x = graph.add("Transpose", ["image"], [.ints("perm", [0, 2, 3, 1])])
          let mean = graph.add("ReduceMean", [x], [.ints("axes", [-1])])
          let y = body(&graph, x, graph.add("Sub", [x, mean]))
          return graph.add("Transpose", [y], [.ints("perm", [0, 3, 1, 2])])
        }
        return false
      } catch { return error is ONNXError }
    }
    func quotient(
      _ graph: inout HostileGraph, _ difference: String, power: Float = 2, axis: Int = -1,
      keeps: Int = 1
    ) -> String {
      let square = graph.add("Pow", [difference, graph.floats([], [power])])
      let variance = graph.add(
        "ReduceMean", [square], [.ints("axes", [axis]), .int("keepdims", keeps)])
      let sum = graph.add("Add", [variance, graph.floats([], [0.1])])
      return graph.add("Div", [difference, graph.add("Sqrt", [sum])])
    }
    #expect(!refused { graph, _, difference in quotient(&graph, difference) })
    #expect(refused { graph, _, difference in quotient(&graph, difference, power: 3) })
    #expect(refused { graph, _, difference in quotient(&graph, difference, axis: 1) })
    #expect(refused { graph, _, difference in quotient(&graph, difference, keeps: 0) })
    #expect(
      refused { graph, _, difference in
        graph.add("Add", [quotient(&graph, difference), difference])
      })
  }

  @Test func neighbours() throws {
    func layer(_ attributes: [HostileGraph.Attribute]) throws -> LocalResponseNormalization? {
      try imported { $0.add("LRN", ["image"], attributes) }.network.graph.nodes
        .compactMap { $0.layer as? LocalResponseNormalization }.first
    }
    #expect(try layer([.int("size", 3)]) == LocalResponseNormalization(size: 3))
    #expect(
      try layer([.int("size", 5), .float("alpha", 1), .float("beta", 0.5), .float("bias", 2)])
        == LocalResponseNormalization(size: 5, alpha: 1, beta: 0.5, bias: 2))
    for size in [0, -1, .min, .max] {
      #expect(throws: ONNXError.self) { try layer([.int("size", size)]) }
    }
    #expect(throws: ONNXError.self) { try layer([]) }
    #expect(throws: ONNXError.self) { try layer([.int("size", 3), .float("bias", 0)]) }
    #expect(throws: ONNXError.self) {
      try imported { graph in
        let x = graph.add("Transpose", ["image"], [.ints("perm", [0, 2, 3, 1])])
        let y = graph.add("LRN", [x], [.int("size", 3)])
        return graph.add("Transpose", [y], [.ints("perm", [0, 3, 1, 2])])
      }
    }
  }

  /// A batch norm that is marked as training is read with its running statistics, and a note says so once.
  @Test func training() throws {
    func notes(_ mode: Int) throws -> [String] {
      try imported(opset: 15) { graph in
        var x = "image"
        for _ in 0..<2 {
          let scale = graph.floats([3], HostileModels.positive)
          x = graph.add(
            "BatchNormalization", [x, scale, scale, scale, scale], [.int("training_mode", mode)])
        }
        return x
      }.notes
    }
    #expect(try notes(0) == [])
    let found = try notes(1)
    #expect(found.count == 1 && found[0].contains("marked as training"))
  }

  /// How many numbers a file may make is the option's number, for one constant, too.
  @Test func madeNumbers() throws {
    var graph = HostileGraph([1, 2, 1, 1])
    let made = graph.add("ConstantOfShape", [graph.integers([1 << 12, (1 << 12) + 1])])
    let lists = [[0, 0], [2, 3]].map { graph.integers($0) }
    let weight = graph.add("Slice", [made] + lists)
    graph.add("Gemm", [graph.add("Flatten", ["image"]), weight])
    let bytes = graph.bytes
    func classes(madeNumbers: Int? = nil) throws -> Int {
      var options = ONNXImport.Options(preprocessing: .unit(channels: 2))
      if let madeNumbers { options.madeNumbers = madeNumbers }
      return try ONNXImport(decoding: bytes, options: options).network.classCount
    }
    #expect(throws: ONNXError.self) { try classes() }
    #expect(try classes(madeNumbers: 1 << 25) == 3)
    #expect(throws: ONNXError.self) { try classes(madeNumbers: 1000) }
  }
}
