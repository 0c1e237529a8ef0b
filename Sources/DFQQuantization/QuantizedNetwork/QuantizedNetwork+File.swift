import DFQEngine
public import DFQFiles
public import DFQGraph
import DFQTensor
import Foundation

extension QuantizedNetwork {
  private static let format = "dynadfq student 1"

  /// Whether a file holds a student and not a network in floating point.
  public static func isStored(in file: SafetensorsFile) -> Bool {
    file.metadata["format"] == format || file.metadata["quantizer"] != nil
  }

  /// Writes the student: the shadow weights under their checkpoint names, everything of the
  /// quantizers under `quantization.`, the settings in the metadata.
  ///
  /// - Throws: ``QuantizationError/notFinite(layer:what:)`` or `NetworkError.notFinite` for a student
  ///   that could not be read again, `InterchangeError` for the file.
  public func write(to path: String) throws {
    try file().write(to: path)
  }

  /// The student as a safetensors file.
  ///
  /// - Throws: ``QuantizationError/notFinite(layer:what:)`` or `NetworkError.notFinite` for a student
  ///   that could not be read again.
  public func file() throws -> SafetensorsFile {
    try checkFinite()
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
      add("weights.\(index).extremes", weightExtremes[index])
    }
    add("selector.parameters", selectorParameters)
    add("selector.constants", selectorConstants)
    add("selector.price", [bitPrice])
    return file
  }

  /// Throws where a weight, step, grid or parameter of the selector is not a finite number.
  ///
  /// - Throws: ``QuantizationError/notFinite(layer:what:)``, `NetworkError.notFinite`.
  public func checkFinite() throws {
    if let entry = network.parameters.firstNotFinite() {
      throw NetworkError.notFinite(
        layer: network.graph.nodes[entry.node].name, parameter: entry.name)
    }
    func demand(_ holds: Bool, _ layer: String, _ what: String) throws {
      if !holds { throw QuantizationError.notFinite(layer: layer, what: what) }
    }
    for (index, output) in outputs.enumerated() {
      let areGood = zip(activationGrids[index], output.bits).allSatisfy { $0.isStorable(bits: $1) }
      try demand(areGood, output.name, "the grids of its values")
      let level = featureLevels[index]
      try demand(level.isFinite && level > 0, output.name, "the levels of its values")
    }
    for (index, layer) in layers.enumerated() {
      try demand(
        weightSteps[index].allSatisfy { $0.isFinite && $0 > 0 }, layer.name,
        "the steps of its weights")
      try demand(
        (weightShrink[index] + weightExtremes[index]).allSatisfy(\.isFinite), layer.name,
        "the ranges of its weights")
    }
    let numbers = selectorParameters + selectorConstants + [bitPrice]
    try demand(numbers.allSatisfy(\.isFinite), "selector", "its parameters")
  }

  /// Reads a student.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - layers: The types of layers from outside the package that the student's graph uses.
  ///   - deciders: The types of deciders that the file may have, besides the built-in ones.
  ///   - roundings: The ways of rounding weights that the file may have, besides the built-in ones.
  /// - Throws: `InterchangeError`, `NetworkError` or ``QuantizationError`` naming what does not fit.
  public init(
    contentsOf path: String, layers: [any Layer.Type] = [], deciders: [any BitDecider.Type] = [],
    roundings: [any WeightRounding.Type] = []
  ) throws {
    try self.init(
      try SafetensorsFile(contentsOf: path), path: path, layers: layers, deciders: deciders,
      roundings: roundings)
  }

  /// Takes a student from a file already read.
  ///
  /// - Throws: `InterchangeError`, `NetworkError` or ``QuantizationError`` naming what does not fit.
  public init(
    _ file: SafetensorsFile, path: String, layers: [any Layer.Type] = [],
    deciders: [any BitDecider.Type] = [], roundings: [any WeightRounding.Type] = []
  ) throws {
    self = try StudentReader(
      file, path: path, layers: layers, deciders: deciders, roundings: roundings
    ).student()
  }

  static func checkFormat(_ file: SafetensorsFile, path: String) throws -> String {
    guard file.metadata["format"] == format, let settings = file.metadata["quantizer"] else {
      throw QuantizationError.badStudent(
        path: path, expected: "metadata format \"\(format)\"",
        found: file.metadata["format"] ?? "none")
    }
    return settings
  }
}

extension Grid {
  /// Whether a student's file can hold the grid at a width: a positive step, integer codes of that
  /// many bits and an integer zero point.
  func isStorable(bits: Int) -> Bool {
    let half = Float(1 << (bits - 1))
    return levelsPerUnit > 0 && levelsPerUnit.isFinite && abs(zero) < 1e6 && zero == zero.rounded()
      && (lowest == 0 || lowest == -half) && highest - lowest == 2 * half - 1
  }
}
