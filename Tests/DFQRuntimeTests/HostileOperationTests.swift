import DFQRuntime
import DFQTensor
import Testing

/// Operations of imported networks that ask for what is not there.
@Suite struct HostileOperationTests {
  /// What is wrong with the program of a name whose operation `index` was changed, or nil.
  private func flaw(
    _ name: String, _ index: Int, _ change: (inout Operation) -> Void
  ) throws -> String? {
    var model = try #require(TinyModels.all.first { $0.name == name }).model
    change(&model.levels[0].operations[index])
    do {
      _ = try IntegerNetwork(model, context: ExecutionContext(threads: 1))
      return nil
    } catch RuntimeError.badModel(_, let expected, _) {
      return expected
    }
  }

  private func numbers(_ operation: any NumberOperation) -> Operation.Kind {
    .numbers(AnyNumberOperation(operation))
  }

  /// Values that are written later, or never.
  @Test(arguments: [5, 6, 99, -1])
  func valuesToCome(value: Int) throws {
    #expect(try flaw("numbers", 3) { $0.kind = numbers(ValueProduct(with: value)) } != nil)
    // As many numbers as channels, in another shape.
    let turned = try flaw("numbers", 3) { $0.kind = numbers(ValueProduct(with: 0)) }
    #expect(turned?.contains("a factor for each") == true)
    let joined = try flaw("numbers", 6) {
      $0.kind = numbers(ChannelConcatenation(with: [1, 5...6 ~= value ? 7 : value]))
    }
    #expect(joined != nil)
  }

  @Test func settings() throws {
    let nan = Float.nan
    #expect(
      try flaw("numbers", 2) {
        $0.kind = numbers(ElementFunctionOperation(.hardSigmoid(slope: nan, offset: 0)))
      } == "a finite slope and offset")
    #expect(
      try flaw("numbers", 2) {
        $0.kind = numbers(ElementFunctionOperation(.clip(minimum: 1, maximum: 0)))
      } == "a minimum of at most the maximum")
    #expect(
      try flaw("numbers", 4) { $0.kind = numbers(ChannelSlopes([1, 2])) }?
        .contains("slopes for the channels") == true)
    #expect(
      try flaw("numbers", 7) {
        $0.kind = numbers(
          ChannelNormalization(
            scale: [Float](repeating: 1, count: 9), shift: [Float](repeating: 0, count: 8),
            epsilon: 1))
      }?.contains("scales and shifts") == true)
  }

  @Test(
    arguments: [
      (0, 1, 1, 1), (.max, 1, 1, 1), (3, -1, 1, 1), (3, 1, .nan, 1), (3, 1, 1, 0),
      (3, .infinity, 1, 1),
    ] as [(Int, Float, Float, Float)])
  func neighbours(size: Int, alpha: Float, beta: Float, bias: Float) throws {
    let found = try flaw("numbers", 8) {
      $0.kind = numbers(
        NeighbourDivision(.init(size: size, alpha: alpha, beta: beta, bias: bias)))
    }
    #expect(found?.contains("neighbours") == true)
  }

  @Test func moves() throws {
    #expect(try flaw("moves", 3) { $0.kind = .selectChannels([0, 1, 2, 0]) } != nil)
    #expect(try flaw("moves", 3) { $0.kind = .selectChannels([0, 1]) } != nil)
    #expect(try flaw("moves", 3) { $0.kind = .selectChannels([0, -1, 0, 0]) } != nil)
    #expect(try flaw("moves", 0) { $0.kind = .padMap(top: 2, left: 0) } != nil)
    #expect(try flaw("moves", 0) { $0.kind = .padMap(top: .max, left: .max) } != nil)
    #expect(try flaw("moves", 5) { $0.kind = .upsample(factor: 3) } != nil)
    #expect(try flaw("moves", 5) { $0.kind = .upsample(factor: .max) } != nil)
    #expect(try flaw("moves", 0) { $0.kind = .padMap(top: 1, left: 1) } == nil)
  }

  /// Few weights between so many gaps that they would take 16 GiB.
  @Test func gaps() throws {
    var model = try #require(TinyModels.all.first).model
    var builder = TinyProgram(image: [256, 256, 256])
    let x = builder.convolution(
      0, [1, 1, 256], kernel: 2, pad: 0, point: builder.point([4]), bits: 2,
      parts: .init(groups: 1, dilationHeight: 255, dilationWidth: 255))
    model.levels = [builder.finish(x, bits: nil)]
    model.mean = [Float](repeating: 0, count: 256)
    model.standardDeviation = [Float](repeating: 1, count: 256)
    let error = #expect(throws: RuntimeError.self) {
      _ = try IntegerNetwork(model, context: ExecutionContext(threads: 1))
    }
    #expect(error.map { "\($0)" }?.contains("gaps between taps") == true)
  }

  @Test func groups() throws {
    func flaw(_ parts: Operation.Convolution.Parts) throws -> String? {
      try self.flaw("moves", 4) { operation in
        guard case .convolution(var convolution) = operation.kind else { return }
        convolution.parts = parts
        operation.kind = .convolution(convolution)
      }
    }
    for groups in [0, -1, 3, 4, .max] { #expect(try flaw(.init(groups: groups)) != nil) }
    #expect(try flaw(.init(groups: 2, dilationHeight: 0)) != nil)
    #expect(try flaw(.init(groups: 2, dilationWidth: 3)) != nil)
    // A kernel of two taps would have fewer weights.
    #expect(try flaw(.init(groups: 2, dilationHeight: 2)) != nil)
    #expect(try flaw(.init(groups: 2)) == nil)
  }
}
