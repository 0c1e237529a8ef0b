import DFQTestSupport
import DynaDFQ
import Testing

/// The times of a network's operations.
@Suite struct ProfileTests {
  @Test(arguments: StudentCase.all)
  func hasEveryOperation(_ item: StudentCase) throws {
    let context = ExecutionContext(threads: 1)
    let network = try IntegerNetwork(item.student(context).student, context: context)
    let profile = try network.profile(
      pixels: [UInt8](repeating: 100, count: network.imageShape.count), repetitions: 2)
    let layers = profile.operations.filter { $0.kernel != nil }
    #expect(layers.map(\.name) == network.layers.map(\.name))
    #expect(profile.operations.allSatisfy { $0.microseconds >= 0 && $0.microseconds < 1e6 })
    #expect(profile.total > 0 && 0...1 ~= profile.selectorShare)
    let decides =
      item.quantizer.activationBits.count > 1 && !item.description.hasSuffix("margin cascade")
    #expect((profile.selectorShare > 0) == decides)
    #expect(throws: RuntimeError.self) { try network.profile(pixels: [1, 2], repetitions: 1) }
  }
}
