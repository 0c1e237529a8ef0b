import DFQTensor

extension IntegerProgram {
  /// Throws ``Flaw`` unless every element that is moved exists and has a place.
  func checkMove(_ kind: Operation.Kind, from input: Shape, to output: Shape) throws {
    if case .selectChannels(let channels) = kind {
      let most = input.dimensions.last ?? 0
      try demand(
        input.dimensions.dropLast() == output.dimensions.dropLast()
          && channels.count == output.dimensions.last
          && channels.allSatisfy { (0..<most).contains($0) },
        "channels of \(input)", "\(output)")
      return
    }
    try demand(input.rank == 3 && output.rank == 3, "maps H W C", "\(input) to \(output)")
    switch kind {
    case .padMap(let top, let left):
      try demand(
        top >= 0 && left >= 0 && top <= output[0] && left <= output[1]
          && output[0] - top >= input[0] && output[1] - left >= input[1]
          && output[2] == input[2],
        "a padded map of \(input)", "\(output)")
    case .upsample(let factor):
      try demand(
        (1...ProgramLimits.window).contains(factor) && output[2] == input[2]
          && output[0] == input[0] * factor && output[1] == input[1] * factor,
        "\(input) enlarged", "\(output)")
    default: break
    }
  }
}

extension Operation.Kind {
  /// Whether zeros are put beside what is moved.
  package var addsZeros: Bool {
    switch self {
    case .padChannels, .padMap: true
    default: false
    }
  }
}
