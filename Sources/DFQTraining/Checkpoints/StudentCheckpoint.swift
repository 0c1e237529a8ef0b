import DFQFiles
import DFQEngine
import DFQGraph
import DFQQuantization
import DFQSynthesis
import DFQTensor
import Foundation

/// A student's training between two steps, as a file: the student, its optimizers and what names
/// the run.
struct StudentCheckpoint {
  let state: StudentState
  /// What must be the same for a run to go on: configuration, quantizer, selector, teacher and
  /// images.
  let fingerprint: [String: String]

  init(state: StudentState, fingerprint: [String: String]) {
    self.state = state
    self.fingerprint = fingerprint
  }

  func write(to path: String) throws {
    var file = try state.student.file()
    for (key, value) in fingerprint { file.metadata["training.\(key)"] = value }
    func add(_ name: String, _ values: [Float]) {
      if !values.isEmpty {
        file.add("training.\(name)", Tensor(shape: [values.count], elements: values))
      }
    }
    add("velocity", state.weights.velocity)
    add("log_steps", state.logSteps)
    add("steps.first", state.steps.first)
    add("steps.second", state.steps.second)
    add("selectors.first", state.selectors.first)
    add("selectors.second", state.selectors.second)
    add("budget", [state.budgetPrice, state.recentBits.isNaN ? -1 : state.recentBits])
    file.add(
      "training.counters", [3],
      int64s: [state.step, state.steps.steps, state.selectors.steps].map(Int64.init))
    try file.write(to: path)
  }

  /// Reads a checkpoint; throws `TrainingError.otherRun` where it is another run's.
  init(
    contentsOf path: String, fingerprint: [String: String],
    configuration: DynamicTrainer.Configuration
  ) throws {
    let file = try SafetensorsFile(contentsOf: path)
    for (key, value) in fingerprint.sorted(by: { $0.key < $1.key })
    where file.metadata["training.\(key)"] != value {
      throw TrainingError.otherRun(path: path, what: key)
    }
    let student = try QuantizedNetwork(file, path: path)
    var state = StudentState(student, configuration: configuration)
    func values(_ name: String, _ count: Int) throws -> [Float] {
      count == 0 ? [] : try file.tensor("training.\(name)", shape: [count]).elements
    }
    state.weights.velocity = try values("velocity", state.weights.velocity.count)
    state.logSteps = try values("log_steps", state.logSteps.count)
    state.student.learnedSteps = state.logSteps
    state.steps.first = try values("steps.first", state.logSteps.count)
    state.steps.second = try values("steps.second", state.logSteps.count)
    state.selectors.first = try values("selectors.first", student.selectorParameters.count)
    state.selectors.second = try values("selectors.second", student.selectorParameters.count)
    let budget = try values("budget", 2)
    state.budgetPrice = budget[0]
    state.recentBits = budget[1] < 0 ? .nan : budget[1]
    let counters = try file.int64s("training.counters").map { Int(clamping: $0) }
    guard counters.count == 3, (0...configuration.steps).contains(counters[0]),
      counters.allSatisfy({ $0 >= 0 })
    else { throw TrainingError.otherRun(path: path, what: "counters") }
    (state.step, state.steps.steps, state.selectors.steps) = (counters[0], counters[1], counters[2])
    self.state = state
    self.fingerprint = fingerprint
  }
}

extension DynamicTrainer {
  /// The state of a checkpoint, or nil where there is none yet.
  func resumed(_ path: String?, images: SyntheticImages) throws -> StudentState? {
    guard let path, FileManager.default.fileExists(atPath: path) else { return nil }
    return try StudentCheckpoint(
      contentsOf: path, fingerprint: fingerprint(images), configuration: configuration
    ).state
  }

  /// What names a run.
  func fingerprint(_ images: SyntheticImages) -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    func json(_ value: some Encodable) -> String {
      (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
    return [
      "configuration": json(configuration), "quantizer": json(quantizer),
      "selector": json(selector), "teacher": Digest.of(teacher.parameters.values),
      "images": Digest.of(images.images.elements) + Digest.of(images.labels.elements),
    ]
  }
}

/// A short name of many floats (FNV-1a over their bits), to tell runs apart, not to withstand
/// forgery.
enum Digest {
  static func of(_ values: [Float]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for value in values { hash = (hash ^ UInt64(value.bitPattern)) &* 0x0000_0100_0000_01B3 }
    return String(hash, radix: 16)
  }
}
