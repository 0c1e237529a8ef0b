import Foundation
package import DFQFiles
import DFQEngine
import DFQGraph
import DFQTensor

extension QuantizedNetwork {
  private static let format = "dynadfq student 1"

  /// Writes the student: the shadow weights under their checkpoint names, everything of the
  /// quantizers under `quantization.`, the settings in the metadata.
  ///
  /// Throws `InterchangeError`.
  public func write(to path: String) throws {
    try file().write(to: path)
  }

  /// The student as a safetensors file.
  package func file() throws -> SafetensorsFile {
    var file = try network.file()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    func json(_ value: some Encodable) throws -> String {
      String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    file.metadata["format"] = QuantizedNetwork.format
    file.metadata["quantizer"] = try json(quantizer)
    if let selector { file.metadata["selector"] = try json(selector) }
    for (point, grids) in activationGrids.enumerated() {
      let values = grids.flatMap { [$0.levelsPerUnit, $0.zero, $0.lowest, $0.highest] }
      file.add(
        "quantization.activations.\(point).grids",
        Tensor(shape: [grids.count, 4], elements: values))
    }
    func add(_ name: String, _ values: [Float]) {
      if !values.isEmpty {
        file.add("quantization.\(name)", Tensor(shape: [values.count], elements: values))
      }
    }
    add("activations.levels", featureLevels)
    for index in placement.layers.indices {
      add("weights.\(index).steps", weightSteps[index])
      add("weights.\(index).shrink", weightShrink[index])
    }
    add("selector.parameters", selectorParameters)
    add("selector.constants", selectorConstants)
    add("selector.price", [bitPrice])
    return file
  }

  /// Reads a student; throws `InterchangeError`, `NetworkError` or `QuantizationError` naming what
  /// does not fit.
  ///
  /// `layers` lists the types of layers from outside the package that the student's graph uses.
  public init(contentsOf path: String, layers: [any Layer.Type] = []) throws {
    try self.init(try SafetensorsFile(contentsOf: path), path: path, layers: layers)
  }

  package init(
    _ file: SafetensorsFile, path: String, layers: [any Layer.Type] = []
  ) throws {
    guard file.metadata["format"] == QuantizedNetwork.format,
      let settings = file.metadata["quantizer"]
    else {
      throw QuantizationError.badStudent(
        path: path, expected: "metadata format \"\(QuantizedNetwork.format)\"",
        found: file.metadata["format"] ?? "none")
    }
    func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
      do {
        return try JSONDecoder().decode(type, from: Data(text.utf8))
      } catch {
        throw QuantizationError.badStudent(
          path: path, expected: "settings of a \(type)", found: String(text.prefix(80)))
      }
    }
    let network = try Network(file, layers: layers, path: path)
    let selector = try file.metadata["selector"].map { try decode(BitSelector.self, $0) }
    if let selector,
      selector.features.isEmpty || !(1...64).contains(selector.positions)
        || !(0...4096).contains(selector.hidden)
        || selector.point < 0
    {
      throw QuantizationError.badStudent(
        path: path, expected: "a selector's sizes in bounds", found: "\(selector)")
    }
    var student = try QuantizedNetwork(
      network: network, quantizer: decode(Quantizer.self, settings), selector: selector, seed: 0)

    func values(_ name: String, count: Int?) throws -> [Float] {
      let name = "quantization.\(name)"
      guard file.contains(name) else {
        if count == 0 || count == nil { return [] }
        throw InterchangeError.missingTensor(path: path, name: name)
      }
      let values = try file.tensor(name).elements
      guard count == nil || values.count == count, values.allSatisfy(\.isFinite) else {
        throw QuantizationError.badStudent(
          path: path, expected: "\(count ?? values.count) finite values in \(name)",
          found: "\(values.count) values")
      }
      return values
    }
    func demandPositive(_ name: String, _ values: [Float]) throws {
      guard let bad = values.first(where: { $0 <= 0 }) else { return }
      throw QuantizationError.badStudent(
        path: path, expected: "values above 0 in quantization.\(name)", found: "\(bad)")
    }
    for (point, place) in student.placement.points.enumerated() {
      let numbers = try values("activations.\(point).grids", count: 4 * place.bits.count)
      for candidate in place.bits.indices {
        let n = numbers[4 * candidate..<4 * candidate + 4].map { $0 }
        guard n[0] > 0, abs(n[1]) < 1e6, abs(n[2]) <= 256,
          n[3] - n[2] == Float((1 << place.bits[candidate]) - 1)
        else {
          throw QuantizationError.badStudent(
            path: path, expected: "a grid at point \(point)", found: "\(n)")
        }
        student.activationGrids[point][candidate].levelsPerUnit = n[0]
        student.activationGrids[point][candidate].zero = n[1]
        student.activationGrids[point][candidate].lowest = n[2]
        student.activationGrids[point][candidate].highest = n[3]
      }
    }
    student.featureLevels = try values(
      "activations.levels", count: student.placement.points.count)
    try demandPositive("activations.levels", student.featureLevels)
    let weights = WeightQuantization(student: student)
    for (index, layer) in student.placement.layers.enumerated() where !layer.isFloat {
      let channels = weights.slotCount(index) * layer.bankBits.count
      student.weightSteps[index] = try values(
        "weights.\(index).steps", count: student.quantizer.weights.learnsStep ? channels : 0)
      try demandPositive("weights.\(index).steps", student.weightSteps[index])
      let shrink = try values("weights.\(index).shrink", count: nil)
      guard shrink.isEmpty || shrink.count == channels else {
        throw QuantizationError.badStudent(
          path: path, expected: "\(channels) factors for layer \(index)", found: "\(shrink.count)")
      }
      student.weightShrink[index] = shrink
    }
    student.selectorParameters = try values(
      "selector.parameters", count: student.selectorParameters.count)
    student.selectorConstants = try values(
      "selector.constants", count: student.selectorConstants.count)
    student.bitPrice = try values("selector.price", count: 1)[0]
    self = student
  }
}
