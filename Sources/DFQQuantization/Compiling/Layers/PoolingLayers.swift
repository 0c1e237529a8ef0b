import DFQGraph
import DFQRuntime
import DFQTensor

extension MaxPool: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    place.only(.maxPool(window.shape(input: place.shapes[0], output: place.output)))
  }
}

extension AveragePool: CompiledLayer {
  /// Where padding counts, zeros are put around the map, and no window leaves it.
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    guard countsPadding else {
      return place.only(.averagePool(window.shape(input: place.shapes[0], output: place.output)))
    }
    let (input, output) = (place.shapes[0], place.output)
    let padded: Shape = [
      max(
        (output[0] - 1) * window.stride.height + window.kernel.height, window.padding.top + input[0]
      ),
      max(
        (output[1] - 1) * window.stride.width + window.kernel.width, window.padding.left + input[1]),
      input[2],
    ]
    var shape = window.shape(input: padded, output: output)
    (shape.padTop, shape.padLeft) = (0, 0)
    let mean = CompiledOperation(kind: .averagePool(shape), shape: output)
    guard padded != input else { return [mean] }
    return [
      .init(kind: .padMap(top: window.padding.top, left: window.padding.left), shape: padded), mean,
    ]
  }
}

extension GlobalAveragePool: CompiledLayer {
  func operations(_ place: CompiledPlace) -> [CompiledOperation] {
    place.only(.globalAveragePool)
  }
}
