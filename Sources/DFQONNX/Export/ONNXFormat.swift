/// How an exported graph writes quantized values.
public enum ONNXFormat: String, Sendable, CaseIterable {
  /// `QuantizeLinear` and `DequantizeLinear` with types as wide as the codes: 8 bits (opset 13), and 4 bits where the network
  /// has some (opset 21).
  case qdq
  /// `QuantizeLinear`, `Clip` and `DequantizeLinear` on bytes (opset 13), so that codes may have any width up to 8 bits: the
  /// convention of FINN and of Brevitas' exporter.
  case qcdq
  /// `Quant` nodes of the domain `qonnx.custom_op.general`, whose bit-width is an input (QONNX, Pappalardo et al., 2022).
  case qonnx
}
