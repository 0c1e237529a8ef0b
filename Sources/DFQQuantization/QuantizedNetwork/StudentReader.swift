import DFQEngine
import DFQFiles
import DFQGraph
import DFQTensor
import Foundation

/// Reads a student from a file and checks every part before it is trusted.
struct StudentReader {
  let file: SafetensorsFile
  let path: String
  private let layers: [any Layer.Type]
  private let decoder: JSONDecoder

  /// The longest text of settings that is read.
  private static let settingsLimit = 1 << 20

  init(
    _ file: SafetensorsFile, path: String, layers: [any Layer.Type],
    deciders: [any BitDecider.Type], roundings: [any WeightRounding.Type]
  ) {
    self.file = file
    self.path = path
    self.layers = layers
    decoder = JSONDecoder()
    decoder.userInfo[BitSelector.userTypes] = deciders
    decoder.userInfo[Rounding.userTypes] = roundings
  }

  func student() throws -> QuantizedNetwork {
    let settings = try QuantizedNetwork.checkFormat(file, path: path)
    let quantizer = try decode(Quantizer.self, settings)
    let selector = try file.metadata["selector"].map { try decode(BitSelector.self, $0) }
    let network = try Network(file, layers: layers, path: path)
    var student = try QuantizedNetwork(
      network: network, quantizer: quantizer, selector: selector, seed: 0
    ) { plan in
      try checkCount("selector.parameters", plan.parameterCount)
      try checkCount("selector.constants", plan.constantCount)
    }
    try readGrids(&student)
    try readWeights(&student)
    student.selectorParameters = try values(
      "selector.parameters", count: student.selectorParameters.count)
    student.selectorConstants = try values(
      "selector.constants", count: student.selectorConstants.count)
    student.bitPrice = try values("selector.price", count: 1)[0]
    return student
  }

  private func bad(_ expected: String, _ found: String) -> QuantizationError {
    .badStudent(path: path, expected: expected, found: found)
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    guard text.utf8.count <= StudentReader.settingsLimit else {
      throw bad("at most \(StudentReader.settingsLimit) bytes of settings", "\(text.utf8.count)")
    }
    do {
      return try decoder.decode(type, from: Data(text.utf8))
    } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
      throw bad("settings of a \(type)", context.debugDescription)
    } catch let error as QuantizationError {
      throw bad("settings of a \(type)", error.description)
    } catch {
      throw bad("settings of a \(type)", String(text.prefix(80)))
    }
  }

  /// Throws where a tensor has another number of values, before memory is taken for them.
  private func checkCount(_ name: String, _ count: Int) throws {
    let name = "quantization.\(name)"
    let found = file.contains(name) ? try file.shape(of: name).count : 0
    guard found == count else { throw bad("\(count) values in \(name)", "\(found)") }
  }

  private func values(_ name: String, count: Int?) throws -> [Float] {
    let name = "quantization.\(name)"
    guard file.contains(name) else {
      if count == 0 || count == nil { return [] }
      throw InterchangeError.missingTensor(path: path, name: name)
    }
    let values = try file.tensor(name).elements
    guard count == nil || values.count == count, values.allSatisfy(\.isFinite) else {
      throw bad("\(count ?? values.count) finite values in \(name)", "\(values.count) values")
    }
    return values
  }

  private func positiveValues(_ name: String, count: Int) throws -> [Float] {
    let values = try values(name, count: count)
    if let low = values.first(where: { $0 <= 0 }) {
      throw bad("values above 0 in quantization.\(name)", "\(low)")
    }
    return values
  }

  private func readGrids(_ student: inout QuantizedNetwork) throws {
    for (point, place) in student.placement.points.enumerated() {
      let numbers = try values("activations.\(point).grids", count: 4 * place.bits.count)
      for (candidate, bits) in place.bits.enumerated() {
        var grid = student.activationGrids[point][candidate]
        grid.levelsPerUnit = numbers[4 * candidate]
        grid.zero = numbers[4 * candidate + 1]
        grid.lowest = numbers[4 * candidate + 2]
        grid.highest = numbers[4 * candidate + 3]
        guard grid.isStorable(bits: bits) else {
          throw bad(
            "a grid of \(bits) bits at point \(point)",
            "\(numbers[4 * candidate..<4 * candidate + 4])")
        }
        student.activationGrids[point][candidate] = grid
      }
    }
    student.featureLevels = try positiveValues(
      "activations.levels", count: student.placement.points.count)
  }

  private func readWeights(_ student: inout QuantizedNetwork) throws {
    let weights = WeightQuantization(student: student)
    for (index, layer) in student.placement.layers.enumerated() where !layer.isFloat {
      let channels = weights.slotCount(index) * layer.bankBits.count
      student.weightSteps[index] = try positiveValues(
        "weights.\(index).steps", count: student.quantizer.weights.learnsStep ? channels : 0)
      let shrink = try values("weights.\(index).shrink", count: nil)
      guard shrink.isEmpty || shrink.count == channels else {
        throw bad("\(channels) factors for layer \(index)", "\(shrink.count)")
      }
      student.weightShrink[index] = shrink
      let extremes = try values("weights.\(index).extremes", count: nil)
      guard extremes.isEmpty || extremes.count == 2 * weights.slotCount(index) else {
        throw bad("\(2 * weights.slotCount(index)) extremes of layer \(index)", "\(extremes.count)")
      }
      student.weightExtremes[index] = extremes
      guard !extremes.isEmpty else { continue }
      // A zero point far from all codes could not be counted.
      let kept = WeightQuantization(student: student)
      for bank in layer.bankBits.indices {
        for grid in kept.grids(index, bank: bank) ?? [] {
          guard abs(grid.zero) < 1e15, grid.levelsPerUnit > 0 else {
            throw bad("extremes of layer \(index) that give a grid", "\(grid.zero)")
          }
        }
      }
    }
  }
}
