import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

@Suite struct RandomStreamTests {
  @Test func isReproducible() {
    var first = RandomStream(seed: 7, "labels", 3)
    var second = RandomStream(seed: 7, "labels", 3)
    #expect((0..<100).allSatisfy { _ in first.next() == second.next() })
  }

  /// Seed, every name and where names end must count.
  @Test func pathsAreIndependent() {
    let streams = [
      RandomStream(seed: 1), RandomStream(seed: 2), RandomStream(seed: 1, "a"),
      RandomStream(seed: 1, "b"), RandomStream(seed: 1, "a", "b"), RandomStream(seed: 1, "ab"),
      RandomStream(seed: 1, "a", 1), RandomStream(seed: 1, "a", 2), RandomStream(seed: 1, "a1"),
      RandomStream(seed: 1, "b", "a"), RandomStream(seed: 1, ""),
    ]
    let firsts = streams.map { stream in
      var stream = stream
      return stream.next()
    }
    #expect(Set(firsts).count == firsts.count)
    // Neighbouring paths are uncorrelated: 4 standard errors of 1/sqrt(n).
    var a = RandomStream(seed: 1, "a", 1)
    var b = RandomStream(seed: 1, "a", 2)
    let n = 20_000
    let product = dot(a.normals(n), b.normals(n)) / Double(n)
    #expect(abs(product) < 4 / Double(n).squareRoot())
  }

  @Test func momentsOfDistributions() {
    var stream = RandomStream(seed: 3, "moments")
    let n = 100_000
    func moments(_ draw: (inout RandomStream) -> Float) -> (mean: Double, variance: Double) {
      let values = (0..<n).map { _ in Double(draw(&stream)) }
      let mean = values.reduce(0, +) / Double(n)
      return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n))
    }
    // Tolerances are 5 standard errors of the mean, and of the variance (at most sqrt(2) of it for
    // these distributions).
    func check(
      _ found: (mean: Double, variance: Double), mean: Double, variance: Double,
      _ what: Comment
    ) {
      #expect(abs(found.mean - mean) < 5 * (variance / Double(n)).squareRoot(), what)
      #expect(abs(found.variance / variance - 1) < 5 * (2 / Double(n)).squareRoot(), what)
    }
    check(moments { $0.uniform() }, mean: 0.5, variance: 1.0 / 12, "uniform")
    check(moments { $0.uniform(-2, 4) }, mean: 1, variance: 3, "uniform -2...4")
    check(moments { $0.normal() }, mean: 0, variance: 1, "normal")
    check(moments { $0.beta(1) }, mean: 0.5, variance: 1.0 / 12, "beta 1")
    // Var Beta(a, a) = 1 / (4 (2a + 1)).
    check(moments { $0.beta(0.2) }, mean: 0.5, variance: 1 / 5.6, "beta 0.2")
    check(moments { $0.beta(2) }, mean: 0.5, variance: 0.05, "beta 2")
  }

  @Test func boundsHold() {
    var stream = RandomStream(seed: 4)
    for _ in 0..<10_000 {
      #expect((0..<1).contains(stream.uniform()))
      #expect((0..<7).contains(stream.integer(below: 7)))
    }
    #expect(stream.integer(below: 1) == 0)
    #expect(stream.permutation(0).isEmpty)
    #expect(stream.permutation(50).sorted() == Array(0..<50))
  }

  /// Each of the 6 orders of three comes up a sixth of the time, within 5 standard errors.
  @Test func permutationsAreUniform() {
    var stream = RandomStream(seed: 8)
    var counts: [[Int]: Int] = [:]
    let n = 12_000
    for _ in 0..<n { counts[stream.permutation(3), default: 0] += 1 }
    #expect(counts.count == 6)
    let error = (Double(n) * 5 / 36).squareRoot()
    #expect(counts.values.allSatisfy { abs(Double($0) - Double(n) / 6) < 5 * error })
  }

  /// The stream's position after `normals` depends on the count alone.
  @Test func normalsAreAsManyDraws() {
    var together = RandomStream(seed: 2)
    var apart = RandomStream(seed: 2)
    let first = together.normals(5)
    #expect(first == (0..<5).map { _ in apart.normal() })
    #expect(together == apart)
  }

  /// So do those of a pool's threads, which are the same.
  @Test(arguments: [0, 1, 4096, 10_001]) func normalsOfAPool(count: Int) {
    for threads in [1, 2, 3] {
      var together = RandomStream(seed: 3)
      var apart = RandomStream(seed: 3)
      let numbers = together.normals(count, pool: WorkerPool(threads: threads))
      #expect(numbers == apart.normals(count))
      #expect(together == apart)
    }
  }

  @Test func codableResumes() throws {
    var stream = RandomStream(seed: 11, "checkpoint")
    _ = stream.normals(17)
    let saved = try JSONEncoder().encode(stream)
    var resumed = try JSONDecoder().decode(RandomStream.self, from: saved)
    #expect(resumed == stream)
    #expect((0..<50).allSatisfy { _ in resumed.next() == stream.next() })
  }

  /// A stored state of another length, or of zeros only, is refused; it would read beyond its end,
  /// or give zeros for ever.
  @Test func storedStatesAreChecked() throws {
    for state in ["[]", "[1,2,3]", "[1,2,3,4,5]", "[0,0,0,0]"] {
      #expect(throws: DecodingError.self) {
        _ = try JSONDecoder().decode(RandomStream.self, from: Data("{\"state\":\(state)}".utf8))
      }
    }
    let stream = RandomStream(seed: 1, "stored")
    let read = try JSONDecoder().decode(
      RandomStream.self, from: try JSONEncoder().encode(stream))
    #expect(read == stream)
  }
}
