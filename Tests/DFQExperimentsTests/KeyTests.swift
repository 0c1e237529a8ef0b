import DFQExperiments
import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Names of artefacts: the hash, the canonical text, and what changes a key.
@Suite struct KeyTests {
  /// The examples of FIPS 180-4, and lengths around a block.
  @Test func hash() {
    #expect(
      SHA256.hex(of: "abc")
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hex(of: "")
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      SHA256.hex(of: "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      SHA256.hex(of: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    for length in [55, 56, 57, 63, 64, 65, 127, 128, 129] {
      let bytes = (0..<length).map { UInt8($0) }
      var parts = SHA256()
      for start in stride(from: 0, to: length, by: 7) {
        parts.update(Array(bytes[start..<min(start + 7, length)]))
      }
      #expect(parts.hex() == SHA256.hex(of: bytes), "\(length) bytes")
    }
  }

  /// One text for equal settings, whatever the order; a key that must never change.
  @Test func canonicalText() throws {
    struct Settings: Encodable {
      var b = [1, 2]
      var a: [String: Float] = ["y": 3e-5, "x": 0.1]
      var text = "\"é\"\n"
      var none: Int?
      var seed = UInt64.max
    }
    let tree = try JSONTree(encoding: Settings())
    #expect(
      tree.text
        == #"{"a":{"x":0.1,"y":3e-05},"b":[1,2],"seed":18446744073709551615,"text":"\"é\"\n"}"#
    )
    #expect(
      SHA256.hex(of: tree.text)
        == "830dff13cda3e66e841f47c28983263ebd1ca42b160b2f5b5154dcd0207bd2f4")
    let decoded = try JSONDecoder().decode(JSONTree.self, from: Data(tree.text.utf8))
    #expect(decoded["b"] == tree["b"])
  }

  private func keys(_ plan: ExperimentPlan, _ kind: String) -> [String] {
    plan.cells.filter { $0.kind == kind }.map(\.key)
  }

  /// Keys follow what decides bits: not names, places, order or how often a state is saved.
  @Test func whatDecides() throws {
    try Workshop.with { workshop in
      let base = try workshop.plan()
      func plan(_ part: String, _ replacement: String) throws -> ExperimentPlan {
        try workshop.plan(Workshop.recipe.replacing(part, with: replacement))
      }
      let renamed = try plan("name: dynamic", "name: other")
      #expect(Set(renamed.cells.map(\.key)) == Set(base.cells.map(\.key)))
      let saved = try plan("checkpointInterval: 1", "checkpointInterval: 2")
      #expect(saved.cells.map(\.key) == base.cells.map(\.key))
      // Other images change the students on them, and the evaluations of those.
      let images = try plan("count: 16, imagesPerBatch", "count: 15, imagesPerBatch")
      #expect(Set(keys(images, "images")).intersection(keys(base, "images")).count == 2)
      #expect(keys(images, "teacher") == keys(base, "teacher"))
      #expect(Set(keys(images, "student")).intersection(keys(base, "student")).count == 4)
      // A limit is other data, but the same students.
      let limited = try plan("data: \"cifar10:test.bin\"", "limit: 9, data: \"cifar10:test.bin\"")
      #expect(keys(limited, "student") == keys(base, "student"))
      #expect(Set(keys(limited, "evaluation")).isDisjoint(with: keys(base, "evaluation")))
      // A copy of network and data in another place is the same.
      try FileManager.default.createDirectory(
        atPath: workshop.directory + "/else", withIntermediateDirectories: true)
      for name in ["tiny.safetensors", "test.bin"] {
        try copyFile("\(workshop.directory)/\(name)", to: "\(workshop.directory)/else/\(name)")
      }
      let moved = try ExperimentPlan(
        Recipe(Workshop.recipe, directory: workshop.directory + "/else"), context: workshop.context)
      #expect(moved.cells.map(\.key) == base.cells.map(\.key))
      // Another arithmetic gives other bits, another number of threads does not.
      let scalar = ExecutionContext(threads: 1, instructionSet: .scalar)
      let recipe = try Recipe(Workshop.recipe, directory: workshop.directory)
      #expect(
        try ExperimentPlan(recipe, context: ExecutionContext(threads: 1)).cells.map(\.key)
          == base.cells.map(\.key))
      if InstructionSet.best != .scalar {
        #expect(
          Set(try ExperimentPlan(recipe, context: scalar).cells.map(\.key)).intersection(
            base.cells.map(\.key)
          ).count == 2, "only noise has no arithmetic")
      }
    }
  }
}
