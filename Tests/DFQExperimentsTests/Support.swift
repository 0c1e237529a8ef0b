import DFQExperiments
import DFQTestSupport
import DynaDFQ
import Foundation

/// A directory with a tiny network, a few real images and a recipe for them.
struct Workshop {
  let directory: String
  var context = ExecutionContext(threads: 2)

  static let recipe = """
    version: 1
    name: tiny
    seeds: [1, 2]
    networks: [{name: tiny, model: tiny.safetensors}]
    images:
      - {name: groups, count: 16, imagesPerBatch: 8, steps: 3, dropUnfaithful: false}
      - {name: noise, method: noise, count: 16}
    students:
      - name: W4A{activationBits}
        each: {activationBits: [4, 6]}
        weightBits: 4
        training: {steps: 3, imagesPerStep: 8}
      - name: dynamic
        images: groups
        weightBits: 4
        activationBits: [4, 6]
        budget: 5
        training: {steps: 3, imagesPerStep: 8, checkpointInterval: 1}
    cascades:
      - {name: cascade, levels: [W4A4, W4A6], budget: W4A6}
    ablations:
      - {name: no mixup, of: [W4A4], on: [groups], student: {training: {mixup: {images: none}}}}
    evaluations:
      - {name: test, data: "cifar10:test.bin", controls: [fixed, shuffled, uniform]}
    """

  /// Calls `body` with a workshop whose directory is removed afterwards.
  static func with(_ body: (Workshop) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      let network = try Architecture(.cifarResNet(depth: 8, projection: false)).network(seed: 3)
      try network.write(to: "\(directory)/tiny.safetensors")
      var stream = RandomStream(seed: 5, "pixels")
      var records: [UInt8] = []
      for image in 0..<24 {
        records.append(UInt8(image % 10))
        for _ in 0..<3072 { records.append(UInt8(stream.integer(below: 256))) }
      }
      try AtomicFile.write(records, to: "\(directory)/test.bin")
      try body(Workshop(directory: directory))
    }
  }

  func plan(_ text: String = Workshop.recipe) throws -> ExperimentPlan {
    try ExperimentPlan(Recipe(text, directory: directory), context: context)
  }

  func store(_ name: String) throws -> Store { try Store(creating: "\(directory)/\(name)") }

  /// What a store holds, without what depends on time: files by name with their contents, and the
  /// results in an order of their own.
  func contents(_ store: Store) throws -> (files: [String: String], results: [String]) {
    var files: [String: String] = [:]
    let artefacts = store.path + "/artefacts"
    for name in try FileManager.default.contentsOfDirectory(atPath: artefacts) {
      let bytes = try fileBytes("\(artefacts)/\(name)")
      guard name.hasSuffix(".json") else {
        files[name] = SHA256.hex(of: bytes)
        continue
      }
      files[name] = try Workshop.timeless(Data(bytes))
    }
    let lines = try String(contentsOfFile: store.path + "/results.jsonl", encoding: .utf8)
    return (
      files, try lines.split(separator: "\n").map { try Workshop.timeless(Data($0.utf8)) }.sorted()
    )
  }

  private static func timeless(_ json: Data) throws -> String {
    guard case .object(var fields) = try JSONDecoder().decode(JSONTree.self, from: json) else {
      return ""
    }
    fields["run"] = nil
    return JSONTree.object(fields).text
  }
}
