import DFQGraph
import DFQONNX

/// Reads files with what they don't say themselves.
enum Reading {
  /// The network of a file.
  ///
  /// The number of channels and whether the size of images is open are known after an error has named them.
  static func network(_ bytes: [UInt8], _ layout: ONNXImport.Layout) throws -> Network {
    var options = ONNXImport.Options(preprocessing: .imageNet, layout: layout)
    for _ in 0..<3 {
      do {
        return try ONNXImport(decoding: bytes, options: options).network
      } catch ONNXError.missing where options.imageSize == nil {
        options.imageSize = Size2D(8)
      } catch NetworkError.imageShape(let expected, let found)
        where expected[2] == 3 && found[2] <= 4
      {
        options.preprocessing = .unit(channels: found[2])
      }
    }
    return try ONNXImport(decoding: bytes, options: options).network
  }
}
