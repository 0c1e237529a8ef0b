import DFQFiles
package import DFQTensor

/// The values of one node for many images, in half precision: in memory, or in a file that is mapped into it.
///
/// Both hold the same bits. Pages of a file need not stay in memory, so that many features of large maps need little of it. The file
/// has no name: it ends with the store or the process, however that ends.
package final class FeatureStore: @unchecked Sendable {
  /// The shape of one image's values.
  package let rowShape: Shape
  /// The number of images.
  package let rowCount: Int
  private let memory: MappedBytes
  private let context: ExecutionContext
  private var halves: UnsafeMutablePointer<UInt16> {
    memory.start.assumingMemoryBound(to: UInt16.self)
  }

  /// Makes a store of zeros.
  ///
  /// - Throws: `InterchangeError.cannotWrite` where the context's directory has no room for the file.
  package init(rowShape: Shape, rowCount: Int, context: ExecutionContext) throws {
    self.rowShape = rowShape
    self.rowCount = rowCount
    self.context = context
    memory = try MappedBytes(
      count: 2 * rowCount * rowShape.count, directory: context.scratchDirectory)
  }

  /// Stores the values of some images.
  package func write(_ values: Tensor, at row: Int) {
    precondition(values.rowShape == rowShape && row + values.rowCount <= rowCount)
    let count = rowShape.count
    values.withUnsafeElements { source in
      nonisolated(unsafe) let source = source.baseAddress!
      context.pool.forEach(values.rowCount) { [self] place, _ in
        Kernels.halves(
          of: source + place * count, count: count, into: halves + (row + place) * count)
      }
    }
  }

  /// The values of images by their positions, N and the shape of a row.
  package func rows(at indices: [Int]) -> Tensor {
    let count = rowShape.count
    var result = Tensor(shape: Shape([indices.count] + rowShape.dimensions))
    result.withUnsafeMutableElements { target in
      nonisolated(unsafe) let target = target.baseAddress!
      context.pool.forEach(indices.count) { [self] place, _ in
        precondition((0..<rowCount).contains(indices[place]))
        Kernels.floats(
          ofHalves: halves + indices[place] * count, count: count, into: target + place * count)
      }
    }
    return result
  }
}
