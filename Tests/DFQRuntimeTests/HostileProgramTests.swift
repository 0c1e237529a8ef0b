import DFQRuntime
import DFQTensor
import Foundation
import Testing

/// Programs that ask for what must not be done, one after the other.
@Suite struct HostileProgramTests {
  /// What is wrong with a model that was changed, or nil.
  private func flaw(
    _ name: String, _ change: (inout IntegerModel) -> Void
  ) throws -> String? {
    var model = try #require(TinyModels.all.first { $0.name == name }).model
    change(&model)
    do {
      _ = try IntegerNetwork(model, context: ExecutionContext(threads: 2))
      return nil
    } catch RuntimeError.badModel(_, let expected, _) {
      return expected
    }
  }

  @Test func unchanged() throws {
    for item in TinyModels.all { #expect(try flaw(item.name) { _ in } == nil) }
  }

  /// The image is written in floating point, whatever a program says.
  @Test func imageInCodes() throws {
    let found = try flaw("depthwise") { $0.levels[0].values[0].point = 0 }
    #expect(found == "an image H W C in floating point")
  }

  /// Kernels keep the rows of a window in memory of a fixed size.
  @Test func tallKernels() throws {
    func model(kernel: Int) throws -> String? {
      try flaw("codes") { model in
        var builder = TinyProgram(image: [300, 2, 2])
        let point = builder.point([4])
        var x = builder.add(Operation(.identity, input: 0), [300, 2, 2], point)
        x = builder.convolution(
          x, [301 - kernel, 1, 2], kernel: kernel, width: 1, pad: 0, stride: 2, point: point,
          bits: 4, isDepthwise: true)
        model.levels = [builder.finish(x, bits: nil)]
      }
    }
    #expect(try model(kernel: 257) == "windows that read the input")
  }

  /// A table of all pixels for each channel.
  @Test func imageOfManyChannels() throws {
    let found = try flaw("codes") { model in
      var builder = TinyProgram(image: [1, 1, 4096])
      model.levels = [builder.finish(0, bits: 2)]
      model.mean = [Float](repeating: 0, count: 4096)
      model.standardDeviation = [Float](repeating: 1, count: 4096)
    }
    #expect(found == "at most 1024 channels of an image")
  }

  /// Values and scratch memory that are far larger than the file.
  @Test func memory() throws {
    let padded = try flaw("codes") { model in
      var builder = TinyProgram(image: [1, 1, 2])
      let x = builder.add(
        Operation(.padChannels(stride: 1, before: 0), input: 0), [1, 1, 1 << 25], nil)
      _ = builder.add(Operation(.globalAveragePool, input: x), [1 << 25], nil)
      model.levels = [builder.finish(0, bits: 2)]
    }
    #expect(padded == "values of 1...16777216 elements")
    let wide = try flaw("codes") { model in
      var builder = TinyProgram(image: [256, 32_768, 2])
      let x = builder.convolution(
        0, [1, 32_768, 1], kernel: 256, width: 1, pad: 0, point: builder.point([4]), bits: nil)
      model.levels = [builder.finish(x, bits: 2)]
    }
    #expect(wide?.contains("scratch memory") == true)
  }

  /// Codes must not be read on another grid than the one they were written on.
  @Test func lateDecisions() throws {
    let two = try flaw("decision") { model in
      // The second value of the first decision's point would decide again.
      model.levels[0].values[4].point = 0
    }
    #expect(two == "one value that is rounded at point 0")
    let early = try flaw("decision") { model in
      var level = model.levels[0]
      // Points in another order than their values.
      level.decisions = [level.decisions[1]]
      level.decisions[0].governs = [.init(point: 2, candidates: [0, 1])]
      level.values[2].point = 2
      level.values[4].point = 1
      level.operations[2].input = 1
      model.levels[0] = level
    }
    #expect(early == "one decision about a later point")
    let own = try flaw("decision") { $0.levels[0].decisions[0].isRounded = true }
    #expect(own == "one decision about a later point")
  }

  /// A thread's rows of a convolution in floating point are laid out in other ways than the whole image,
  /// and may need more memory; this is seen under AddressSanitizer.
  @Test func partsOfImages() throws {
    var model = try #require(TinyModels.all.first).model
    var builder = TinyProgram(image: [13, 11, 1024])
    let x = builder.convolution(
      0, [13, 11, 8], kernel: 1, pad: 0, point: builder.point([8]), bits: nil)
    model.levels = [builder.finish(x, bits: nil)]
    model.mean = [Float](repeating: 0, count: 1024)
    model.standardDeviation = [Float](repeating: 1, count: 1024)
    let inputs = Tensor(shape: [1, 13, 11, 1024], repeating: 0.1)
    let predictions = try [1, 2, 3].map {
      try IntegerNetwork(model, context: ExecutionContext(threads: $0)).predict(inputs: inputs)
    }
    #expect(predictions[1] == predictions[0] && predictions[2] == predictions[0])
  }

  /// Points whose grids differ in number from level to level.
  @Test func levelsOfOtherPoints() throws {
    let model = try #require(TinyModels.all.first { $0.name == "streaming" }).model
    let network = try IntegerNetwork(model, context: ExecutionContext(threads: 1))
    let inputs = Tensor(shape: [9, 6, 6, 2], repeating: 0.3)
    let predictions = try network.predict(inputs: inputs)
    for image in 0..<9 {
      #expect(predictions[image].bits.count == model.levels[predictions[image].level].points.count)
    }
  }
}
