import DFQEngine
import DFQTensor

/// The normalized slots of a batch of latent vectors: class embedding plus noise, with mean 0 and
/// variance 1 over a group of rows.
///
/// An image of one class is a group of its own. Superposed images are normalized together, slot by slot:
/// the first slots of all are one group, the second ones another, as Qimera's batch norm does it.
struct SlotNormalization {
  private static let epsilon = 1e-5
  /// The normalized slots, as many rows as the batch's noise.
  private var slots: Tensor
  /// The rows that are normalized together, and 1 / deviation of each group.
  private let groups: [(rows: [Int], inverse: Double)]

  init(_ batch: LatentBatch, embedding: Tensor) {
    let length = embedding.shape[1]
    slots = batch.noise
    let first = batch.firstSlots
    var rows: [[Int]] = []
    var superposed: [Int: [Int]] = [:]
    for image in 0..<batch.count {
      for (slot, label) in batch.classes[image].enumerated() {
        let row = first[image] + slot
        for place in 0..<length { slots[row * length + place] += embedding[label * length + place] }
        if batch.classes[image].count == 1 {
          rows.append([row])
        } else {
          superposed[slot, default: []].append(row)
        }
      }
    }
    rows += superposed.sorted { $0.key < $1.key }.map(\.value)
    var groups: [(rows: [Int], inverse: Double)] = []
    for group in rows {
      let count = Double(group.count * length)
      var (sum, squares) = (0.0, 0.0)
      for row in group {
        for value in slots.elements[row * length..<(row + 1) * length] {
          sum += Double(value)
          squares += Double(value) * Double(value)
        }
      }
      let mean = sum / count
      let inverse = 1 / (max(squares / count - mean * mean, 0) + Self.epsilon).squareRoot()
      for row in group {
        for place in row * length..<(row + 1) * length {
          slots[place] = Float((Double(slots[place]) - mean) * inverse)
        }
      }
      groups.append((group, inverse))
    }
    self.groups = groups
  }

  /// The sum of each image's slots times their shares.
  func mixed(_ batch: LatentBatch) -> Tensor {
    let length = slots.shape[1]
    var result = Tensor(shape: [batch.count, length])
    for (image, row) in batch.firstSlots.enumerated() {
      for (slot, share) in batch.shares[image].enumerated() {
        for place in 0..<length {
          result[image * length + place] += share * slots[(row + slot) * length + place]
        }
      }
    }
    return result
  }

  /// dLoss/dEmbedding from the gradient at the sums: within a group (g - mean(g) - x * mean(g x)) /
  /// deviation.
  func gradient(_ gradient: Tensor, _ batch: LatentBatch, _ shape: Shape) -> Tensor {
    let length = shape[1]
    var (share, label, image) = ([Float](), [Int](), [Int]())
    for index in 0..<batch.count {
      share += batch.shares[index]
      label += batch.classes[index]
      image += [Int](repeating: index, count: batch.classes[index].count)
    }
    var result = Tensor(shape: shape)
    for group in groups {
      let count = Double(group.rows.count * length)
      func upstream(_ row: Int, _ place: Int) -> Double {
        Double(share[row] * gradient[image[row] * length + place])
      }
      var (sum, product) = (0.0, 0.0)
      for row in group.rows {
        for place in 0..<length {
          let g = upstream(row, place)
          sum += g
          product += g * Double(slots[row * length + place])
        }
      }
      for row in group.rows {
        for place in 0..<length {
          let x = Double(slots[row * length + place])
          let g = upstream(row, place) - sum / count - x * product / count
          result[label[row] * length + place] += Float(g * group.inverse)
        }
      }
    }
    return result
  }
}

extension Softmax {
  /// The softmax of normal numbers as weights of a mixture.
  static func shares(of values: [Float]) -> [Float] {
    Softmax(values).probabilities.map { Float($0) }
  }
}
