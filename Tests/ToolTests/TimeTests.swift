import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Every kind of work can be timed, on the smallest network of the zoo.
@Suite struct TimeTests {
  @Test(arguments: ["synthesis", "student", "student-dynamic", "student-infer", "train", "infer"])
  func timesWork(_ work: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    let result = try tool.run([
      "time", "--work", work, "--network", "resnet8-cifar:input=16x16x3,classes=4", "--batch", "3",
      "--threads", "2", "--seconds", "0.01", "--isa", "scalar", "--json",
    ])
    #expect(result.status == 0)
    #expect(result.output.split(separator: "\n").count == 1)
    let line = try #require(
      JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(line["what"] as? String == work)
    #expect(line["batch"] as? Int == 3)
    let run = try #require(line["run"] as? [String: Any])
    #expect((run["context"] as? [String: Any])?["threads"] as? Int == 2)
    #expect(try #require(line["reps"] as? Int) >= 5)
    let times = try ["msMin", "msP10", "msMedian", "msP90"].map {
      try #require(line[$0] as? Double)
    }
    #expect(times == times.sorted() && times[0] > 0)
    let speed = try #require(line["imagesPerSecond"] as? Double)
    #expect(abs(speed * times[2] / 3000 - 1) < 0.01)
  }

  /// What Documentation/Performance.md says of memory: the executor's formula, the step's images
  /// and gradients beside it, and a process of at most 64 MB.
  @Test(arguments: ["synthesis", "train", "infer"], [32, 96])
  func memoryFollowsTheFormula(work: String, batch: Int) throws {
    let tool = try Tool()
    defer { tool.remove() }
    let result = try tool.run([
      "time", "--work", work, "--network", "resnet20", "--batch", "\(batch)", "--threads", "2",
      "--seconds", "0.01", "--json",
    ])
    let line = try #require(
      JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let memory = try #require(line["memoryMb"] as? Double)
    let peak = try #require(line["peakMb"] as? Double)
    let images = Double(batch * 32 * 32 * 3 * 4) / 1e6
    #expect(peak < memory + 12 * images + 64, "\(peak) MB, not \(memory)")
    // Reserved memory is touched as it is taken.
    #expect(peak > memory, "\(peak) MB, not \(memory)")
  }

  /// Every kind of convolution of the network, and the elementwise kernels, with a speed.
  @Test(arguments: ["avx512", "scalar"]) func kernelTable(set: String) throws {
    let tool = try Tool()
    defer { tool.remove() }
    let isa = InstructionSet.available.contains { $0.rawValue == set } ? set : "scalar"
    let result = try tool.run([
      "inspect", "--kernels", "--network", "resnet8-cifar:input=16x16x3,classes=4", "--isa", isa,
      "--json",
    ])
    #expect(result.status == 0)
    let report = try #require(
      JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    let rows = try #require(report["rows"] as? [[String: Any]])
    // The stem, two strides of 2 and three sizes of 3x3.
    #expect(rows.count == 6)
    #expect(rows.allSatisfy { ($0["forward"] as? Double ?? 0) > 0 })
    let winograd = rows.contains { ($0["kernel"] as? String)?.contains("Winograd") == true }
    #expect(winograd == (isa == "avx512"))
    #expect(try #require(report["elementwise"] as? [[String: Any]]).count == 7)
  }

  @Test func refusesWhatCannotBeTimed() throws {
    let tool = try Tool()
    defer { tool.remove() }
    #expect(try tool.run(["time", "--batch", "0"]).status != 0)
    #expect(try tool.run(["time", "--seconds", "0"]).status != 0)
    #expect(try tool.run(["time", "--network", "nonsense"]).status == 1)
  }
}
