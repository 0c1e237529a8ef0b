import DFQEngine
public import DFQGraph
public import DFQQuantization
public import DFQSynthesis
public import DFQTensor

extension BitSensitivity {
  /// Measures a network's sensitivities on synthetic images.
  ///
  /// ```swift
  /// let sensitivity = try BitSensitivity(of: teacher, quantizer: quantizer, on: images)
  /// let allocation = try BitAllocation(
  ///   sensitivity, network: teacher, quantizer: quantizer, budget: 300e6)
  /// let trainer = DynamicTrainer(teacher: teacher, quantizer: quantizer.allocated(allocation))
  /// ```
  ///
  /// - Parameters:
  ///   - teacher: The network.
  ///   - quantizer: The kind of grids; layers with a rule of their own are left out.
  ///   - images: Synthetic images of the network.
  ///   - weightBits: The candidates of weights, 2...8.
  ///   - activationBits: The candidates of quantized outputs, 2...8.
  ///   - imageCount: The number of images that are used, the first of the set.
  ///   - context: How the work is executed.
  ///   - progress: Called after each measurement with the number done and the number of all.
  /// - Throws: ``QuantizationError``, `NetworkError`, ``TrainingError/imagesDoNotFit(expected:found:)``,
  ///   and what `progress` throws.
  public init(
    of teacher: Network, quantizer: Quantizer, on images: SyntheticImages,
    weightBits: [Int] = [2, 3, 4, 5, 6], activationBits: [Int] = [2, 3, 4, 5, 6],
    imageCount: Int = 256, context: ExecutionContext = .default,
    progress: ((Int, Int) throws -> Void)? = nil
  ) throws {
    guard images.images.rowShape == teacher.imageShape else {
      throw TrainingError.imagesDoNotFit(
        expected: "images of shape \(teacher.imageShape)", found: "\(images.images.rowShape)")
    }
    guard imageCount > 0, images.count > 0 else {
      throw QuantizationError.noImages(what: "measuring sensitivities")
    }
    try self.init(
      measuring: teacher, quantizer: quantizer,
      inputs: images.images.rows(0..<min(imageCount, images.count)), weightBits: weightBits,
      activationBits: activationBits, context: context, progress: progress)
  }
}
