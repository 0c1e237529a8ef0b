import DFQQuantization
import DFQEngine
import DFQGraph
import DFQTensor

/// The control policies: what a dynamic student is worth without its selector looking at the image.
struct Controls: Sendable {
  let student: QuantizedNetwork
  /// The selector's own run.
  let run: StudentRun

  private var points: Int { student.placement.points.count }
  private var images: Int { run.predictions.count }

  /// Every choice drawn anew from the histogram of all the selector's choices, whatever layer or
  /// image they were for.
  func random(seed: UInt64) -> [UInt8] {
    var stream = RandomStream(seed: seed, "control", "random")
    let dynamic = student.placement.dynamicPoints
    let pool = (0..<images).flatMap { image in dynamic.map { run.choices[image * points + $0] } }
    var table = run.choices
    for image in 0..<images {
      for point in dynamic {
        table[image * points + point] = pool[stream.integer(below: pool.count)]
      }
    }
    return table
  }

  /// The selector's choices dealt to other images, whole images at a time: the allocation over
  /// layers stays, the look at the image goes.
  func shuffled(seed: UInt64) -> [UInt8] {
    var stream = RandomStream(seed: seed, "control", "shuffled")
    return stream.permutation(images).flatMap {
      Array(run.choices[$0 * points..<($0 + 1) * points])
    }
  }

  /// The same bits for all images at (just below) the selector's mean BitOPs: each layer's bits
  /// rounded down from its mean over images, then raised where the mean was cut most while the cost
  /// allows.
  func fixed() -> [UInt8] {
    let model = student.costModel
    var row = [UInt8](repeating: 0, count: points)
    var missing = [Double](repeating: 0, count: points)
    for point in 0..<points {
      let mean = Statistics.mean((0..<images).map { Double(run.choices[$0 * points + point]) })
      row[point] = UInt8(mean)
      missing[point] = mean - Double(Int(mean))
    }
    func cost(_ row: [UInt8]) -> Double {
      model.cost(student.placement.points.indices.map { bits($0, row[$0]) })
    }
    // Unevenly spaced candidates may cost more at the floor of the mean position.
    for point in row.indices.reversed() where row[point] > 0 && cost(row) > run.averageBitOPs {
      row[point] -= 1
    }
    // Ties go to the earlier layer, so the control is reproducible.
    for point in missing.indices.sorted(by: { (missing[$0], -$0) > (missing[$1], -$1) })
    where missing[point] > 0 {
      var raised = row
      raised[point] += 1
      if cost(raised) <= run.averageBitOPs { row = raised }
    }
    return (0..<images).flatMap { _ in row }
  }

  /// For each image the cheapest candidate, the same in all layers, at which the prediction is the
  /// wanted one; the largest where none is (methods.md 9.2).
  func oracle(uniform: [StudentRun], wanted: [Int]) -> [UInt8] {
    (0..<images).flatMap { image in
      let choice =
        uniform.firstIndex { $0.predictions[image] == wanted[image] } ?? uniform.count - 1
      return student.placement.points.map { UInt8(min(choice, $0.bits.count - 1)) }
    }
  }

  private func bits(_ point: Int, _ choice: UInt8) -> Int {
    let bits = student.placement.points[point].bits
    return bits[min(Int(choice), bits.count - 1)]
  }
}
