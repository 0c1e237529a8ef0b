import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Work that keeps less in memory gives the same bits.
@Suite struct MemoryLimitTests {
  /// Values that are computed twice are those that are kept, for losses on moments, on images and both.
  @Test(arguments: ExecutionVariant.all, ["resnet20-cifar", "mobilenetv2"])
  func computedTwice(variant: ExecutionVariant, name: String) throws {
    let network = try Architecture(name: "\(name):input=16x16x3,classes=5").network(seed: 1)
    var stream = RandomStream(seed: 9, "images")
    // A number that shards do not divide.
    let images = stream.tensor([19, 16, 16, 3])
    let target = stream.tensor([19, 5])
    for wantsParameters in [false, true] {
      let request = PassRequest(
        imageObjectives: [SquaredDistance(target: target, node: network.graph.output)],
        momentObjectives: try network.batchNormStatistics(), imageGradient: true,
        parameterGradient: wantsParameters, outputs: [network.graph.output])
      let results = try [Int?.none, 1].map { limit in
        var context = variant.context
        context.memoryLimit = limit
        return try Executor(plan: Plan(network.graph), context: context).run(
          images: images, parameters: network.parameters.values, request: request)
      }
      #expect(results[0].imageGradient! == results[1].imageGradient!)
      #expect(results[0].parameterGradient == results[1].parameterGradient)
      #expect(results[0].outputs == results[1].outputs)
      #expect(results[0].momentLosses == results[1].momentLosses)
      #expect(results[0].lossesByImage == results[1].lossesByImage)
    }
  }

  /// The bytes of a pass that may not keep its values hardly grow with the batch; a limit that is kept changes nothing.
  @Test func bytes() throws {
    let network = try Architecture(name: "resnet20-cifar").network(seed: 1)
    let request = PassRequest(
      momentObjectives: try network.batchNormStatistics(), imageGradient: true)
    func bytes(_ batch: Int, limit: Int?) -> Int {
      var context = ExecutionContext(threads: 2)
      context.memoryLimit = limit
      return FloatExecutor.bytes(network, batch: batch, request: request, context: context)
    }
    let kept = bytes(256, limit: nil)
    #expect(bytes(256, limit: kept) == kept)
    #expect(bytes(256, limit: kept - 1) == bytes(64, limit: 1))
    #expect(bytes(256, limit: 1) * 5 < kept, "\(bytes(256, limit: 1)) \(kept)")
  }

  /// In half precision, in memory and in a file: ties to even, denormal numbers, bounds.
  @Test(arguments: [false, true]) func features(inFile: Bool) throws {
    // 2049 and 2051 lie between two halves; 2^-25 is half of the smallest one, 3 * 2^-25 one and a half.
    let numbers: [(Float, Float)] = [
      (0, 0), (-1.5, -1.5), (0.1, 0.099975586), (2049, 2048), (2051, 2052), (65519, 65504),
      (1e30, 65504), (-.infinity, -65504), (0x1p-24, 0x1p-24), (0x1p-25, 0), (0x3p-25, 0x1p-23),
      (-0x1p-14, -0x1p-14),
    ]
    try withTemporaryDirectory { directory in
      var context = ExecutionContext(threads: 2)
      if inFile { context.scratchDirectory = directory }
      let store = try FeatureStore(rowShape: [3, 2], rowCount: 4, context: context)
      #expect(store.rows(at: [3]).elements == [Float](repeating: 0, count: 6))
      store.write(Tensor(shape: [2, 3, 2], elements: numbers.map(\.0)), at: 1)
      let read = store.rows(at: [2, 1])
      #expect(read.shape == [2, 3, 2])
      #expect(read.elements == Array(numbers[6...].map(\.1) + numbers[..<6].map(\.1)))
      store.write(Tensor(shape: [1, 3, 2], repeating: .nan), at: 0)
      let isNaN = store.rows(at: [0]).elements.allSatisfy { $0.isNaN }
      #expect(isNaN)
      let left = try FileManager.default.contentsOfDirectory(atPath: directory)
      #expect(left.isEmpty)
    }
  }
}
