// Wall time per image of the three loops a user waits for, and the BitOPs of the student, on the
// embedded network.
//
// cd Benchmarks && swift package benchmark
//
// Each iteration runs a loop of whole steps; the first step of a loop pays for memory and is left
// out of the time.
import Benchmark
import DynaDFQ

private let perImage = BenchmarkMetric.custom("ns / image", polarity: .prefersSmaller)
private let bitOPs = BenchmarkMetric.custom("kBitOPs / image", polarity: .prefersSmaller)

/// Measures from the first call of `mark` to the last; used from one thread at a time.
private final class Stopwatch: @unchecked Sendable {
  private var first: ContinuousClock.Instant?
  private var last: ContinuousClock.Instant?
  private var marks = 0

  func mark() {
    let now = ContinuousClock.now
    if first == nil { first = now }
    last = now
    marks += 1
  }

  func nanoseconds(perImages images: Int) -> Int {
    guard let first, let last, marks > 1 else { return 0 }
    let (seconds, attoseconds) = (last - first).components
    let total = Double(seconds) * 1e9 + Double(attoseconds) * 1e-9
    return Int(total / Double((marks - 1) * images))
  }
}

let benchmarks: @Sendable () -> Void = {
  print("BLAS: \(BLAS.configuration); instruction set: \(InstructionSet.best)")
  let batch = 64
  let configuration = Benchmark.Configuration(
    metrics: [.wallClock, perImage, bitOPs], warmupIterations: 1, maxDuration: .seconds(20),
    maxIterations: 5)

  func images(_ steps: Int, each: @escaping @Sendable () -> Void = {}) throws -> SyntheticImages {
    try SoftLabelSynthesizer(
      teacher: .pretrained(.resNet20FashionMNIST),
      configuration: .init(count: batch, imagesPerBatch: batch, steps: steps, dropUnfaithful: false)
    ).synthesize { _ in each() }
  }

  for bits in [[4], [3, 4, 5]] {
    let name = bits.count == 1 ? "static W4A4" : "dynamic W4A{3,4,5}"
    Benchmark("training step, \(name)", configuration: configuration) { benchmark in
      let watch = Stopwatch()
      let trainer = DynamicTrainer(
        teacher: try .pretrained(.resNet20FashionMNIST),
        quantizer: Quantizer(weightBits: 4, activationBits: bits),
        configuration: .init(
          budget: bits.count == 1 ? nil : 4, steps: 20, imagesPerStep: batch, warmup: 0, holdOut: 0)
      )
      let student = try trainer.train(on: images(10)) { _ in watch.mark() }
      benchmark.measurement(perImage, watch.nanoseconds(perImages: batch))
      let fixed = student.bitOPs(activationBits: 4)
      benchmark.measurement(bitOPs, Int((fixed + student.selectorBitOPs) / 1000))
    }
    Benchmark("evaluation, \(name)", configuration: configuration) { benchmark in
      let inputs = try images(5)
      let student = try DynamicTrainer(
        teacher: .pretrained(.resNet20FashionMNIST),
        quantizer: Quantizer(weightBits: 4, activationBits: bits),
        configuration: .init(steps: 0, holdOut: 0)
      ).train(on: inputs)
      let many = Tensor.concatenating([Tensor](repeating: inputs.images, count: 16))
      _ = try student.decisions(ofInputs: inputs.images)
      let watch = Stopwatch()
      watch.mark()
      blackHole(try student.decisions(ofInputs: many))
      watch.mark()
      benchmark.measurement(perImage, watch.nanoseconds(perImages: many.rowCount))
      benchmark.measurement(
        bitOPs, Int((student.bitOPs(activationBits: 4) + student.selectorBitOPs) / 1000))
    }
  }
  Benchmark("synthesis step", configuration: configuration) { benchmark in
    let watch = Stopwatch()
    _ = try images(20) { watch.mark() }
    benchmark.measurement(perImage, watch.nanoseconds(perImages: batch))
  }
}
