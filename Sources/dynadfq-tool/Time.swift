import ArgumentParser
import DynaDFQ
import Foundation

struct Time: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time one kind of work on this machine, with random weights and images.",
    discussion: """
      Example: dynadfq time --work synthesis --network resnet20 --batch 256 --threads 2
      Benchmarks/compare sets these times against PyTorch, ONNX Runtime and OpenVINO.
      """)

  @Option(help: "synthesis, student, student-dynamic, student-infer, train or infer.")
  var work = TimedWork.Kind.synthesis
  @Option(help: "resnet20 (CIFAR), resnet18, efficientnet-lite0 or any architecture's name.")
  var network = "resnet20"
  @Option(help: "Images of a step.")
  var batch = 32
  @Option(help: "How long to repeat the step; at least 5 are timed, after 3 to warm up.")
  var seconds = 5.0
  @OptionGroup var options: RunOptions

  /// What was timed and how long a step took, in milliseconds.
  struct Summary: Encodable {
    var what: String
    var network: String
    var batch: Int
    var threads: Int
    var isa: String
    var backend: String
    var blas: String
    var reps: Int
    var msMedian: Double
    var msMin: Double
    var msP10: Double
    var msP90: Double
    var imagesPerS: Double
    /// The executor's memory by the formula of Documentation/Performance.md, and the process's peak.
    var memoryMb: Double?
    var peakMb: Double
  }

  func validate() throws {
    if batch < 1 { throw ValidationError("--batch must be at least 1") }
    if !(seconds.isFinite && seconds > 0) { throw ValidationError("--seconds must be above 0") }
  }

  func run() throws {
    let context = options.context
    let name = network == "resnet20" ? "resnet20-cifar" : network
    let work = TimedWork(
      kind: work, network: try RandomData.network(name, seed: options.seed), batch: batch,
      seed: options.seed, context: context)
    let times = try StepTimes(seconds: seconds) { try work.run(steps: $0, mark: $1) }
    let summary = Summary(
      what: self.work.rawValue, network: network, batch: batch, threads: context.pool.threads,
      isa: context.instructionSet.rawValue, backend: context.backend.rawValue,
      blas: BLAS.configuration, reps: times.count,
      msMedian: rounded(times.quantile(0.5)), msMin: rounded(times.quantile(0)),
      msP10: rounded(times.quantile(0.1)), msP90: rounded(times.quantile(0.9)),
      imagesPerS: rounded(Double(batch) / times.quantile(0.5) * 1000),
      memoryMb: try work.executorBytes().map { rounded(Double($0) / 1e6) },
      peakMb: rounded(Double(RandomData.peakBytes) / 1e6))
    guard options.json else { return show(summary) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    print(String(decoding: try encoder.encode(summary), as: UTF8.self))
  }

  private func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }

  private func show(_ s: Summary) {
    let times = [s.msMedian, s.msP10, s.msP90].map { String(format: "%.3f", $0) }
    print(
      "\(s.what), \(s.network), batch \(s.batch), \(s.threads) threads, \(s.isa), \(s.backend): "
        + "\(times[0]) ms a step (\(times[1])...\(times[2]), \(s.reps) steps), "
        + "\(String(format: "%.1f", s.imagesPerS)) images/s")
  }
}
