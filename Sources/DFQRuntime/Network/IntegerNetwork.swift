import DFQFiles
public import DFQTensor
import Synchronization

/// A trained student as an integer program: what is deployed.
///
/// It computes exactly what the student computes, every image with its own bits, and needs neither the
/// training code nor a BLAS. One network serves any number of threads and tasks at the same time:
///
/// ```swift
/// let network = try IntegerNetwork(contentsOf: "model.dfq")
/// let prediction = try network.predict(image)
/// print(prediction.className ?? "\(prediction.classIndex)", prediction.passes)
/// ```
///
/// A call takes its memory from earlier calls that have ended. For a stream of images, or to keep the
/// results' memory too, use a ``Predictor``.
public struct IntegerNetwork: Sendable {
  /// What all copies of a network share.
  final class Storage: Sendable {
    let model: IntegerModel
    let levels: [PreparedLevel]
    let pool: WorkerPool
    let scaling: [PixelScaling]
    /// By level, whether the first operation only rounds the image.
    let roundsImage: [Bool]
    let outputCount: Int
    let levelOutputCounts: [Int]
    let arithmetic: Arithmetic
    let context: ExecutionContext
    /// Memory of calls that have ended.
    let idle = Mutex<[PredictorMemory]>([])

    /// Prepares a model that was checked.
    ///
    /// - Throws: ``IntegerProgram/Flaw`` for one that needs too much memory,
    ///   ``RuntimeError/unsupported(layer:what:)`` for one that has no form in fixed point.
    init(
      _ model: IntegerModel, arithmetic: Arithmetic, isDirect: Bool = false,
      context: ExecutionContext
    ) throws {
      self.model = model
      self.arithmetic = arithmetic
      self.context = context
      levels = try model.levels.map {
        try PreparedLevel(
          $0, arithmetic: arithmetic, isDirect: isDirect, kernels: context.kernels,
          threads: context.pool.threads)
      }
      pool = context.pool
      let grids = model.levels.map(\.imageGrid)
      scaling = grids.map {
        PixelScaling(mean: model.mean, standardDeviation: model.standardDeviation, grid: $0)
      }
      roundsImage = grids.map { $0 != nil }
      levelOutputCounts = model.levels.map(\.points.count)
      outputCount = levelOutputCounts.max()!
    }
  }

  let storage: Storage

  /// Prepares a model for execution.
  ///
  /// - Throws: ``RuntimeError/badModel(path:expected:found:)`` for a model that cannot be executed,
  ///   ``RuntimeError/unsupported(layer:what:)`` for one that has no form in fixed point.
  package init(
    _ model: IntegerModel, arithmetic: Arithmetic = .float, context: ExecutionContext = .default
  ) throws {
    try self.init(path: "model", arithmetic: arithmetic, context: context) {
      try model.check()
      return model
    }
  }

  private init(
    path: String, arithmetic: Arithmetic, context: ExecutionContext,
    _ model: () throws -> IntegerModel
  ) throws {
    do {
      storage = try Storage(try model(), arithmetic: arithmetic, context: context)
    } catch let flaw as IntegerProgram.Flaw {
      throw RuntimeError.badModel(path: path, expected: flaw.expected, found: flaw.found)
    }
  }

  /// Reads a network and packs its weights for this processor.
  ///
  /// - Parameters:
  ///   - path: The file, as ``write(to:)`` makes it.
  ///   - arithmetic: What follows the exact sums of a layer.
  ///   - context: The threads and the instruction set.
  /// - Throws: `InterchangeError`, ``RuntimeError/badModel(path:expected:found:)``,
  ///   ``RuntimeError/unsupported(layer:what:)`` for a network that has no form in fixed point.
  public init(
    contentsOf path: String, arithmetic: Arithmetic = .float,
    context: ExecutionContext = .default
  ) throws {
    let file = try SafetensorsFile(contentsOf: path, limit: ModelFormat.fileLimit)
    try self.init(path: path, arithmetic: arithmetic, context: context) {
      try ModelReader.model(file, path: path)
    }
  }

  /// Reads a network from the bytes of its file.
  ///
  /// - Throws: `InterchangeError`, ``RuntimeError/badModel(path:expected:found:)``,
  ///   ``RuntimeError/unsupported(layer:what:)`` for a network that has no form in fixed point.
  public init(
    decoding bytes: [UInt8], arithmetic: Arithmetic = .float,
    context: ExecutionContext = .default
  ) throws {
    let file = try SafetensorsFile(decoding: bytes)
    try self.init(path: "memory", arithmetic: arithmetic, context: context) {
      try ModelReader.model(file, path: "memory")
    }
  }

  /// Writes the network: packed integers at their own width, scales, zero points, thresholds,
  /// normalization of pixels and names.
  ///
  /// - Throws: `InterchangeError`.
  public func write(to path: String) throws {
    try ModelWriter.file(storage.model).write(to: path)
  }

  /// The same network with all convolutions computed directly: the same results, less memory and less speed.
  ///
  /// Winograd's algorithms keep up to eight times the bytes of a layer's weights; ``layers`` tells which layers use them.
  ///
  /// - Returns: The network, prepared anew for the same threads and instruction set.
  /// - Throws: ``RuntimeError/unsupported(layer:what:)`` as the initializers do.
  public func withDirectConvolutions() throws -> IntegerNetwork {
    IntegerNetwork(
      storage: try Storage(
        storage.model, arithmetic: storage.arithmetic, isDirect: true, context: storage.context))
  }

  private init(storage: Storage) { self.storage = storage }

  /// The description of the network, before it was prepared for a processor.
  package var model: IntegerModel { storage.model }

  /// What follows the exact sums of a layer.
  public var arithmetic: Arithmetic { storage.arithmetic }
  /// The shape of an image, H W C.
  public var imageShape: Shape { storage.model.levels[0].imageShape }
  /// The number of classes.
  public var classCount: Int { storage.model.levels[0].classCount }
  /// The classes' names; none where they are not known.
  public var classNames: [String] { storage.model.classNames }
  /// The number of levels of a cascade; 1 without one.
  public var levelCount: Int { storage.model.levels.count }
  /// The names of the quantized outputs of the first level, whose bits a prediction tells.
  public var quantizedOutputs: [String] { storage.model.levels[0].points.map(\.name) }
}

extension IntegerProgram {
  /// The grid of the image, where the first operation only rounds it.
  var imageGrid: Grid? {
    guard let first = operations.first, first.input == 0, first.kind == .identity,
      first.ending.isIdentity, let point = values[1].point, points[point].grids.count == 1,
      !decisions.contains(where: { $0.point == point }),
      !operations.dropFirst().contains(where: { $0.inputs.contains(0) })
    else { return nil }
    return points[point].grids[0]
  }
}
