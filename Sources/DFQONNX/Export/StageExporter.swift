import DFQRuntime
import DFQTensor
import Foundation

/// The whole model: one program, or several stages of which later ones compute only the images that go on.
struct StageExporter {
  /// A program, or one of its passes.
  private struct Stage {
    let program: IntegerProgram
    let fixed: [UInt8]?
    /// The margin below which an image goes on to the next stage; nil for the last.
    let threshold: Float?
  }

  private let source: IntegerModel
  private let style: ExportStyle
  private let stages: [Stage]
  private var writer = ONNXGraphWriter()
  private var outputs: [Onnx_ValueInfoProto] = []

  init(_ model: IntegerModel, style: ExportStyle) throws {
    source = model
    self.style = style
    if model.levels.count == 1, let level = model.levels.first {
      let passes: [[UInt8]?] = level.passes.isEmpty ? [nil] : level.passes
      stages = passes.enumerated().map { index, fixed in
        Stage(
          program: level, fixed: fixed,
          threshold: index < level.passThresholds.count ? level.passThresholds[index] : nil)
      }
    } else {
      guard model.levels.allSatisfy({ $0.passes.isEmpty }) else {
        throw ONNXError.notExportable(
          layer: "cascade", reason: "its levels have passes of their own")
      }
      stages = model.levels.enumerated().map { index, level in
        Stage(
          program: level, fixed: nil,
          threshold: index < model.thresholds.count ? model.thresholds[index] : nil)
      }
    }
  }

  /// Adds all nodes.
  mutating func build() throws {
    let image = writer.unique("image")
    let (logits, passes) = try emit(0, image)
    writer.rename(logits, to: "logits")
    outputs = [Self.value("logits", .float, [nil, source.levels[0].classCount])]
    if let passes {
      writer.rename(passes, to: "passes")
      outputs.append(Self.value("passes", .int64, [nil]))
    } else if !bits.isEmpty {
      outputs.append(Self.value("bits", .int64, [nil, stages[0].program.points.count]))
    }
  }

  /// The choices of the only stage, which make the output `bits`.
  private var bits: [Int: String] = [:]

  /// The nodes of a stage and of all that follow: logits, and the number of stages that each image takes.
  private mutating func emit(
    _ index: Int, _ image: String
  ) throws -> (logits: String, passes: String?) {
    let stage = stages[index]
    var exporter = ProgramExporter(
      stage.program, style: style, fixed: stage.fixed, writer: writer)
    let logits = try exporter.logits(of: image)
    writer = exporter.writer
    guard stages.count > 1 else {
      bits = exporter.choices
      if !bits.isEmpty { writeBits(stage.program, exporter) }
      return (logits, nil)
    }
    let label = "stage\(index + 1)"
    var one = Onnx_TensorProto()
    one.dataType = Int32(Onnx_TensorProto.DataType.int64.rawValue)
    one.dims = [1]
    one.int64Data = [1]
    let shape = writer.add("Shape", [logits], "\(label).shape")
    let count = writer.add(
      "Slice", [shape, writer.list([0]), writer.list([1])], "\(label).count")
    let ones = writer.add(
      "ConstantOfShape", [count], "\(label).one", attributes: [.tensor("value", one)])
    guard let threshold = stage.threshold else { return (logits, ones) }

    let top = writer.add(
      "TopK", [logits, writer.list([2])], outputs: ["\(label).largest", "\(label).order"],
      attributes: [.int("axis", 1)])[0]
    let margin = writer.add(
      "Sub",
      [0, 1].map { place in
        writer.add(
          "Gather", [top, writer.integers([place], shape: [], .int64, "\(label).place")],
          "\(label).logit", attributes: [.int("axis", 1)])
      }, "\(label).margin")
    let goesOn = writer.add("Less", [margin, writer.scalar(threshold)], "\(label).goesOn")
    var indices = writer.add("NonZero", [goesOn], "\(label).indices")
    indices = writer.add("Transpose", [indices], "\(label).rows")
    let size = writer.add("Size", [indices], "\(label).size")
    let none = writer.integers([0], shape: [], .int64, "\(label).none")
    let any = writer.add("Greater", [size, none], "\(label).any")
    var failure: (any Error)?
    var outer = self
    let then = writer.subgraph { inner in
      do {
        outer.writer = inner
        let rows = outer.writer.add(
          "Squeeze", [indices, outer.writer.list([1])], "\(label).rowList")
        let images = outer.writer.add("Gather", [image, rows], "\(label).images")
        let later = try outer.emit(index + 1, images)
        let more = outer.writer.add(
          "Add", [later.passes ?? ones, outer.writer.list([1])], "\(label).laterPasses")
        let result = [
          outer.writer.add("ScatterND", [logits, indices, later.logits], "\(label).logits"),
          outer.writer.add("ScatterND", [ones, indices, more], "\(label).passes"),
        ]
        inner = outer.writer
        return result
      } catch {
        failure = error
        return []
      }
    }
    if let failure { throw failure }
    let otherwise = writer.subgraph { inner in
      [
        inner.add("Identity", [logits], "\(label).sameLogits"),
        inner.add("Identity", [ones], "\(label).samePasses"),
      ]
    }
    let results = writer.add(
      "If", [any], outputs: ["\(label).result", "\(label).passCount"],
      attributes: [.graph("then_branch", then), .graph("else_branch", otherwise)])
    return (results[0], results[1])
  }

  /// The bits of every quantized value, image by image.
  private mutating func writeBits(_ program: IntegerProgram, _ exporter: ProgramExporter) {
    let anyChoice = bits.values.sorted()[0]
    let columns = program.points.enumerated().map { point, form in
      let widths = form.grids.map(\.bits)
      // A list of the widths, one of which every image gathers.
      let (table, choice): ([Int], String)
      if let choices = exporter.choices[point] {
        (table, choice) = (widths, choices)
      } else {
        let most =
          program.points[program.points.startIndex..<program.points.endIndex].map {
            $0.grids.count
          }.max() ?? 1
        (table, choice) = ([Int](repeating: widths[widths.count - 1], count: most), anyChoice)
      }
      let chosen = writer.add("Gather", [writer.list(table), choice], "\(form.name).bits")
      return writer.add("Unsqueeze", [chosen, writer.list([1])], "\(form.name).bits.column")
    }
    let all = writer.add("Concat", columns, "allBits", attributes: [.int("axis", 1)])
    writer.rename(all, to: "bits")
  }

  private static func value(
    _ name: String, _ type: Onnx_TensorProto.DataType, _ extents: [Int?]
  ) -> Onnx_ValueInfoProto {
    var value = Onnx_ValueInfoProto()
    value.name = name
    value.type.tensorType.elemType = Int32(type.rawValue)
    value.type.tensorType.shape.dim = extents.map { extent in
      var dimension = Onnx_TensorShapeProto.Dimension()
      if let extent { dimension.dimValue = Int64(extent) } else { dimension.dimParam = "N" }
      return dimension
    }
    return value
  }

  /// The finished model.
  func model(opset: Int) -> Onnx_ModelProto {
    var graph = Onnx_GraphProto()
    graph.name = "student"
    let shape = source.levels[0].imageShape
    graph.input = [Self.value("image", .float, [nil, shape[2], shape[0], shape[1]])]
    graph.output = outputs
    graph.node = writer.nodes
    graph.initializer = writer.tensors
    var model = Onnx_ModelProto()
    model.irVersion = opset >= 21 ? 10 : 8
    model.producerName = "DynaDFQ"
    model.graph = graph
    var own = Onnx_OperatorSetIdProto()
    own.version = Int64(opset)
    model.opsetImport = [own]
    for (domain, version) in writer.domains.sorted(by: { $0.key < $1.key }) {
      var other = Onnx_OperatorSetIdProto()
      other.domain = domain
      other.version = version
      model.opsetImport.append(other)
    }
    model.metadataProps = ModelFacts(source).properties.map { key, text in
      var entry = Onnx_StringStringEntryProto()
      entry.key = key
      entry.value = text
      return entry
    }
    return model
  }
}
