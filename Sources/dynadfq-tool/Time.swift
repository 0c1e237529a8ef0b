import ArgumentParser
import DynaDFQ
import Foundation

struct Time: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time one kind of work on this machine, with random weights and images.",
    discussion: """
      Examples: dynadfq time --work synthesis --network resnet20 --batch 256 --threads 2
                dynadfq time --methods --batch 64
      Benchmarks/compare sets these times against PyTorch, ONNX Runtime and OpenVINO.
      """)

  @Option(help: "synthesis, student, student-dynamic, student-infer, train or infer.")
  var work = TimedWork.Kind.synthesis
  @Option(
    help: """
      With --work synthesis: any method of synthesis, or the warm-up of a generator; see dynadfq methods. \
      (default: \(SoftLabelMethod.kind)) With --work student: a loss, or what is done to batches.
      """)
  var method: String?
  @Flag(help: "Time every method of synthesis and training against the plain step of its part.")
  var methods = false
  @Option(
    help: "resnet20 (CIFAR), resnet18, efficientnet-lite0, any architecture's name or an ONNX file."
  )
  var network = "resnet20"
  @Option(help: "Images of a step.")
  var batch = 32
  @Option(help: "How long to repeat the step; at least 5 are timed, after 3 to warm up.")
  var seconds = 5.0
  @Option(
    help: """
      With --work student, student-dynamic or train: count the calls and bytes that one of so many processes exchanges in a step, \
      without timing it (Documentation/Scale.md).
      """)
  var processes: Int?
  @OptionGroup var options: RunOptions

  /// What one of several processes exchanges with the others in a step.
  struct Exchange: Encodable {
    var what: String
    var network: String
    var batch: Int
    var processes: Int
    var parameters: Int
    var callsPerStep: Int
    /// Those of them with messages of more than 64 KiB.
    var announcedPerStep: Int
    var bytesPerStep: Int
  }

  /// What was timed and how long a step took, in milliseconds.
  struct Summary: Encodable {
    var what: String
    var method: String?
    var network: String
    var batch: Int
    var reps: Int
    var msMedian: Double
    var msMin: Double
    var msP10: Double
    var msP90: Double
    var imagesPerSecond: Double
    /// The executor's memory by the formula of Documentation/Performance.md, and the process's peak.
    var memoryMb: Double?
    var peakMb: Double
  }

  func validate() throws {
    try Demand.range("--batch", batch, 1...1_000_000)
    try Demand.absent("--method", method != nil && methods, "with --methods")
    try Demand.absent("--work", work != .synthesis && methods, "with --methods")
    switch work {
    case .synthesis: _ = try method.map { try SynthesisOptions.settings($0, [], .demo, seed: 0) }
    case .student:
      var (objectives, updates) = ([any StudentObjective](), [any UpdateRule]())
      var configuration = DynamicTrainer.Configuration()
      try method.map { try TimedWork.add($0, to: &objectives, &updates, &configuration) }
    default:
      try Demand.absent(
        "--method", method != nil, "without --work synthesis or --work student")
    }
    try Demand.range("--processes", processes, 2...8)
    if processes != nil, ![.student, .studentDynamic, .train].contains(work) || methods {
      throw ToolError.usage("--processes is for --work student, student-dynamic and train")
    }
    try Demand.range("--seconds", seconds, Double.leastNormalMagnitude...86_400)
  }

  func run() throws {
    let context = options.context
    let name = network == "resnet20" ? "resnet20-cifar" : network
    let network =
      ONNXOptions.isONNX(name)
      ? try ONNXOptions.network(name) : try RandomData.network(name, seed: options.seed)
    if methods {
      return try MethodTimes(network: network, batch: batch, seconds: seconds, options: options)
        .print()
    }
    if let processes { return try count(processes, network, context) }
    let work = TimedWork(
      kind: work, method: method, network: network, batch: batch, seed: options.seed,
      context: context)
    let executorBytes = try work.executorBytes()
    if let executorBytes {
      let images = batch * network.imageShape.count * MemoryLayout<Float>.stride
      try Memory.check("--batch \(batch)", bytes: executorBytes + images)
    } else {
      try Memory.check("--batch", batch: batch, of: network)
    }
    let times = try StepTimes(seconds: seconds) { try work.run(steps: $0, mark: $1) }
    let summary = Summary(
      what: self.work.rawValue, method: method, network: self.network, batch: batch,
      reps: times.count,
      msMedian: rounded(times.quantile(0.5)), msMin: rounded(times.quantile(0)),
      msP10: rounded(times.quantile(0.1)), msP90: rounded(times.quantile(0.9)),
      imagesPerSecond: rounded(Double(batch) / times.quantile(0.5) * 1000),
      memoryMb: executorBytes.map { rounded(Double($0) / 1e6) },
      peakMb: rounded(Double(Memory.peakBytes) / 1e6))
    if options.json {
      try Output.json(summary, run: options, onOneLine: true)
    } else {
      try show(summary, context)
    }
  }

  /// What the third of three steps exchanges: the first ones also set up.
  private func count(_ processes: Int, _ network: Network, _ context: ExecutionContext) throws {
    let others = PretendedProcesses(processes)
    var shared = context
    shared.communicator = others
    let work = TimedWork(
      kind: work, method: method, network: network, batch: batch, seed: options.seed,
      context: shared)
    var volumes: [PretendedProcesses.Volume] = []
    try work.run(steps: 3) { volumes.append(others.volume) }
    let exchange = Exchange(
      what: self.work.rawValue, network: self.network, batch: batch, processes: processes,
      parameters: network.parameters.values.count,
      callsPerStep: volumes[2].calls - volumes[1].calls,
      announcedPerStep: volumes[2].announced - volumes[1].announced,
      bytesPerStep: volumes[2].bytes - volumes[1].bytes)
    if options.json { return try Output.json(exchange, run: options, onOneLine: true) }
    try Output.line(
      "\(exchange.what), \(exchange.network), batch \(batch), \(processes) processes: "
        + "\(exchange.callsPerStep) exchanges a step, each process obtains "
        + "\(Output.short(Double(exchange.bytesPerStep) / 1e6)) MB; \(exchange.parameters) parameters"
    )
  }

  private func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }

  private func show(_ s: Summary, _ context: ExecutionContext) throws {
    let times = [s.msMedian, s.msP10, s.msP90].map { Output.fixed($0, digits: 3) }
    try Output.line(
      "\(s.what)\(s.method.map { " by \($0)" } ?? ""), \(s.network), batch \(s.batch), \(context.pool.threads) threads, "
        + "\(context.instructionSet), \(context.backend): \(times[0]) ms a step "
        + "(\(times[1])...\(times[2]), \(s.reps) steps), "
        + "\(Output.short(s.imagesPerSecond)) images/s")
  }
}
