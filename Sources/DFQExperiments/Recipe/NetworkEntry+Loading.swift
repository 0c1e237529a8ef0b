import DFQONNX
import DynaDFQ

extension NetworkEntry {
  /// Reads the network.
  ///
  /// - Parameters:
  ///   - model: The value of `model`, with variables of the environment in place.
  ///   - path: The same as a path, where it is a file.
  /// - Returns: The network, with what `onnx` says of it.
  /// - Throws: ``RecipeError/badNetwork(name:expected:found:)``; what the library throws for the file.
  func network(_ model: String, path: String) throws -> Network {
    let known = Network.Pretrained(rawValue: model)
    guard known == nil, path.lowercased().hasSuffix(".onnx") else {
      guard onnx == nil else {
        throw RecipeError.badNetwork(
          name: name, expected: "an ONNX file, because the entry has the key onnx", found: model)
      }
      if let known { return try .pretrained(known) }
      return try Network(
        SafetensorsFile(contentsOf: path),
        architecture: try arch.map { try Architecture(name: $0) },
        path: path)
    }
    guard arch == nil else {
      throw RecipeError.badNetwork(
        name: name, expected: "no key arch, because an ONNX file holds its graph", found: arch ?? ""
      )
    }
    return try ONNXImport(contentsOf: path, options: onnx?.options(of: name) ?? .init()).network
  }
}

extension ONNXEntry {
  fileprivate func options(of name: String) throws -> ONNXImport.Options {
    var options = ONNXImport.Options()
    if let layout {
      guard let order = ONNXImport.Layout(rawValue: layout) else {
        throw RecipeError.badNetwork(name: name, expected: "layout nchw or nhwc", found: layout)
      }
      options.layout = order
    }
    if let imageSize {
      guard imageSize.count == 2, imageSize.allSatisfy({ $0 > 0 }) else {
        throw RecipeError.badNetwork(
          name: name, expected: "imageSize [HEIGHT, WIDTH]", found: "\(imageSize)")
      }
      options.imageSize = Size2D(height: imageSize[0], width: imageSize[1])
    }
    guard (mean == nil) == (std == nil) else {
      throw RecipeError.badNetwork(
        name: name, expected: "mean and std, or neither", found: mean == nil ? "std" : "mean")
    }
    if let mean, let std {
      options.preprocessing = try Preprocessing(mean: mean, standardDeviation: std)
    }
    return options
  }
}
