import DFQGraph
import DFQRuntime

extension PadChannels: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    place.only(.padChannels(stride: stride, before: before))
  }
}

extension PadMap: CompiledLayer {
  func operations(_ place: CompiledPlace) throws -> [CompiledOperation] {
    guard value == 0 else { throw place.unsupported("padding with another number than 0") }
    return place.only(.padMap(top: padding.top, left: padding.left))
  }
}

extension Upsample: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    place.only(.upsample(factor: factor))
  }
}

extension Flatten: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] { place.only(.reshape) }
}

extension Reshape: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] { place.only(.reshape) }
}

extension ChannelSelection: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    place.only(.selectChannels(indices))
  }
}
