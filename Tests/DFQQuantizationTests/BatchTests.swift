import DFQTestSupport
import DynaDFQ
import Testing

/// Images with different bits in one batch: each gets the bits, logits and costs that it gets alone, to
/// the last bit, whatever the batch, the number of threads and the arithmetic.
@Suite struct BatchTests {
  private static let sizes = [1, 3, 5, 13]
  private static let contexts =
    ExecutionVariant.all.map(\.context) + [2, 3].map { ExecutionContext(threads: $0) }

  /// One decision per layer, one per image, and passes over all or some of the images.
  @Test(arguments: [
    BitSelector(.perLayer), BitSelector(.perImage, hidden: 4, point: 1),
    BitSelector(MarginCascade(levels: [3, 5], shares: [0.4])),
  ])
  func studentsImageByImage(selector: BitSelector) throws {
    var (student, images) = try StudentTests.student(selector: selector)
    if selector.decider is MarginCascade {
      try student.fitSelector(on: images, context: StudentTests.context)
    }
    for context in BatchTests.contexts {
      let runs = try BatchTests.sizes.map {
        try StudentEvaluator(student, context: context, batch: $0).run(
          images, policy: .selector)
      }
      #expect(Set(runs[0].bits).count > 1, "\(context)")
      for run in runs.dropFirst() {
        #expect(run.bits == runs[0].bits, "\(context)")
        #expect(run.logits == runs[0].logits, "\(context)")
        #expect(run.passes == runs[0].passes && run.bitOPs == runs[0].bitOPs, "\(context)")
      }
    }
  }

  /// A cascade of a static and a dynamic student.
  ///
  /// By its threshold an answer depends on its image only.
  @Test func cascadesImageByImage() throws {
    let quantizer = Quantizer(weightBits: 3, activationBits: [3])
    let (low, images) = try StudentTests.student(quantizer: quantizer)
    let (high, _) = try StudentTests.student()
    let levels = [low, high]
    let runs = try levels.map {
      try StudentEvaluator($0, context: StudentTests.context).run(images, policy: .selector)
    }
    let cascade = try StudentCascade(
      levels: levels, runs: runs,
      budget: runs[0].averageBitOPs + 0.5 * runs[1].averageBitOPs)
    for context in BatchTests.contexts {
      let whole = try CascadeEvaluator(cascade, context: context, batch: 13).run(images)
      #expect(Set(whole.lastLevels) == [0, 1], "\(context)")
      let evaluator = CascadeEvaluator(cascade, context: context, batch: 4)
      for size in BatchTests.sizes {
        let parts = try stride(from: 0, to: images.rowCount, by: size).map {
          try evaluator.run(images.rows($0..<min($0 + size, images.rowCount)))
        }
        #expect(parts.flatMap(\.lastLevels) == whole.lastLevels, "\(context), \(size)")
        #expect(parts.flatMap(\.logits) == whole.logits, "\(context), \(size)")
        #expect(parts.flatMap(\.meanBits) == whole.meanBits, "\(context), \(size)")
        #expect(parts.flatMap(\.bitOPs) == whole.bitOPs, "\(context), \(size)")
      }
    }
  }
}
