import DFQFiles
import DFQGraph
import DFQONNX
import DFQTestSupport
import Foundation
import Testing

/// Graphs of a few hundred bytes that ask for what must not be done, one after the other.
@Suite struct HostileGraphTests {
  /// What is said of a graph, or nil where it is read.
  private func flaw(
    _ image: [Int?] = [1, 2, 6, 6], _ body: (inout HostileGraph) -> Void
  ) throws -> String? {
    var graph = HostileGraph(image)
    body(&graph)
    do {
      let options = ONNXImport.Options(preprocessing: .unit(channels: image[1] ?? 1))
      _ = try ONNXImport(decoding: graph.bytes, options: options)
      return nil
    } catch let error as ONNXError {
      #expect(error.description.utf8.count < 4096)
      return error.description
    } catch let error as NetworkError {
      return error.description
    }
  }

  /// Extents whose products don't fit an integer.
  @Test func extents() throws {
    let batch = try flaw([1 << 62, 2, 6, 6]) { graph in
      graph.add("Reshape", ["image", graph.integers([0, -1])])
    }
    #expect(batch?.contains("a batch of at most") == true)
    let pixels = try flaw([1, 2, 1 << 40, 1 << 40]) { $0.add("Flatten", ["image"]) }
    #expect(pixels?.contains("at most 64 channels") == true)
    for shape in [[-1], [1 << 32], [1 << 40, 1 << 40], [0, 1 << 62, 1 << 62], [0, -1]] {
      let found = try flaw { graph in
        graph.add(tensor: HostileGraph.tensor("weight", shape, type: 1, raw: []))
        graph.add("Add", ["image", "weight"])
      }
      #expect(found?.contains("extents") == true, "\(shape)")
    }
  }

  /// No elements, but many places to go through.
  @Test func emptyTensors() throws {
    func empty(_ shape: [Int], _ body: (inout HostileGraph) -> Void) throws -> String? {
      try flaw { graph in
        graph.add(tensor: HostileGraph.tensor("empty", shape, type: 1, raw: []))
        body(&graph)
      }
    }
    let turned = try empty([0, 1 << 31]) { graph in
      graph.add("Flatten", ["image"])
      graph.add("Gemm", [graph.output, "empty"], [.int("transB", 1)])
    }
    #expect(turned?.contains("inputs") == true)
    let bias = try empty([0, 1 << 31]) { graph in
      let one = graph.floats([1], [1])
      graph.add("Flatten", ["image"])
      graph.add("Gemm", [graph.output, "empty", one])
    }
    #expect(bias?.contains("inputs") == true)
    let sum = try empty([0]) { graph in
      let one = graph.floats([1], [1])
      graph.add("Add", ["image", graph.add("Add", ["empty", one])])
    }
    #expect(sum?.contains("shapes") == true)
    for axis in [0, 1] {
      _ = try empty([1 << 20, 8, 0]) { graph in
        let all = graph.add("Concat", [String](repeating: "empty", count: 1000), [.int("axis", 1)])
        let some = graph.add("Gather", [all, graph.integers([0])], [.int("axis", axis)])
        graph.add("Add", ["image", some])
      }
    }
  }

  /// Inputs that aren't there, where several nodes become one layer.
  @Test func missingInputs() throws {
    let error = try flaw { graph in
      let (one, half) = (graph.floats([], [1]), graph.floats([], [0.5]))
      let sum = graph.add("Add", [graph.add("Erf", []), one])
      graph.add("Mul", [graph.add("Mul", ["image", sum]), half])
    }
    #expect(error != nil)
    #expect(try flaw { graph in graph.add("Conv", []) } != nil)
    let pad = try flaw { graph in
      let weight = graph.floats([2, 2, 1, 1], [1])
      graph.add("Conv", [graph.add("Pad", [], [.ints("pads", [0, 0, 0, 0, 0, 0, 0, 0])]), weight])
    }
    #expect(pad != nil)
    let operators = HostileModels.all.flatMap { $0.graph.operators }
    for operation in Set(operators) {
      #expect(try flaw { $0.add(operation, []) } != nil, "\(operation)")
      #expect(try flaw { $0.add(operation, [""]) } != nil, "\(operation)")
      #expect(try flaw { $0.add(operation, ["", "image"]) } != nil, "\(operation)")
      _ = try flaw { $0.add(operation, ["image"]) }
      _ = try flaw { $0.add(operation, ["image", "image"]) }
    }
  }

  /// Numbers that only fit their type.
  @Test func attributes() throws {
    let groups = try flaw { graph in
      let weight = graph.floats([2, 2, 1, 1], [1])
      graph.add("Conv", ["image", weight], [.int("group", .max)])
    }
    #expect(groups?.contains("groups") == true)
    let scalar = try flaw { graph in
      let one = graph.floats([], [1])
      graph.add("Mul", ["image", graph.add("Squeeze", [one, graph.integers([0])])])
    }
    #expect(scalar?.contains("axes") == true)
    for number in [Int.min, -1 << 32, -9, 9, 1 << 32, .max] {
      for (name, graph) in HostileModels.all {
        for operation in Set(graph.operators) {
          _ = try flaw { other in
            let list = other.integers([number, number])
            let weight = other.floats([2, 2, 1, 1], [1])
            let names = ["axis", "group", "axes", "perm", "pads", "strides", "dilations", "to"]
            let attributes = names.map { HostileGraph.Attribute.int($0, number) }
            other.add(operation, ["image", weight], attributes)
            other.add(operation, ["image", list, list, list, list])
            other.add(operation, [weight, list, list, list, list], attributes)
          }
        }
        #expect(!name.isEmpty)
      }
    }
    // The last step leads beyond the largest number.
    let slice = try flaw { graph in
      let weight = graph.floats([3, 2, 1, 1], [1])
      let (zero, large) = (graph.integers([0]), graph.integers([.max]))
      let part = graph.add("Slice", [weight, zero, large, zero, large])
      let x = graph.add("GlobalAveragePool", [graph.add("Conv", ["image", part])])
      graph.add("Flatten", [x])
    }
    #expect(slice == nil)
  }

  /// Small files that ask for large constants and large layers.
  @Test func memory() throws {
    let many = "numbers made from the file's"
    func fill(_ graph: inout HostileGraph, _ shape: [Int]) -> String {
      graph.add("ConstantOfShape", [graph.integers(shape)])
    }
    let joined = try flaw { graph in
      var x = fill(&graph, [1 << 20])
      for _ in 0..<30 { x = graph.add("Concat", [x, x], [.int("axis", 0)]) }
      graph.add("Add", ["image", x])
    }
    // One tensor is bounded, too, and is the first to be too large.
    #expect(joined != nil)
    let turned = try flaw { graph in
      var x = fill(&graph, [1 << 10, 1 << 10])
      for _ in 0..<1000 { x = graph.add("Transpose", [x]) }
      graph.add("Add", ["image", x])
    }
    #expect(turned?.contains(many) == true)
    let weights = try flaw { graph in
      let weight = fill(&graph, [1 << 10, 1 << 10, 1, 1])
      let wide = graph.integers([0, 0, 0, 0, 0, 1022, 0, 0])
      var x = graph.add("Pad", ["image", wide])
      for _ in 0..<1000 { x = graph.add("Conv", [x, weight]) }
    }
    #expect(weights?.contains(many) == true)
    let channels = try flaw([1, 1, 1, 1]) { graph in
      let (wide, one) = (graph.integers([0, 0, 0, 0, 0, 1 << 20, 0, 0]), graph.floats([], [2]))
      var x = "image"
      for _ in 0..<100 { x = graph.add("Mul", [graph.add("Pad", [x, wide]), one]) }
      graph.add("Flatten", [x])
    }
    #expect(channels?.contains(many) == true)
    let axes = try flaw([1, 2, 1, 1]) { graph in
      var x = "image"
      for _ in 0..<10_000 { x = graph.add("Unsqueeze", [x, graph.integers([1])]) }
    }
    #expect(axes?.contains("at most 8 axes") == true)
    let slices = try flaw { graph in
      let (list, ones) = (graph.add("ConstantOfShape", [graph.integers([1 << 20])]), "ones")
      graph.add(tensor: HostileGraph.tensor(ones, [], type: 7))
      graph.add("Add", ["image", graph.add("Slice", [list, list, list, list, list])])
    }
    #expect(slices != nil)
  }

  /// What takes time in proportion to the file, not to its square.
  @Test func names() throws {
    let same = try flaw { graph in
      var x = "image"
      for _ in 0..<20_000 { x = graph.add("Relu", [x], name: "same") }
      graph.add("Flatten", [graph.add("GlobalAveragePool", [x])])
    }
    #expect(same == nil)
    // A letter with very many accents is compared in the square of their number.
    let accents = "a" + String(repeating: "\u{301}\u{316}", count: 100_000)
    let long: [(inout HostileGraph) -> Void] = [
      { $0.add("Relu", ["image"], name: accents) }, { $0.add(accents, ["image"]) },
      { $0.add("Relu", [accents]) }, { $0.add("Relu", ["image"], domain: accents) },
      { $0.add("Relu", ["image"], [.int(accents, 1)]) }, { $0.name = accents },
      { $0.metadata = [(accents, "")] }, { $0.output = accents },
      { $0.add(tensor: HostileGraph.tensor(accents, [0], type: 1, raw: [])) },
      { $0.add(tensor: HostileGraph.external("weight", [1], [("location", accents)])) },
    ]
    for change in long {
      let found = try flaw { graph in
        graph.add("Relu", ["image"])
        change(&graph)
      }
      #expect(found?.contains("names of at most 1024 bytes") == true)
    }
    let mode = try flaw { $0.add("Pad", ["image"], [.text("mode", accents)]) }
    #expect(mode?.contains("a constant around the map") == true)
    #expect(try flaw { $0.add(String(repeating: "x", count: 100_000), ["image"]) } != nil)
  }

  /// Messages of two bytes, of which each takes hundreds in memory.
  @Test func emptyMessages() throws {
    let paths = [
      [7, 1], [7, 1, 5], [7, 5], [7, 1, 5, 6, 1], [7, 13, 2, 1, 2, 1], [8], [20, 1, 1],
    ]
    for path in paths {
      let tag = UInt8(path[path.count - 1] << 3 | 2)
      var content: [UInt8] = []
      for _ in 0..<5_000_000 { content += [tag, 0] }
      for field in path.dropLast().reversed() {
        var outer = HostileMessage()
        outer.bytes(field, content)
        content = outer.bytes
      }
      var found = ""
      do { _ = try ONNXImport(decoding: content) } catch { found = "\(error)" }
      #expect(found.contains("messages and names"), "\(path)")
    }
  }

  /// Messages in messages in messages.
  @Test func depth() throws {
    var node = HostileGraph.node("If", ["image"], ["v1"])
    for _ in 0..<2000 {
      var (graph, attribute, outer) = (HostileMessage(), HostileMessage(), HostileMessage())
      graph.message(1, node)
      attribute.message(6, graph)
      outer.message(5, attribute)
      node = outer
    }
    let found = try flaw { graph in
      graph.add(node: node)
      graph.add("Relu", ["image"])
    }
    #expect(found?.contains("an ONNX model") == true)
    // Groups, which the format once had, in fields that nobody knows.
    let groups = [UInt8](repeating: 0xfb, count: 400_000).enumerated().map {
      $0.offset % 2 == 0 ? $0.element : 0x07
    }
    #expect(throws: ONNXError.self) { try ONNXImport(decoding: groups) }
  }

  /// Data beside the model: only files inside of its directory, and no more than they hold.
  @Test func externalData() throws {
    try withTemporaryDirectory { directory in
      try Data(repeating: 0, count: 16).write(to: URL(fileURLWithPath: "\(directory)/weights"))
      try FileManager.default.createSymbolicLink(
        atPath: "\(directory)/link", withDestinationPath: "/etc/passwd")
      func reads(_ shape: [Int], _ fields: [(String, String)]) throws -> Bool {
        var graph = HostileModels.model { graph in
          graph.add(tensor: HostileGraph.external("weight", shape, fields))
          return graph.add("Conv", ["image", "weight"])
        }
        graph.name = "external"
        let path = "\(directory)/model.onnx"
        try Data(graph.bytes).write(to: URL(fileURLWithPath: path))
        do {
          _ = try ONNXImport(
            contentsOf: path, options: .init(preprocessing: .unit(channels: 2)))
          return true
        } catch is ONNXError {
          return false
        } catch is InterchangeError {
          return false
        }
      }
      let shape = [2, 2, 1, 1]
      #expect(try reads(shape, [("location", "weights")]))
      #expect(try reads(shape, [("location", "./weights"), ("offset", "0"), ("length", "16")]))
      let locations = [
        "", ".", "..", "/etc/passwd", "../model.onnx", "a/../../weights", "link", "weights/",
        "weights\0", "none", "//weights", String(repeating: "a", count: 10_000),
      ]
      for location in locations {
        #expect(try !reads(shape, [("location", location)]), "\(location)")
      }
      for (offset, length) in [
        ("1", "16"), ("-1", "16"), ("0", "15"), ("9223372036854775807", "16"), ("x", "16"),
        ("0", "-16"), ("99999999999999999999", "16"), ("16", "16"),
      ] {
        let fields = [("location", "weights"), ("offset", offset), ("length", length)]
        #expect(try !reads(shape, fields), "\(offset), \(length)")
      }
      #expect(try !reads([1 << 20, 1 << 10, 1, 1], [("location", "weights")]))
      #expect(try !reads([0, 2, 1, 1], [("location", "weights"), ("length", "0")]))
    }
  }
}
