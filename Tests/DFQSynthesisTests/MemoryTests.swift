import DFQTestSupport
import DynaDFQ
import Testing

/// Synthesis within a number of bytes.
@Suite struct MemoryTests {
  private static func synthesizer() throws -> Synthesizer {
    try Synthesizer(
      teacher: Architecture(name: "resnet8-cifar:input=16x16x3,classes=4").network(seed: 1),
      method: SoftLabelMethod(),
      configuration: .init(count: 40, imagesPerBatch: 64, steps: 2, dropUnfaithful: false),
      context: ExecutionContext(threads: 1))
  }

  /// First values are computed twice, for the same images, then batches become smaller, and at last there is an error.
  @Test func within() throws {
    let synthesizer = try Self.synthesizer()
    let images = try synthesizer.synthesize()
    let whole = synthesizer.byteCount
    let enough = try synthesizer.within(bytes: whole)
    #expect(enough.byteCount == whole)
    let less = try synthesizer.within(bytes: whole - 1)
    #expect(less.byteCount < whole * 2 / 3, "\(less.byteCount) of \(whole)")
    #expect(less.configuration == synthesizer.configuration)
    for other in [enough, less] {
      let found = try other.synthesize()
      #expect(found.images == images.images && found.labels == images.labels)
    }
    let smaller = try synthesizer.within(bytes: less.byteCount - 1)
    #expect(smaller.configuration.imagesPerBatch == 20)
    #expect(smaller.byteCount < less.byteCount)
    #expect(try smaller.synthesize().count == 40)
    #expect(throws: SynthesisError.self) { try synthesizer.within(bytes: 1000) }
  }
}
