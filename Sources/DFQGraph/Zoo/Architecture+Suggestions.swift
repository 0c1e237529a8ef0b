import DFQTensor

extension Architecture {
  /// Returns the names of the zoo's architectures that a checkpoint's tensors fit.
  ///
  /// - Parameter tensors: The shapes of the tensors by name.
  /// - Returns: The full names, none where nothing fits.
  static func fitting(_ tensors: [String: Shape]) -> [String] {
    guard tensors.count <= GraphLimits.nodes,
      let classes = classCount(of: tensors), classCounts.contains(classes)
    else { return [] }
    let stems = ["conv1.weight", "features.0.0.weight", "_conv_stem.weight", "conv_stem.weight"]
    let names = CheckpointNames(tensors.keys)
    let channels =
      stems.lazy.compactMap { names.name(canonical: $0).flatMap { tensors[$0] } }
      .first { $0.rank == 4 }.map { $0[1] }
    guard let channels, (1...4096).contains(channels) else { return [] }
    let units = Set(
      tensors.keys.compactMap { name -> Int? in
        let parts = name.split(separator: ".")
        guard let layer = parts.firstIndex(of: "layer1"), layer + 1 < parts.count else {
          return nil
        }
        return Int(parts[layer + 1])
      }
    ).count
    var families: [Family] = [
      .resNet(depth: 18), .resNet(depth: 34), .resNet(depth: 50), .mobileNetV2, .efficientNetLite0,
    ]
    for projection in [false, true] {
      let family = Family.cifarResNet(depth: 6 * units + 2, projection: projection)
      if family.isKnown { families.append(family) }
    }
    return families.compactMap { family in
      let usual = Architecture(family)
      let extent = channels == 1 && usual.imageShape[0] == 32 ? 28 : usual.imageShape[0]
      let candidate = Architecture(
        family, imageShape: [extent, extent, channels], classCount: classes)
      guard let graph = try? candidate.graph() else { return nil }
      let layout = ParameterLayout(graph)
      guard let match = try? ParameterMatch(layout, tensors: tensors, file: ""),
        match.hasAllShapes(layout, tensors: tensors)
      else { return nil }
      return candidate.name
    }
  }

  /// The rows of the last fully connected layer.
  private static func classCount(of tensors: [String: Shape]) -> Int? {
    let matrices = tensors.filter { $0.value.rank == 2 && $0.key.hasSuffix(".weight") }
    return matrices.count == 1 ? matrices.first!.value[0] : nil
  }
}
