import DFQGraph
import DFQRuntime
import DFQTensor
import Foundation

/// What an exported file says of itself: how pixels become inputs, the classes' names, and bits and BitOPs.
struct ModelFacts {
  /// The keys of a file's metadata.
  enum Key {
    static let mean = "dynadfq.mean"
    static let standardDeviation = "dynadfq.std"
    static let classNames = "dynadfq.class_names"
    static let points = "dynadfq.points"
    static let bits = "dynadfq.bits"
    static let bitOPs = "dynadfq.bitops"
  }

  let properties: [(String, String)]

  init(_ model: IntegerModel) {
    var list: [(String, String)] = [
      (Key.mean, Self.json(model.mean)),
      (Key.standardDeviation, Self.json(model.standardDeviation)),
    ]
    if !model.classNames.isEmpty { list.append((Key.classNames, Self.json(model.classNames))) }
    list.append((Key.points, Self.json(model.levels.map { $0.points.map(\.name) })))
    list.append((Key.bits, Self.json(model.levels.map { $0.points.map { $0.grids.map(\.bits) } })))
    list.append((Key.bitOPs, Self.json(model.levels.map(Self.bitOPs))))
    properties = list
  }

  /// The smallest and the largest BitOPs of an image in one pass: MACs times bits of weights and of inputs, 32 in floating point.
  static func bitOPs(_ program: IntegerProgram) -> [Int] {
    var (least, most) = (0, 0)
    for operation in program.operations {
      let (macs, weights): (Int, Weights)
      switch operation.kind {
      case .convolution(let convolution):
        let positions = convolution.shape.outputHeight * convolution.shape.outputWidth
        (macs, weights) = (positions * convolution.weightCount, convolution.weights)
      case .linear(let linear): (macs, weights) = (linear.inputs * linear.outputs, linear.weights)
      default: continue
      }
      let inputs: [Int] =
        program.values[operation.input].point.map { program.points[$0].grids.map(\.bits) } ?? [32]
      let widths: [Int]
      switch weights {
      case .codes(let banks): widths = banks.map(\.bits)
      case .floats: widths = [32]
      }
      let costs = inputs.enumerated().map { $0.element * widths[min($0.offset, widths.count - 1)] }
      least += macs * (costs.min() ?? 0)
      most += macs * (costs.max() ?? 0)
    }
    return [least, most]
  }

  private static func json(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { return "" }
    return String(decoding: data, as: UTF8.self)
  }

  /// The normalization that a file says; nil where it says none.
  static func preprocessing(_ metadata: [String: String]) -> Preprocessing? {
    func numbers(_ key: String) -> [Float]? {
      metadata[key].flatMap { try? JSONDecoder().decode([Float].self, from: Data($0.utf8)) }
    }
    guard let mean = numbers(Key.mean), let deviation = numbers(Key.standardDeviation) else {
      return nil
    }
    return try? Preprocessing(mean: mean, standardDeviation: deviation)
  }

  /// The classes' names that a file says, as many as there are classes.
  static func classNames(_ metadata: [String: String], count: Int) -> [String] {
    let names = metadata[Key.classNames].flatMap {
      try? JSONDecoder().decode([String].self, from: Data($0.utf8))
    }
    return names?.count == count ? names ?? [] : []
  }
}
