import DFQFiles
public import DFQRuntime
import DFQTensor
import Foundation
import SwiftProtobuf

/// A student as an ONNX model that other engines run.
///
/// ```swift
/// let network = try IntegerNetwork(student)
/// try ONNXExport(network, format: .qcdq).write(to: "student.onnx")
/// ```
///
/// The graph takes normalized images `image` N C H W and gives `logits` N C. Batch norm is folded into the weights (or kept), which are
/// stored as integers with a scale for each output. What depends on the image is part of the graph: selectors are ordinary operators, whose
/// choices are the output `bits` (N by the number of quantized values); images whose margin is small go on to the next pass or
/// level inside of an `If`, and `passes` (N) counts them.
///
/// Results are the student's up to the order of additions and the rounding of ties, which ONNX leaves to engines.
public struct ONNXExport: Sendable {
  /// How quantized values are written.
  public let format: ONNXFormat
  /// The version of ONNX's operators that the graph uses.
  public let opset: Int
  /// What an engine's user should know, such as a rule that a graph cannot follow.
  public let notes: [String]
  private let model: Onnx_ModelProto
  /// The version that graphs use where nothing needs a later one.
  static let firstOpset = 13

  /// Builds the graph.
  ///
  /// - Parameters:
  ///   - network: The compiled student or cascade.
  ///   - format: How quantized values are written.
  ///   - isExact: Whether the graph computes every number as ``IntegerNetwork`` does, in operators of floating point that no
  ///     engine joins into integer kernels: for checking other implementations, not for speed.
  ///   - foldsBatchNorm: Whether batch norm becomes part of the weights' scales; else nodes of their own follow the layers.
  /// - Throws: ``ONNXError/notExportable(layer:reason:)`` where the format has no place for a part of the network.
  public init(
    _ network: IntegerNetwork, format: ONNXFormat = .qcdq, isExact: Bool = false,
    foldsBatchNorm: Bool = true
  ) throws {
    let integer = network.model
    self.format = format
    let hasHalves = integer.levels.contains { level in
      level.points.contains { $0.grids.contains { $0.bits == 4 } }
    }
    let needed = integer.levels.flatMap(\.operations).map { operation in
      guard case .numbers(let any) = operation.kind,
        let exported = any.operation as? any ExportedOperation
      else { return Self.firstOpset }
      return type(of: exported).opset
    }
    // Types of 4 bits.
    let halves = format == .qdq && hasHalves ? 21 : Self.firstOpset
    opset = max(halves, needed.max() ?? Self.firstOpset)
    if format == .qdq, !isExact { try Self.checkWidths(integer) }
    var notes: [String] = []
    if integer.levels.count > 1, integer.rule != .threshold {
      notes.append(
        "the rule \(integer.rule) looks at other images; the graph follows the fitted thresholds")
    }
    self.notes = notes
    var builder = try StageExporter(
      integer,
      style: ExportStyle(
        format: format, opset: opset, isExact: isExact, foldsBatchNorm: foldsBatchNorm))
    try builder.build()
    model = builder.model(opset: opset)
  }

  /// The bytes of the file.
  ///
  /// - Throws: ``ONNXError/notExportable(layer:reason:)`` for a model that is larger than the format allows, 2 GiB.
  public func bytes() throws -> [UInt8] {
    do {
      return try model.serializedBytes()
    } catch {
      throw ONNXError.notExportable(layer: "model", reason: "\(error)")
    }
  }

  /// Writes the file, whole or not at all.
  ///
  /// - Throws: `InterchangeError.cannotWrite(path:reason:)`, and what ``bytes()`` throws.
  public func write(to path: String) throws { try AtomicFile.write(bytes(), to: path) }

  /// Integer types have 8 or 4 bits.
  private static func checkWidths(_ model: IntegerModel) throws {
    for level in model.levels {
      for point in level.points where point.grids.count == 1 {
        let bits = point.grids[0].bits
        guard [0, 4, 8].contains(bits) else {
          throw ONNXError.notExportable(
            layer: point.name, reason: "qdq has 8 and 4 bits and this value \(bits); use qcdq")
        }
      }
    }
  }
}
