internal import DFQTensor
internal import Foundation
internal import Testing

/// Kernel tests compare the instruction sets that are available, so all of this processor's must be.
@Suite struct InstructionSetTests {
  #if os(Linux) && arch(x86_64)
    @Test func everySetOfThisProcessor() throws {
      let text = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
      let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("flags") })
      let flags = Set(line.split(separator: " ").map(String.init))
      let names = InstructionSet.available.map(\.rawValue)
      #expect(names.contains("scalar"))
      #expect(names.contains("avx2") == flags.isSuperset(of: ["avx2", "fma"]))
      let wide: Set = ["avx512f", "avx512bw", "avx512dq", "avx512vl", "fma"]
      #expect(names.contains("avx512") == flags.isSuperset(of: wide))
    }
  #endif
}
