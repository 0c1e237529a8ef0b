import DFQEngine
public import DFQGraph
public import DFQTensor

/// What the reconstruction of a unit gave.
public struct ReconstructionReport: Sendable, Hashable {
  /// The name of the unit's last node.
  public var name: String
  /// The unit's position, from 0.
  public var unit: Int
  /// The number of units.
  public var count: Int
  /// The squared distance to the teacher's output, summed over channels, a mean over images and positions, with the
  /// rounding that the student had.
  public var before: Double
  /// The same with the learned rounding.
  public var after: Double
}

/// A step of the reconstruction of a unit.
public struct ReconstructionStep: Sendable, Hashable {
  /// The name of the unit's last node.
  public var name: String
  /// The unit's position, from 0.
  public var unit: Int
  /// The number of units.
  public var count: Int
  /// The steps of the unit that are done.
  public var step: Int
  /// The steps of a unit.
  public var steps: Int
  /// The squared distance of the step's images to the teacher's output, summed over channels.
  public var distance: Double

  /// The share of all units that is done, 0...1.
  public var share: Double {
    (Double(unit) + Double(step) / Double(max(steps, 1))) / Double(max(count, 1))
  }
}

extension QuantizedNetwork {
  /// The units that ``reconstruct(unit:by:teacher:on:seed:context:progress:)`` goes through.
  public func reconstructionUnits(_ method: AdaptiveRounding) -> [ReconstructionUnit] {
    ReconstructionUnit.units(method.unit, of: network.graph)
  }

  /// Learns the rounding of one unit's weights on images; the units before it should be done.
  ///
  /// Afterwards the weights are values of their grids, and the grids no longer follow the weights' extremes. The
  /// result depends on nothing but the arguments and the arithmetic of the context. The unit's inputs and the teacher's outputs of all
  /// images are kept in half precision, in the context's scratch directory where it has one: memory is then needed for one step's
  /// images only.
  ///
  /// - Parameters:
  ///   - position: The unit's position in ``reconstructionUnits(_:)``.
  ///   - method: The settings.
  ///   - teacher: The network in floating point that this student was calibrated with.
  ///   - images: Normalized synthetic inputs N H W C.
  ///   - seed: The seed of all draws.
  ///   - context: How the work is executed.
  ///   - progress: Called after every step; an error that it throws ends the work and leaves the student as it was.
  /// - Returns: The distances before and after; nil where all weights of the unit stay in floating point.
  /// - Throws: ``QuantizationError``, `NetworkError`, `InterchangeError` for a full disk, `CancellationError`.
  @discardableResult
  public mutating func reconstruct(
    unit position: Int, by method: AdaptiveRounding, teacher: Network, on images: Tensor,
    seed: UInt64, context: ExecutionContext = .default,
    progress: ((ReconstructionStep) throws -> Void)? = nil
  ) throws -> ReconstructionReport? {
    try checkReconstruction(method)
    guard teacher.graph == network.graph else {
      throw QuantizationError.badReconstruction(
        expected: "a teacher with the student's graph", found: teacher.architecture)
    }
    guard images.rowCount > 0 else { throw QuantizationError.noImages(what: "adaptive rounding") }
    let units = reconstructionUnits(method)
    guard units.indices.contains(position) else {
      throw QuantizationError.badReconstruction(
        expected: "a unit in 0..<\(units.count)", found: "\(position)")
    }
    let unit = units[position]
    let images = images.rows(0..<min(method.images, images.rowCount))
    var reconstruction = try UnitReconstruction(
      unit, of: self, teacher: teacher, by: method, images: images.rowCount, context: context)
    guard !reconstruction.isEmpty else { return nil }
    let name = network.graph.nodes[unit.output].name
    let features = try UnitFeatures(unit, of: self, images: images.rowCount, context: context)
    let before = try features.fill(student: self, teacher: teacher, images: images)
    try reconstruction.learn(from: features, seed: seed, name: name) { step, distance in
      try progress?(
        ReconstructionStep(
          name: name, unit: position, count: units.count, step: step, steps: method.iterations,
          distance: distance))
    }
    reconstruction.put(into: &self)
    return ReconstructionReport(
      name: name, unit: position, count: units.count, before: before,
      after: try features.distance(of: self, images: images))
  }

  /// Throws where a method cannot be applied to this student.
  ///
  /// - Throws: ``QuantizationError/badReconstruction(expected:found:)``.
  public func checkReconstruction(_ method: AdaptiveRounding) throws {
    try method.check()
    if let layer = placement.layers.first(where: \.followsInput) {
      throw QuantizationError.badReconstruction(
        expected: "weights of one width",
        found: "\(layer.bankBits) bits of weights that follow "
          + "activations in layer \(network.graph.nodes[layer.node].name)")
    }
  }
}
