internal import DFQTensor
internal import Foundation
internal import Testing

@Suite struct ElementwiseKernelTests {
  @Test func axpyHasTheSameBits() {
    var random = RandomStream(seed: 1, "axpy")
    for count in counts {
      expectSameBits([random.varied(count), random.varied(count)], "count \(count)") {
        kernels, buffers in
        kernels.axpy(0.3, x: buffers[0], count: count, y: buffers[1])
        return []
      }
    }
  }

  /// Against the logistic function in double precision, and the same bits on every instruction set, also for numbers whose
  /// exponential is none.
  @Test func logistic() {
    var random = RandomStream(seed: 9, "logistic")
    var x = (0..<4000).map { _ in 12 * random.normal() }
    x += [0, -0.0, 1e-30, 87, 88, 89, -87, -88, -104, 1e30, -1e30, .infinity, -.infinity]
    for multiplies in [false, true] {
      var results: [[UInt32]] = []
      for set in InstructionSet.available {
        var y = x
        y.withUnsafeMutableBufferPointer { y in
          Kernels(set).logistic(
            UnsafePointer(y.baseAddress!), count: x.count, multiplies: multiplies,
            output: y.baseAddress!)
        }
        for (x, y) in zip(x, y) where x.isFinite {
          let s = 1 / (1 + exp(-Double(x)))
          let expected = multiplies ? Double(x) * s : s
          // Two roundings beyond the polynomial's; below -88 it is 0.
          #expect(abs(Double(y) - expected) <= 4e-7 * abs(expected) + 1e-35, "\(x)")
        }
        results.append(y.map(\.bitPattern))
      }
      #expect(results.allSatisfy { $0 == results[0] })
      var nan: [Float] = [.nan, 1, 2]
      nan.withUnsafeMutableBufferPointer { y in
        Kernels(.best).logistic(
          UnsafePointer(y.baseAddress!), count: 3, multiplies: multiplies, output: y.baseAddress!)
      }
      #expect(nan[0].isNaN && !nan[1].isNaN)
    }
  }

  /// Against one axpy after the other, on every instruction set.
  @Test func productsHaveTheSameBits() {
    var random = RandomStream(seed: 5, "products")
    for (rows, terms, count) in [
      (1, 1, 1), (3, 5, 7), (8, 16, 32), (9, 17, 33), (21, 40, 70), (4, 33, 16),
    ] {
      let buffers = [
        random.varied(rows * terms), random.varied(terms * count), random.varied(rows * count),
      ]
      let single = Outcome(buffers) { buffers in
        for row in 0..<rows {
          for term in 0..<terms {
            Kernels(.scalar).axpy(
              buffers[0][row * terms + term], x: buffers[1] + term * count, count: count,
              y: buffers[2] + row * count)
          }
        }
        return []
      }
      expectSameBits(buffers, "\(rows) rows, \(terms) terms, \(count) elements") {
        kernels, buffers in
        kernels.addProducts(
          .init(start: buffers[0], rowStep: terms, termStep: 1),
          of: .init(start: buffers[1], step: count), terms: terms,
          to: .init(start: buffers[2], step: count), rows: rows, count: count)
        return []
      }
      let together = Outcome(buffers) { buffers in
        Kernels(.best).addProducts(
          .init(start: buffers[0], rowStep: terms, termStep: 1),
          of: .init(start: buffers[1], step: count), terms: terms,
          to: .init(start: buffers[2], step: count), rows: rows, count: count)
        return []
      }
      #expect(together.buffers[2] == single.buffers[2])
      expectProductsFromZero(buffers, rows: rows, terms: terms, count: count)
    }
  }

  /// Sums from 0 on have the bits of sums that were cleared.
  private func expectProductsFromZero(
    _ buffers: [[Float]], rows: Int, terms: Int, count: Int
  ) {
    guard terms > 0 else { return }
    func sums(_ kernels: Kernels, _ start: Float, fromZero: Bool) -> [Float] {
      let start = [Float](repeating: start, count: rows * count)
      return Outcome([buffers[0], buffers[1], start]) { buffers in
        kernels.addProducts(
          .init(start: buffers[0], rowStep: terms, termStep: 1),
          of: .init(start: buffers[1], step: count), terms: terms,
          to: .init(start: buffers[2], step: count), rows: rows, count: count,
          fromZero: fromZero)
        return []
      }.buffers[2]
    }
    for isa in InstructionSet.available {
      let kernels = Kernels(isa)
      #expect(sums(kernels, .nan, fromZero: true) == sums(kernels, 0, fromZero: false))
    }
  }

  /// Several rows have the bits of one.
  @Test func dotsAreDots() {
    var random = RandomStream(seed: 6, "dots")
    for isa in InstructionSet.available {
      let kernels = Kernels(isa)
      for (rows, count) in [(1, 3), (4, 17), (7, 1100), (9, 2048)] {
        let (x, y) = (random.varied(count), random.varied(rows * count))
        var sums = [Double](repeating: 0, count: rows)
        kernels.dots(x: x, .init(start: y, step: count), rows: rows, count: count, into: &sums)
        for row in 0..<rows {
          let single = y.withUnsafeBufferPointer {
            kernels.dot(x: x, y: $0.baseAddress! + row * count, count: count)
          }
          #expect(sums[row] == single)
        }
      }
    }
  }

  @Test(arguments: [false, true]) func sgdHasTheSameBits(nesterov: Bool) {
    var random = RandomStream(seed: 2, "sgd")
    for count in counts {
      let buffers = (0..<3).map { _ in random.varied(count) }
      expectSameBits(buffers, "count \(count)") { kernels, buffers in
        kernels.sgd(
          buffers[0], velocity: buffers[1], gradient: buffers[2], count: count, rate: 0.1,
          momentum: 0.9, decay: 1e-4, nesterov: nesterov)
        return []
      }
    }
  }

  @Test func sgdFollowsThePyTorchRule() {
    let outcome = Outcome([[1], [2], [3]]) {
      Kernels(.best).sgd(
        $0[0], velocity: $0[1], gradient: $0[2], count: 1, rate: 0.5, momentum: 0.25, decay: 2,
        nesterov: true)
      return []
    }
    // g' = 3 + 2 * 1 = 5; v = 0.25 * 2 + 5 = 5.5; w = 1 - 0.5 * (5 + 0.25 * 5.5).
    #expect(outcome.buffers[1] == [5.5])
    #expect(outcome.buffers[0] == [1 - 0.5 * (5 + 0.25 * 5.5)])
  }

  @Test func adamHasTheSameBits() {
    var random = RandomStream(seed: 3, "adam")
    for count in counts {
      let buffers = [
        random.varied(count), random.varied(count), random.varied(count).map(abs),
        random.varied(count),
      ]
      expectSameBits(buffers, "count \(count)") { kernels, buffers in
        kernels.adam(
          buffers[0], first: buffers[1], second: buffers[2], gradient: buffers[3], count: count,
          rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, correction1: 0.19,
          correction2: 0.002)
        return []
      }
    }
  }

  @Test func minimumMaximumHasTheSameBits() {
    var random = RandomStream(seed: 4, "extremes")
    for count in counts {
      let values = random.varied(count)
      let context = "count \(count)"
      expectSameBits([values], context) { kernels, buffers in
        let found = kernels.minimumMaximum(x: buffers[0], count: count)
        return [Double(found.0), Double(found.1)]
      }
      let found = Kernels(.best).minimumMaximum(x: values, count: count)
      #expect(found.0 == values.min() ?? .infinity, "\(context)")
      #expect(found.1 == values.max() ?? -.infinity, "\(context)")
    }
  }

  @Test(arguments: InstructionSet.available) func extremesOfNaNAreNaN(set: InstructionSet) {
    for position in [0, 5, 16, 40, 69] {
      var values = [Float](repeating: 1, count: 70)
      values[position] = .nan
      let found = Kernels(set).minimumMaximum(x: values, count: 70)
      #expect(found.0.isNaN && found.1.isNaN, "NaN at \(position)")
    }
  }

  @Test(arguments: InstructionSet.available) func dotIsCloseToDouble(set: InstructionSet) {
    var random = RandomStream(seed: 5, "dot")
    for count in counts {
      let x = random.varied(count)
      let y = random.varied(count)
      let exact = zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let magnitude = zip(x, y).reduce(0.0) { $0 + abs(Double($1.0) * Double($1.1)) }
      // At most 1024 additions in float per block, over at least 8 shards: 128 roundings of 2^-24.
      #expect(abs(Kernels(set).dot(x: x, y: y, count: count) - exact) <= 128 * 0x1p-24 * magnitude)
    }
  }
}
