import DFQEngine
import DFQGraph
import DFQRuntime

extension Activation: CompiledLayer {
  func operations(_ place: CompiledPlace) throws -> [CompiledOperation] {
    guard let function = elementFunction else {
      throw place.unsupported("the activation \(self) alone")
    }
    return place.only(ElementFunctionOperation(function))
  }
}

extension PReLU: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    place.only(ChannelSlopes(place.parameters))
  }
}

extension Product: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    place.only(ValueProduct(with: place.inputs[1]))
  }
}

extension Concatenation: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    place.only(ChannelConcatenation(with: Array(place.inputs.dropFirst())))
  }
}

extension LayerNorm: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    let channels = place.parameters.count / 2
    return place.only(
      ChannelNormalization(
        scale: Array(place.parameters[..<channels]), shift: Array(place.parameters[channels...]),
        epsilon: epsilon))
  }
}

extension ChannelAffine: CompiledLayer {
  /// A batch norm's ending without statistics.
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    let channels = place.parameters.count / 2
    let ending = Operation.Ending(
      scale: Array(place.parameters[..<channels]), shift: Array(place.parameters[channels...]))
    return [.init(kind: .identity, shape: place.output, ending: ending)]
  }
}

extension LocalResponseNormalization: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    place.only(NeighbourDivision(normalization))
  }
}
