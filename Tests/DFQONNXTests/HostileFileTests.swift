import DFQEngine
import DFQFiles
import DFQGraph
import DFQONNX
import DFQTensor
import Foundation
import Testing

/// ONNX files that were changed: a typed error, or a network that classifies.
@Suite struct HostileONNXTests {
  private static let context = ExecutionContext(threads: 1)

  /// Reads bytes and executes what is accepted and small; returns whether it was.
  ///
  /// Errors of other types are recorded.
  @discardableResult
  private static func survives(_ bytes: [UInt8], _ options: ONNXImport.Options) -> Bool {
    do {
      try execute(ONNXImport(decoding: bytes, options: options).network)
      return true
    } catch {
      #expect(error is ONNXError || error is NetworkError || error is InterchangeError, "\(error)")
      return false
    }
  }

  /// What a model's file doesn't say.
  private static func options(_ graph: HostileGraph) -> ONNXImport.Options {
    ONNXImport.Options(
      preprocessing: .unit(channels: graph.channels),
      layout: graph.isChannelsLast ? .channelsLast : .channelsFirst,
      imageSize: graph.image[2] == nil ? Size2D(8) : nil)
  }

  private static func execute(_ network: Network) throws {
    let values = network.graph.nodes.reduce(0) { $0 + $1.outputShape.count }
    guard values < 1 << 14, network.parameters.layout.count < 1 << 14, network.graph.macs < 1 << 18
    else { return }
    let inputs = Tensor(shape: Shape([1] + network.imageShape.dimensions), repeating: 0.5)
    let logits = try FloatExecutor(network, context: context).logits(ofInputs: inputs)
    #expect(logits.count == network.classCount)
  }

  @Test(arguments: HostileModels.all.indices)
  func unchanged(index: Int) throws {
    let (name, graph) = HostileModels.all[index]
    #expect(graph.bytes.count < 4096, "\(name)")
    let imported = try ONNXImport(decoding: graph.bytes, options: Self.options(graph))
    #expect(imported.network.classCount == 3, "\(name)")
    try Self.execute(imported.network)
  }

  @Test(arguments: HostileModels.all.indices)
  func shortened(index: Int) {
    let graph = HostileModels.all[index].graph
    let (bytes, options) = (graph.bytes, Self.options(graph))
    for count in bytes.indices { Self.survives(Array(bytes[..<count]), options) }
    #expect(!Self.survives([], options))
  }

  @Test(arguments: HostileModels.all.indices)
  func changed(index: Int) {
    let graph = HostileModels.all[index].graph
    let (bytes, options) = (graph.bytes, Self.options(graph))
    var accepted = 0
    for place in bytes.indices {
      let byte = bytes[place]
      // Every bit somewhere, and what changes lengths, signs and types.
      let changes: Set = [byte ^ 1 << (place % 8), 0, 0xff, byte &+ 1, byte &- 1]
      for change in changes where change != byte {
        var changed = bytes
        changed[place] = change
        if Self.survives(changed, options) { accepted += 1 }
      }
    }
    // Weights may have other values.
    #expect(accepted > 0)
  }

  /// Bytes that are left out or repeated move everything behind them.
  @Test(arguments: HostileModels.all.indices)
  func moved(index: Int) {
    let graph = HostileModels.all[index].graph
    let (bytes, options) = (graph.bytes, Self.options(graph))
    for place in stride(from: 0, to: bytes.count, by: 3) {
      let end = min(place + 1 + place % 7, bytes.count)
      Self.survives(Array(bytes[..<place] + bytes[end...]), options)
      Self.survives(Array(bytes[..<end] + bytes[place...]), options)
    }
  }

  /// What the fuzzer starts from, see Scripts/fuzz.
  @Test func corpus() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fuzzing/onnx-corpus")
    if let target = ProcessInfo.processInfo.environment["DFQ_WRITE_ONNX_CORPUS"] {
      for (name, graph) in HostileModels.all + HostileModels.refused {
        try Data(graph.bytes).write(to: URL(fileURLWithPath: "\(target)/\(name).onnx"))
      }
    }
    let files = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    #expect(files.count > HostileModels.all.count)
    for file in files {
      let bytes = [UInt8](try Data(contentsOf: file))
      for layout in ONNXImport.Layout.allCases {
        for channels in 1...4 {
          let preprocessing = Preprocessing.unit(channels: channels)
          Self.survives(bytes, .init(preprocessing: preprocessing, layout: layout))
          Self.survives(
            bytes, .init(preprocessing: preprocessing, layout: layout, imageSize: Size2D(8)))
        }
      }
    }
  }
}
