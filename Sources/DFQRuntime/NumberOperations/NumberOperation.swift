import DFQTensor

/// An operation on values in floating point, such as an activation without a kernel of its own or the concatenation of values.
///
/// Values that lie on a grid are read as the numbers that their codes stand for; what an operation computes is rounded to the
/// output's grid behind it. Operations add one file: a type with its number in ``code``, and a place in
/// ``NumberOperations/all``.
package protocol NumberOperation: Sendable, Equatable {
  /// The number that stands for the operation in files.
  static var code: Int { get }
  /// What errors and profiles call it.
  var label: String { get }
  /// The values that it reads beside its first input.
  var others: [Int] { get }

  /// Throws ``IntegerProgram/Flaw`` unless the shapes of all inputs, the first one first, agree with the output's, and all numbers
  /// are finite.
  func check(inputs: [Shape], output: Shape) throws

  /// Writes its settings.
  func write(to writer: inout ModelWriter)

  /// Reads what ``write(to:)`` writes, for the value `output`.
  init(from reader: inout ModelReader, output: Int) throws

  /// Computes some pixels of one image. The inputs are the same pixels of values that have as many, and whole values of one pixel.
  func compute(
    _ inputs: UnsafeBufferPointer<NumberInput>, _ output: NumberOutput, kernels: Kernels
  )
}

extension NumberOperation {
  package var others: [Int] { [] }

  /// Whether another operation is the same.
  fileprivate func equals(_ other: any NumberOperation) -> Bool { self == other as? Self }
}

/// One input of an operation in floating point: pixels of channels.
package struct NumberInput: BitwiseCopyable {
  package let values: UnsafePointer<Float>
  package let pixels: Int
  package let channels: Int
}

/// The output of an operation in floating point: pixels of channels.
package struct NumberOutput: BitwiseCopyable {
  package let values: UnsafeMutablePointer<Float>
  package let pixels: Int
  package let channels: Int
}

/// Any operation in floating point.
package struct AnyNumberOperation: Sendable, Equatable {
  package let operation: any NumberOperation

  package init(_ operation: any NumberOperation) { self.operation = operation }

  package static func == (a: Self, b: Self) -> Bool { a.operation.equals(b.operation) }
}

/// The operations that files may have.
enum NumberOperations {
  static let all: [any NumberOperation.Type] = [
    ElementFunctionOperation.self, ChannelSlopes.self, ValueProduct.self,
    ChannelConcatenation.self, ChannelNormalization.self, NeighbourDivision.self,
  ]

  static func type(_ code: Int) -> (any NumberOperation.Type)? { all.first { $0.code == code } }
}
