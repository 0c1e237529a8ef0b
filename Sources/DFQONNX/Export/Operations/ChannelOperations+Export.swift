import DFQRuntime

extension ChannelSlopes: ExportedOperation {
  func export(_ place: ExportedPlace, to exporter: inout ProgramExporter) -> String {
    // A slope's shape extends over positions, but has no axis of images.
    let shape = place.output.rank == 3 ? [slopes.count, 1, 1] : [slopes.count]
    let slope = exporter.writer.floats(slopes, shape: shape, "\(place.label).slopes")
    return exporter.writer.add("PRelu", [place.inputs[0], slope], "\(place.label).prelu")
  }
}

extension ChannelConcatenation: ExportedOperation {
  func export(_ place: ExportedPlace, to exporter: inout ProgramExporter) -> String {
    exporter.writer.add(
      "Concat", place.inputs, "\(place.label).joined", attributes: [.int("axis", 1)])
  }
}

extension ValueProduct: ExportedOperation {
  func export(_ place: ExportedPlace, to exporter: inout ProgramExporter) -> String {
    var factor = place.inputs[1]
    if place.output.rank == 3, place.shapes[1].rank == 1 {
      factor = exporter.writer.add(
        "Unsqueeze", [factor, exporter.writer.list([2, 3])], "\(place.label).factor")
    }
    return exporter.writer.add("Mul", [place.inputs[0], factor], "\(place.label).product")
  }
}

extension ChannelNormalization: ExportedOperation {
  static var opset: Int { 17 }

  /// ONNX normalizes the last axes, so that channels become the last one in between.
  func export(_ place: ExportedPlace, to exporter: inout ProgramExporter) -> String {
    let label = place.label
    var value = place.inputs[0]
    let isMap = place.output.rank == 3
    if isMap {
      value = exporter.writer.add(
        "Transpose", [value], "\(label).channelsLast", attributes: [.ints("perm", [0, 2, 3, 1])])
    }
    let scale = exporter.writer.floats(scale, shape: [scale.count], "\(label).scale")
    let shift = exporter.writer.floats(shift, shape: [shift.count], "\(label).shift")
    value = exporter.writer.add(
      "LayerNormalization", [value, scale, shift], "\(label).normalized",
      attributes: [.int("axis", -1), .float("epsilon", epsilon)])
    guard isMap else { return value }
    return exporter.writer.add(
      "Transpose", [value], "\(label).channelsFirst", attributes: [.ints("perm", [0, 3, 1, 2])])
  }
}

extension NeighbourDivision: ExportedOperation {
  func export(_ place: ExportedPlace, to exporter: inout ProgramExporter) -> String {
    exporter.writer.add(
      "LRN", [place.inputs[0]], "\(place.label).divided",
      attributes: [
        .int("size", normalization.size), .float("alpha", normalization.alpha),
        .float("beta", normalization.beta), .float("bias", normalization.bias),
      ])
  }
}
