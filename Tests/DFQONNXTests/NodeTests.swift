import DFQONNX
import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// The ONNX project's own tests of single operators (Debian's libonnx-testdata), forward.
@Suite struct NodeTests {
  static let directory = "/usr/share/libonnx-testdata/data/node"
  static let isPresent = FileManager.default.fileExists(atPath: directory)

  /// What became of an operator's tests.
  private struct Count {
    var passed = 0
    /// A typed error: other axes than an image's, constants in the place of the image, or a mode without a layer.
    var refused = 0
    var wrong: [String] = []
  }

  /// Every test whose operators all have layers gives the expected numbers, or is refused by a typed error that says why.
  @Test(.enabled(if: NodeTests.isPresent, "libonnx-testdata is not installed"))
  func operators() throws {
    var counts: [String: Count] = [:]
    var without: Set<String> = []
    for name in try FileManager.default.contentsOfDirectory(atPath: Self.directory).sorted() {
      let folder = "\(Self.directory)/\(name)"
      // Batch norm that is training is none of a classifier that is used.
      guard !name.contains("expanded"), !name.contains("training_mode"),
        let model = bytes("\(folder)/model.onnx")
      else { continue }
      var inputs: [[UInt8]] = []
      while let input = bytes("\(folder)/test_data_set_0/input_\(inputs.count).pb") {
        inputs.append(input)
      }
      guard let expected = bytes("\(folder)/test_data_set_0/output_0.pb"), let first = inputs.first
      else { continue }
      do {
        let graph = try OperatorGraph(decoding: model, inputs: inputs, path: name)
        let key = graph.operators.joined(separator: "+")
        let input = try OperatorGraph.tensor(first, path: name)
        let executor = FloatExecutor(graph.network, context: .init(threads: 1))
        let output = try graph.output(executor.logits(ofInputs: graph.input(input)))
        let target = try OperatorGraph.tensor(expected, path: name)
        // Relative to the largest number: functions with exp and sums in another order differ by some units in the last place.
        let scale = target.elements.reduce(Float(1)) { max($0, abs($1)) }
        let isEqual =
          output.shape == target.shape
          && zip(output.elements, target.elements).allSatisfy { abs($0 - $1) <= 2e-5 * scale }
        if isEqual {
          counts[key, default: Count()].passed += 1
        } else {
          counts[key, default: Count()].wrong.append("\(name): \(output.shape) \(target.shape)")
        }
      } catch ONNXError.unsupported(_, let operators) {
        without.formUnion(operators.map(\.name))
      } catch let error as ONNXError {
        counts[Self.operation(error, name), default: Count()].refused += 1
      }
    }
    var lines: [String] = []
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
      #expect(count.wrong.isEmpty, "\(name)")
      lines.append("\(name): \(count.passed) pass, \(count.refused) refused \(count.wrong)")
    }
    print(lines.joined(separator: "\n"))
    print("without a layer: \(without.sorted().joined(separator: ", "))")
    #expect(counts.values.reduce(0) { $0 + $1.passed } > 60)
  }

  /// The operator that an error names, or the test.
  private static func operation(_ error: ONNXError, _ test: String) -> String {
    if case .badNode(_, let node, _, _) = error, let open = node.lastIndex(of: "(") {
      return String(node[node.index(after: open)...].dropLast())
    }
    return "(other inputs)"
  }

  private func bytes(_ path: String) -> [UInt8]? {
    FileManager.default.contents(atPath: path).map { [UInt8]($0) }
  }
}
