import DFQGraph
public import DFQRuntime
public import DFQTensor

extension IntegerNetwork {
  /// Compiles a student: what is trained becomes what is deployed.
  ///
  /// Integers come from the student's weights and grids, never from rounded numbers in floating point.
  /// Predictions are those of ``StudentEvaluator``.
  ///
  /// - Parameters:
  ///   - student: The student.
  ///   - classNames: The classes' names, or none.
  ///   - arithmetic: What follows the exact sums of a layer.
  ///   - context: The threads and the instruction set.
  /// - Throws: `RuntimeError.unsupported` for a layer or a selector that integer networks, or those of
  ///   the arithmetic, do not have,
  ///   ``QuantizationError/notFinite(layer:what:)``, ``QuantizationError/classCount(expected:found:)``.
  public init(
    _ student: QuantizedNetwork, classNames: [String] = [], arithmetic: Arithmetic = .float,
    context: ExecutionContext = .default
  ) throws {
    try self.init(
      levels: [student], thresholds: [], shares: [], rule: .threshold, classNames: classNames,
      arithmetic: arithmetic, context: context)
  }

  /// Compiles a cascade: all its levels, the thresholds and the rule.
  ///
  /// - Throws: As ``init(_:classNames:arithmetic:context:)-(QuantizedNetwork,_,_,_)``.
  public init(
    _ cascade: StudentCascade, classNames: [String] = [], arithmetic: Arithmetic = .float,
    context: ExecutionContext = .default
  ) throws {
    try self.init(
      levels: cascade.levels, thresholds: cascade.thresholds, shares: cascade.shares,
      rule: cascade.rule, classNames: classNames, arithmetic: arithmetic, context: context)
  }

  private init(
    levels: [QuantizedNetwork], thresholds: [Float], shares: [Double], rule: CascadeRule,
    classNames: [String], arithmetic: Arithmetic, context: ExecutionContext
  ) throws {
    let network = levels[0].network
    guard classNames.isEmpty || classNames.count == network.classCount else {
      throw QuantizationError.classCount(expected: network.classCount, found: classNames.count)
    }
    let model = IntegerModel(
      levels: try levels.map { try StudentCompiler($0).compiled() }, thresholds: thresholds,
      shares: shares, rule: rule, mean: network.preprocessing.mean,
      standardDeviation: network.preprocessing.standardDeviation, classNames: classNames)
    try self.init(model, arithmetic: arithmetic, context: context)
  }
}
