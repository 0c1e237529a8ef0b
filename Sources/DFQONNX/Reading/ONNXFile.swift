import DFQFiles
import Foundation
import SwiftProtobuf

/// A model's file: its graph and its constants, checked against limits.
struct ONNXFile {
  /// The file's name for messages.
  let path: String
  private(set) var model: Onnx_ModelProto
  /// The version of ONNX's own operators.
  let opset: Int

  /// Reads a file.
  ///
  /// - Throws: `InterchangeError` where it can't be read, ``ONNXError/badModel(path:expected:found:)``.
  init(contentsOf path: String) throws {
    try self.init(
      decoding: FileContents.read(path, limit: ONNXLimits.fileBytes), path: path)
  }

  /// Decodes a file's bytes.
  ///
  /// - Throws: ``ONNXError/badModel(path:expected:found:)``.
  init(decoding bytes: [UInt8], path: String) throws {
    self.path = path
    guard MessageCensus.fits(bytes) else {
      throw ONNXError.badModel(
        path: path, expected: "at most \(ONNXLimits.fields) messages and names", found: "more")
    }
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = ONNXLimits.depth
    options.discardUnknownFields = true
    do {
      model = try Onnx_ModelProto(serializedBytes: bytes, partial: true, options: options)
    } catch {
      throw ONNXError.badModel(path: path, expected: "an ONNX model", found: "\(error)")
    }
    func demand(_ holds: Bool, _ expected: String, _ found: String) throws {
      if !holds { throw ONNXError.badModel(path: path, expected: expected, found: found) }
    }
    let graph = model.graph
    try demand(model.hasGraph && !graph.node.isEmpty, "a graph with nodes", "none")
    try demand(
      graph.node.count <= ONNXLimits.nodes, "at most \(ONNXLimits.nodes) nodes",
      "\(graph.node.count)")
    try demand(
      graph.initializer.count <= ONNXLimits.tensors, "at most \(ONNXLimits.tensors) tensors",
      "\(graph.initializer.count)")
    try demand(
      graph.sparseInitializer.isEmpty, "dense tensors",
      "\(graph.sparseInitializer.count) sparse ones")
    if let count = model.longNameInside {
      try demand(false, "names of at most \(ONNXLimits.nameBytes) bytes", "\(count)")
    }
    let external = graph.initializer + graph.node.flatMap { $0.attribute.filter(\.hasT).map(\.t) }
    let elements = external.filter { $0.dataLocation == .external }.reduce(0) { sum, tensor in
      min(sum + (ONNXTensor.count(tensor.dims.map { Int(clamping: $0) }) ?? 0), .max / 2)
    }
    try demand(
      elements <= ONNXLimits.externalElements,
      "at most \(ONNXLimits.externalElements) elements in other files", "\(elements)")
    let own = model.opsetImport.first { $0.domain.isEmpty || $0.domain == "ai.onnx" }
    opset = Int(clamping: own?.version ?? 0)
    try demand((7...25).contains(opset), "an opset in 7...25 (tested: 9...21)", "\(opset)")
  }

  /// The same file with another graph.
  func with(_ graph: Onnx_GraphProto) -> ONNXFile {
    var file = self
    file.model.graph = graph
    return file
  }

  /// A constant.
  ///
  /// - Throws: ``ONNXError/badTensor(path:name:expected:found:)``.
  func tensor(_ tensor: Onnx_TensorProto) throws -> ONNXTensor {
    try ONNXTensor(tensor, path: path) { tensor, count in
      try externalData(tensor, byteCount: count)
    }
  }

  /// The bytes of a tensor in a file beside the model, inside of its directory.
  private func externalData(_ tensor: Onnx_TensorProto, byteCount: Int) throws -> Data {
    func refuse(_ expected: String, _ found: String) -> ONNXError {
      .badTensor(path: path, name: tensor.name, expected: expected, found: found)
    }
    var fields: [String: String] = [:]
    for entry in tensor.externalData { fields[entry.key] = entry.value }
    let location = fields["location"] ?? ""
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, !location.hasPrefix("/"),
      !parts.contains(where: { $0 == ".." || $0.isEmpty || $0.utf8.contains(0) })
    else { throw refuse("a file inside of the model's directory", "\"\(location)\"") }
    let directory = AtomicFile.directory(of: path)
    let file = "\(directory)/\(location)"
    // A link may lead out of the directory.
    let inside = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path
    let target = URL(fileURLWithPath: file).resolvingSymlinksInPath().path
    guard target.hasPrefix(inside.hasSuffix("/") ? inside : inside + "/") else {
      throw refuse(
        "a file inside of the model's directory", "\"\(location)\", which leads out of it")
    }
    let offset = Int(fields["offset"] ?? "0") ?? -1
    let length = fields["length"].map { Int($0) ?? -1 } ?? byteCount
    guard offset >= 0, length == byteCount, offset <= ONNXLimits.dataBytes else {
      throw refuse("\(byteCount) bytes", "offset \(offset), length \(length)")
    }
    return try FilePart.read(file, offset: offset, count: byteCount)
  }
}
