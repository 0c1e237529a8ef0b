import DFQTestSupport
import DynaDFQ
import Foundation
import Synchronization
import Testing

/// One network under traffic from several threads and tasks.
@Suite struct TrafficTests {
  private static let context = ExecutionContext(threads: 2)

  /// How long the traffic lasts: DYNADFQ_TRAFFIC_SECONDS, or a second.
  private static let seconds =
    ProcessInfo.processInfo.environment["DYNADFQ_TRAFFIC_SECONDS"].flatMap { Double($0) } ?? 1

  private func network(_ description: String = "margin cascade") throws -> IntegerNetwork {
    let item = StudentCase.all.first { $0.description == description }!
    return try IntegerNetwork(
      item.student(TrafficTests.context).student, context: TrafficTests.context)
  }

  private func images(_ count: Int, seed: UInt64) -> [PixelImage] {
    var stream = RandomStream(seed: seed, "traffic")
    return (0..<count).map { _ in
      PixelImage(
        height: 12, width: 12, channels: 3,
        pixels: (0..<432).map { _ in UInt8(stream.integer(below: 256)) })
    }
  }

  /// The process's memory in MB.
  private static var memory: Double {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return
      (line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) } ?? 0)
      / 1024
  }

  /// What the threads count.
  private final class Counts: Sendable {
    let wrong = Atomic<Int>(0)
    let calls = Atomic<Int>(0)
    /// The memory after the first tenth of the time.
    let early = Mutex<Double>(0)
  }

  /// Four threads send batches of 1 to 9 images; every answer is that of a quiet network, and memory
  /// stays where it was after the first tenth of the time.
  @Test(arguments: ["margin cascade", "two layers before"])
  func fourThreads(description: String) throws {
    let network = try network(description)
    let images = images(40, seed: 1)
    let expected = try images.map { try network.predict($0) }
    let counts = Counts()
    let start = ContinuousClock.now
    let total = TrafficTests.seconds
    concurrently(4) { thread in
      var stream = RandomStream(seed: UInt64(thread), "sizes")
      var own = 0
      while true {
        let passed = (ContinuousClock.now - start) / .seconds(1)
        if passed > total, own >= 5 { return }
        own += 1
        if passed > total / 10 {
          counts.early.withLock { if $0 == 0 { $0 = TrafficTests.memory } }
        }
        let first = stream.integer(below: 31)
        let count = 1 + stream.integer(below: 9)
        let found = try? network.predict(Array(images[first..<first + count]))
        for place in 0..<count where found?[place] != expected[first + place] {
          counts.wrong.add(1, ordering: .relaxed)
        }
        counts.calls.add(1, ordering: .relaxed)
      }
    }
    #expect(counts.wrong.load(ordering: .relaxed) == 0)
    #expect(counts.calls.load(ordering: .relaxed) > 0)
    let growth = TrafficTests.memory - counts.early.withLock { $0 }
    print(
      "\(description): \(counts.calls.load(ordering: .relaxed)) calls in \(total) s, memory grew by "
        + "\((growth * 10).rounded() / 10) MB")
    // Other tests run at the same time; alone it is less than 1.
    if total >= 60 { #expect(growth < 4) }
  }

  /// A stream gives the answers of single calls, in order.
  @Test func streams() async throws {
    let network = try network()
    let images = images(7, seed: 2)
    let source = AsyncStream<PixelImage> { continuation in
      for image in images { continuation.yield(image) }
      continuation.finish()
    }
    var found: [Prediction] = []
    for try await prediction in network.predictions(for: source) { found.append(prediction) }
    #expect(try found == images.map { try network.predict($0) })
  }

  @Test func otherImagesAreRefused() throws {
    let network = try network()
    #expect(throws: RuntimeError.noImages) { try network.predict([]) }
    let wide = PixelImage(
      height: 12, width: 13, channels: 3, pixels: [UInt8](repeating: 0, count: 468))
    #expect(throws: RuntimeError.imageShape(expected: [12, 12, 3], found: [12, 13, 3])) {
      try network.predict(wide)
    }
    #expect(throws: RuntimeError.imageShape(expected: [12, 12, 3], found: [2, 2, 3])) {
      try network.predict(inputs: Tensor(shape: [1, 2, 2, 3], repeating: 0))
    }
    let pixels = [UInt8](repeating: 0, count: 432)
    #expect(throws: RuntimeError.count(what: "pixels", expected: 864, found: 432)) {
      try pixels.withUnsafeBufferPointer { try network.predict(pixels: $0, count: 2) }
    }
  }
}
