/// How a graph is written.
struct ExportStyle {
  let format: ONNXFormat
  let opset: Int
  /// Whether every number is the integer runtime's, bit for bit where sums have no order.
  let isExact: Bool
  /// Whether the scales of batch norm become part of the weights' scales.
  let foldsBatchNorm: Bool
}
