import ArgumentParser
import DFQONNX
import DynaDFQ

/// What an ONNX file doesn't say.
struct ONNXOptions: ParsableArguments {
  @Option(
    help: """
      The mean of each channel of an ONNX model's images, in units of 0...1 and separated by commas; \
      or imagenet, with the usual standard deviations.
      """)
  var mean: String?
  @Option(help: "The standard deviation of each channel of an ONNX model's images, like --mean.")
  var std: String?
  @Option(help: "The order of an ONNX model's input: nchw (PyTorch) or nhwc (TensorFlow).")
  var layout: ONNXImport.Layout?
  @Option(help: "HEIGHTxWIDTH of images, where an ONNX model leaves them open.")
  var imageSize: String?

  @Option(
    help: """
      How many numbers an ONNX model may make of others, such as weights that are one number \
      repeated; more are refused. (default: \(ONNXImport.Options().madeNumbers))
      """)
  var madeNumbers: Int?

  /// Whether a path names an ONNX file.
  static func isONNX(_ path: String) -> Bool { path.lowercased().hasSuffix(".onnx") }

  /// The options of a file; notes of the reader go to standard error.
  func read(_ path: String) throws -> ONNXImport {
    var options = ONNXImport.Options(
      preprocessing: try preprocessing(), imageSize: try size())
    if let layout { options.layout = layout }
    if let madeNumbers { options.madeNumbers = madeNumbers }
    let imported = try ONNXImport(contentsOf: path, options: options)
    for note in imported.notes { Output.complain("note: \(note)") }
    return imported
  }

  /// A network whose images don't matter, such as one that is timed or described; its pixels are not normalized.
  static func network(_ path: String) throws -> Network {
    for channels in [3, 1] {
      do {
        return try ONNXImport(
          contentsOf: path, options: .init(preprocessing: .unit(channels: channels))
        ).network
      } catch NetworkError.imageShape where channels == 3 { continue }
    }
    throw ToolError.usage("\(path): expected images of one or three channels")
  }

  /// Refuses options of ONNX files with another kind of file.
  func demandAbsent(_ why: String) throws {
    for (name, isGiven) in [
      ("--mean", mean != nil), ("--std", std != nil), ("--layout", layout != nil),
      ("--image-size", imageSize != nil), ("--made-numbers", madeNumbers != nil),
    ] { try Demand.absent(name, isGiven, why) }
  }

  private func preprocessing() throws -> Preprocessing? {
    guard let mean else {
      try Demand.absent("--std", std != nil, "without --mean")
      return nil
    }
    if mean.lowercased() == "imagenet" {
      try Demand.absent("--std", std != nil, "with --mean imagenet, which has its own")
      return .imageNet
    }
    guard let std else { throw ToolError.usage("--mean needs --std: one number for each channel") }
    return try Preprocessing(
      mean: numbers(mean, "--mean"), standardDeviation: numbers(std, "--std"))
  }

  private func numbers(_ text: String, _ option: String) throws -> [Float] {
    try text.split(separator: ",").map { part in
      guard let number = Float(part.trimmingPrefix(" ")) else {
        throw ToolError.usage("\(option) \(text): expected numbers separated by commas")
      }
      return number
    }
  }

  private func size() throws -> Size2D? {
    guard let imageSize else { return nil }
    let parts = imageSize.lowercased().split(separator: "x").compactMap { Int($0) }
    guard parts.count == 2, parts.allSatisfy({ $0 > 0 }) else {
      throw ToolError.usage("--image-size \(imageSize): expected HEIGHTxWIDTH, such as 224x224")
    }
    return Size2D(height: parts[0], width: parts[1])
  }
}

extension ONNXImport.Layout: @retroactive ExpressibleByArgument {}
extension ONNXFormat: @retroactive ExpressibleByArgument {}
