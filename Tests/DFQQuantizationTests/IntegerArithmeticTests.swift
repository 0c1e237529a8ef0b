import DFQTestSupport
import DynaDFQ
import Testing

/// Convolutions of codes against the same in floating point.
@Suite struct IntegerArithmeticTests {
  /// Symmetric and asymmetric grids, scales per channel and per tensor, the widths of most codes,
  /// widths that follow the input's, the image itself in codes.
  static let quantizers: [Quantizer] = {
    var perTensor = Quantizer(weightBits: 3, activationBits: [4])
    perTensor.weights.granularity = .perTensor
    return [
      Quantizer(weightBits: 4, activationBits: [3, 4, 5]), perTensor,
      .family(weightBits: 4, activationBits: [3, 4]),
      Quantizer(weightBits: 8, activationBits: [8]),
      Quantizer(weightBits: 4, activationBits: [3, 4, 5], weightsFollowActivations: true),
      Quantizer(weightBits: 4, activationBits: [4], fullyQuantized: true),
    ]
  }()

  /// A student whose batch norms shift: otherwise sums that are 0 in integers, and next to it in
  /// floating point, lie at the kink of the activation, where gradients part.
  private static func student(_ index: Int) throws -> (QuantizedNetwork, Tensor) {
    var (student, images) = try StudentTests.student(quantizer: quantizers[index])
    var stream = RandomStream(seed: 4, "shifts")
    for entry in student.network.parameters.layout.entries where entry.role == .normShift {
      for position in entry.range {
        student.network.parameters.values[position] = stream.uniform(-0.1, 0.1)
      }
    }
    return (student, images)
  }

  private static func context(
    _ set: InstructionSet, _ arithmetic: ExecutionContext.QuantizedArithmetic, threads: Int = 1
  ) -> ExecutionContext {
    ExecutionContext(threads: threads, instructionSet: set, quantizedArithmetic: arithmetic)
  }

  /// The logits, and the gradient at the parameters where it is asked for.
  private static func run(
    _ student: QuantizedNetwork, _ images: Tensor, gradient: Bool = false,
    _ context: ExecutionContext
  ) throws -> StudentExecutor.Response {
    let output = student.network.graph.output
    var request = PassRequest(outputs: [output])
    if gradient {
      let labels = Tensor(shape: [images.rowCount, 4], repeating: 0.25)
      request.imageObjectives = [CrossEntropy(labels: labels, node: output)]
      request.parameterGradient = true
    }
    return try StudentExecutor(student, context: context).run(
      student, images: images, request: request)
  }

  @Test(arguments: quantizers.indices, InstructionSet.available)
  func integersAreWhatFloatsRoundTo(index: Int, set: InstructionSet) throws {
    let (student, images) = try IntegerArithmeticTests.student(index)
    let integer = try IntegerArithmeticTests.run(
      student, images, gradient: true, IntegerArithmeticTests.context(set, .integer))
    let float = try IntegerArithmeticTests.run(
      student, images, gradient: true, IntegerArithmeticTests.context(set, .float))
    #expect(integer.choices == float.choices)
    // No value changes its code here, so that what is computed from the last codes is the same.
    let same = integer.pass.outputs[0].elements == float.pass.outputs[0].elements
    #expect(same)
    // The normalizations' inputs differ by the sums' rounding.
    let distance = relativeDistance(integer.parameterGradient, float.parameterGradient)
    #expect(distance < 1e-4)
    #expect(distance > 0, "integers were left out")
  }

  /// What is kept for gradients must not change what is computed, nor the threads.
  @Test(arguments: quantizers.indices)
  func passesWithoutGradientsGiveTheSameBits(index: Int) throws {
    let (student, images) = try IntegerArithmeticTests.student(index)
    let expected = try IntegerArithmeticTests.run(
      student, images, gradient: true, IntegerArithmeticTests.context(.best, .integer))
    for threads in 1...3 {
      let found = try IntegerArithmeticTests.run(
        student, images, IntegerArithmeticTests.context(.best, .integer, threads: threads))
      let same = found.pass.outputs[0].elements == expected.pass.outputs[0].elements
      #expect(same)
    }
  }

  /// A researcher's own weights between the levels are computed as they are.
  @Test func weightsOffTheirGridStayFloats() throws {
    let (student, images) = try IntegerArithmeticTests.student(1)
    let request = PassRequest(outputs: [student.network.graph.output])
    let logits = try [ExecutionContext.QuantizedArithmetic.integer, .float].map { arithmetic in
      let executor = StudentExecutor(
        student, context: IntegerArithmeticTests.context(.best, arithmetic))
      var weights = executor.effectiveWeights(student)
      for position in weights.values.indices { weights.values[position] *= 1.01 }
      return try executor.run(student, images: images, request: request, effective: weights)
        .pass.outputs[0].elements
    }
    let same = logits[0] == logits[1]
    #expect(same)
  }
}
