import DFQEngine
import DFQGraph
import DFQONNX
import DFQTensor
import Testing

/// Operators that choose channels, on numbers that tell which channel is where.
@Suite struct ChannelImportTests {
  /// A graph whose image has its channels, counted from 1, as numbers at every position.
  private func network(
    channels: Int, opset: Int = 13, batch: Int? = 1, size: Int = 2,
    _ body: (inout HostileGraph) -> Void
  ) throws -> Network {
    var graph = HostileGraph([batch, channels, size, size], opset: opset)
    body(&graph)
    return try ONNXImport(
      decoding: graph.bytes, options: .init(preprocessing: .unit(channels: channels))
    ).network
  }

  private func logits(_ network: Network) throws -> [Float] {
    let shape = network.imageShape
    let image = (0..<shape.count).map { Float($0 % shape[2] + 1) }
    return try FloatExecutor(network, context: .init(threads: 1))
      .logits(ofInputs: Tensor(shape: Shape([1] + shape.dimensions), elements: image)).elements
  }

  /// The means of the channels of a map.
  private func means(
    channels: Int, opset: Int = 13, size: Int = 2, _ body: (inout HostileGraph) -> String
  ) throws -> [Float] {
    try logits(
      network(channels: channels, opset: opset, size: size) { graph in
        let x = body(&graph)
        graph.add("Flatten", [graph.add("GlobalAveragePool", [x])])
      })
  }

  /// The numbers 1 to 6 in rows of three, read column by column; the same on one pixel and on vectors.
  @Test func shuffles() throws {
    let expected: [Float] = [1, 4, 2, 5, 3, 6]
    for size in [1, 2] {
      let found = try means(channels: 6, size: size) { graph in
        let taken = graph.add("Reshape", ["image", graph.integers([0, 2, 3, size, size])])
        let turned = graph.add("Transpose", [taken], [.ints("perm", [0, 2, 1, 3, 4])])
        return graph.add("Reshape", [turned, graph.integers([1, 6, size, size])])
      }
      #expect(found == expected, "\(size)")
    }
    let vector = try network(channels: 6) { graph in
      let pooled = graph.add("Flatten", [graph.add("GlobalAveragePool", ["image"])])
      let taken = graph.add("Reshape", [pooled, graph.integers([1, 2, 3])])
      let turned = graph.add("Transpose", [taken], [.ints("perm", [0, 2, 1])])
      graph.add("Reshape", [turned, graph.integers([1, -1])])
    }
    #expect(try logits(vector) == expected)
    // What undoes a shuffle, an activation between, and a part that is taken apart again.
    let back = try means(channels: 6) { graph in
      var x = graph.add("Reshape", ["image", graph.integers([1, 2, 3, 2, 2])])
      x = graph.add("Transpose", [x], [.ints("perm", [0, 2, 1, 3, 4])])
      x = graph.add("Relu", [x])
      x = graph.add("Reshape", [x, graph.integers([1, 3, 2, 2, 2])])
      x = graph.add("Reshape", [x, graph.integers([1, 6, 2, 2])])
      x = graph.add("Reshape", [x, graph.integers([1, 3, 2, 2, 2])])
      x = graph.add("Transpose", [x], [.ints("perm", [0, 2, 1, 3, 4])])
      return graph.add("Reshape", [x, graph.integers([1, 6, 2, 2])])
    }
    #expect(back == [1, 2, 3, 4, 5, 6])
  }

  /// Nothing changes where the channels come together in their own order: no layer.
  @Test func noShuffle() throws {
    let network = try network(channels: 6) { graph in
      let taken = graph.add("Reshape", ["image", graph.integers([1, 2, 3, 2, 2])])
      let joined = graph.add("Reshape", [taken, graph.integers([1, 6, 2, 2])])
      graph.add("Flatten", [graph.add("GlobalAveragePool", [joined])])
    }
    #expect(!network.graph.nodes.contains { $0.layer is ChannelSelection })
  }

  /// A flattening of shuffled channels follows the file's order of elements.
  @Test func flattenedShuffle() throws {
    let network = try network(channels: 4) { graph in
      var x = graph.add("Reshape", ["image", graph.integers([1, 2, 2, 2, 2])])
      x = graph.add("Transpose", [x], [.ints("perm", [0, 2, 1, 3, 4])])
      x = graph.add("Flatten", [x])
      // Two outputs: elements 4 to 7, and element 12, of 16.
      var weights = [Float](repeating: 0, count: 32)
      for element in 4..<8 { weights[element * 2] = 1 }
      weights[12 * 2 + 1] = 1
      graph.add("Gemm", [x, graph.floats([16, 2], weights)])
    }
    #expect(try logits(network) == [12, 4])
  }

  /// Channels with rows, and parts with others between them, are no selection of channels.
  @Test func reshapesThatMix() throws {
    func refused(_ body: (inout HostileGraph) -> String) -> Bool {
      do {
        _ = try means(channels: 6, body)
        return false
      } catch { return error is ONNXError }
    }
    #expect(refused { $0.add("Reshape", ["image", $0.integers([1, 2, 6, 2, 1])]) })
    #expect(refused { $0.add("Reshape", ["image", $0.integers([1, 12, 1, 2])]) })
    #expect(
      refused { graph in
        let taken = graph.add("Reshape", ["image", graph.integers([1, 2, 3, 2, 2])])
        let turned = graph.add("Transpose", [taken], [.ints("perm", [0, 1, 3, 2, 4])])
        return graph.add("Reshape", [turned, graph.integers([1, 6, 2, 2])])
      })
    // Only one of the parts, with the batch.
    #expect(refused { $0.add("Reshape", ["image", $0.integers([2, 3, 2, 2])]) })
    // A classifier has one axis of channels.
    #expect(refused { $0.add("Reshape", ["image", $0.integers([1, 2, 3, 2, 2])]) })
  }

  /// The parts of a split, last part first.
  private func parts(
    _ channels: Int, _ count: Int, opset: Int, sizes: [Int]? = nil,
    _ attributes: [HostileGraph.Attribute] = []
  ) throws -> [Float] {
    try means(channels: channels, opset: opset) { graph in
      var inputs = ["image"]
      if let sizes { inputs.append(graph.integers(sizes)) }
      let parts = graph.add("Split", inputs, outputs: count, [.int("axis", 1)] + attributes)
      return graph.add("Concat", parts.reversed(), [.int("axis", -3)])
    }
  }

  @Test func splits() throws {
    #expect(try parts(4, 2, opset: 9) == [3, 4, 1, 2])
    #expect(try parts(4, 2, opset: 10, [.ints("split", [1, 3])]) == [2, 3, 4, 1])
    #expect(try parts(4, 2, opset: 11, [.ints("split", [3, 1])]) == [4, 1, 2, 3])
    #expect(try parts(5, 3, opset: 13, sizes: [2, 1, 2]) == [4, 5, 3, 1, 2])
    #expect(try parts(6, 3, opset: 18, [.int("num_outputs", 3)]) == [5, 6, 3, 4, 1, 2])
    // The last part is smaller.
    #expect(try parts(5, 2, opset: 18, [.int("num_outputs", 2)]) == [4, 5, 1, 2, 3])
    #expect(try parts(3, 1, opset: 13) == [1, 2, 3])
    for sizes in [[1, 2], [5, 0], [6, -1], [.max, 2], [2, 2, 1]] {
      #expect(throws: ONNXError.self, "\(sizes)") { try parts(5, 2, opset: 13, sizes: sizes) }
    }
    #expect(throws: ONNXError.self) { try parts(5, 2, opset: 13) }
    #expect(throws: ONNXError.self) { try parts(5, 4, opset: 18, [.int("num_outputs", 4)]) }
    #expect(throws: ONNXError.self) {
      try means(channels: 4) { $0.add("Split", ["image"], outputs: 2, [.int("axis", 2)])[0] }
    }
  }

  /// A part that nothing reads is no layer, be it the first or the last one.
  @Test(arguments: 0..<3)
  func unreadParts(part: Int) throws {
    let network = try network(channels: 6) { graph in
      let parts = graph.add("Split", ["image"], outputs: 3, [.int("axis", 1)])
      graph.add("Flatten", [graph.add("GlobalAveragePool", [parts[part]])])
    }
    #expect(network.graph.nodes.count { $0.layer is ChannelSelection } == 1)
    #expect(try logits(network) == [Float(2 * part + 1), Float(2 * part + 2)])
  }

  @Test func slices() throws {
    func found(_ starts: [Int], _ ends: [Int], axes: [Int] = [1], steps: [Int] = [1]) throws
      -> [Float]
    {
      try means(channels: 5) { graph in
        let lists = [starts, ends, axes, steps].map { graph.integers($0) }
        return graph.add("Slice", ["image"] + lists)
      }
    }
    #expect(try found([1], [3]) == [2, 3])
    #expect(try found([-2], [.max]) == [4, 5])
    #expect(try found([0], [-1], axes: [-3], steps: [2]) == [1, 3])
    #expect(try found([.max], [.min], steps: [-1]) == [5, 4, 3, 2, 1])
    #expect(try found([1, 0, 0], [2, 9, 9], axes: [1, 2, 3], steps: [1, 2, 2]) == [2])
    for (starts, ends, axes, steps) in [
      ([3], [2], [1], [1]), ([0], [5], [1], [0]), ([0, 0], [2, 2], [1, 1], [1, 1]),
      ([1], [2], [2], [1]), ([0], [3], [4], [1]),
    ] {
      #expect(throws: ONNXError.self, "\(starts) \(ends)") {
        try found(starts, ends, axes: axes, steps: steps)
      }
    }
  }

  @Test func gathers() throws {
    func found(_ indices: [Int], _ shape: [Int]? = nil, axis: Int = 1) throws -> [Float] {
      try means(channels: 5) { graph in
        graph.add("Gather", ["image", graph.integers(indices, shape)], [.int("axis", axis)])
      }
    }
    #expect(try found([4, 0, -2, 0]) == [5, 1, 4, 1])
    #expect(throws: ONNXError.self) { try found([5]) }
    #expect(throws: ONNXError.self) { try found([-6]) }
    #expect(throws: ONNXError.self) { try found([]) }
    #expect(throws: ONNXError.self) { try found([0], axis: 2) }
    // Two axes of indices are two axes of channels.
    #expect(throws: ONNXError.self) { try found([0, 1, 2, 3], [2, 2]) }
  }

  /// Where a file has one image, its batch may be taken in by another axis; where it leaves the number open, images would mix.
  @Test func singleImages() throws {
    func vector(batch: Int?, _ body: (inout HostileGraph, String) -> Void) throws -> [Float] {
      try logits(
        network(channels: 3, batch: batch) { graph in
          body(&graph, graph.add("GlobalAveragePool", ["image"]))
        })
    }
    func strided(_ graph: inout HostileGraph, _ pooled: String) {
      let flat = graph.add("Reshape", [pooled, graph.integers([-1])])
      let chosen = graph.add("Gather", [flat, graph.integers([2, 0, 1], [1, 3, 1, 1])])
      graph.add("Flatten", [chosen])
    }
    #expect(try vector(batch: 1, strided) == [3, 1, 2])
    for batch in [nil, 2] {
      #expect(throws: ONNXError.self) { try vector(batch: batch, strided) }
    }
    let product = try vector(batch: 1) { graph, pooled in
      let flat = graph.add("Squeeze", [pooled, graph.integers([0, 2, 3])])
      graph.add("MatMul", [flat, graph.floats([3, 2], [1, 0, 1, 0, 0, 2])])
    }
    #expect(product == [3, 6])
    // Elements of a map would have another order.
    #expect(throws: ONNXError.self) {
      try network(channels: 3) { $0.add("Reshape", ["image", $0.integers([-1])]) }
    }
  }
}
