import DFQExperiments
import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Networks of recipes that are ONNX files.
@Suite struct ONNXRecipeTests {
  /// A file of the reader's corpus.
  private static let file = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fuzzing/onnx-corpus/convolution.onnx").path

  private func plan(_ workshop: Workshop, network: String) throws -> ExperimentPlan {
    try workshop.plan(
      """
      version: 1
      name: imported
      networks: [{name: net, \(network)}]
      images: [{name: noise, method: noise, count: 8}]
      students: [{name: W4A4, weightBits: 4, activationBits: 4, training: {steps: 1, imagesPerStep: 4}}]
      """)
  }

  /// The network is the one that the importer reads, and its images are made.
  @Test func networkIsRead() throws {
    try Workshop.with { workshop in
      let plan = try plan(
        workshop, network: "model: \"\(Self.file)\", onnx: {mean: [0.5, 0.5], std: [0.5, 0.5]}")
      let store = try workshop.store("imported")
      let summary = try ExperimentRun(plan, in: store, jobs: 1, context: workshop.context).run()
      #expect(summary.finished == summary.cells && summary.cells > 0)
    }
  }

  /// Entries that do not fit their file say what they would need.
  @Test func mistakes() throws {
    try Workshop.with { workshop in
      for (network, expected) in [
        ("model: tiny.safetensors, onnx: {layout: nhwc}", "an ONNX file"),
        ("model: \"\(Self.file)\", arch: resnet18", "no key arch"),
        ("model: \"\(Self.file)\", onnx: {mean: [0.5]}", "mean and std"),
        ("model: \"\(Self.file)\", onnx: {layout: hwc}", "nchw or nhwc"),
        ("model: \"\(Self.file)\", onnx: {imageSize: [8]}", "[HEIGHT, WIDTH]"),
        ("model: \"\(Self.file)\"", "normalization"),
      ] {
        let error = #expect(throws: (any Error).self) {
          _ = try plan(workshop, network: network)
        }
        #expect(error.map { "\($0)" }?.contains(expected) == true, "\(network)")
      }
    }
  }
}
