import DFQGraph
import DFQTensor

/// Per-channel quantities of some nodes in one piece of memory.
struct NodeTable<Element>: @unchecked Sendable {
  /// Offset by node, -1 for the nodes that have none.
  let offsets: UnsafePointer<Int>
  let start: UnsafeMutablePointer<Element>

  func callAsFunction(_ node: Int) -> UnsafeMutablePointer<Element>? {
    offsets[node] < 0 ? nil : start + offsets[node]
  }
}

/// Images of one shard that are computed together, and the memory a thread computes them in.
struct ImageGroup: @unchecked Sendable {
  let images: Range<Int>
  let shard: Int
  let layout: ValueLayout
  var scratch: UnsafeMutablePointer<Float>
  let kept: ImageMemory
  let transient: ImageMemory
  let gradients: ImageMemory
  let policy: PassPolicy
  /// The shard's gradient at the parameters, nil where nobody wants it.
  let parameterGradient: UnsafeMutablePointer<Float>?
  /// Whether the backward of layers of many weights clears their gradients.
  let clearsManyWeights: Bool
  /// The shard's gradients at scales and shifts of normalizations, nil in passes without gradients.
  let normGradient: UnsafeMutablePointer<Float>?
  /// Sums, and `channels` further sums of squares, of the nodes whose moments are gathered.
  let moments: NodeTable<Double>
  /// Offsets, and `channels` further slopes, of the losses on moments at the inputs of
  /// normalizations, which their backward adds.
  let corrections: NodeTable<Float>

  /// Where the values of a node lie.
  func values(_ node: Int) -> ImageMemory { layout.isKept[node] ? kept : transient }

  /// Where what consumers of a node read lies.
  func sources(_ node: Int) -> ImageMemory {
    layout.transformed[node] < 0
      ? values(node) : layout.keepsTransformed ? kept : transient
  }

  func value(_ node: Int, _ image: Int) -> UnsafeMutablePointer<Float> {
    values(node)[image] + layout.value[node]
  }

  /// What consumers of a node read.
  func source(_ node: Int, _ image: Int) -> UnsafeMutablePointer<Float> {
    transformed(node, image) ?? value(node, image)
  }

  /// A node's transformed value, nil where nobody reads it.
  func transformed(_ node: Int, _ image: Int) -> UnsafeMutablePointer<Float>? {
    layout.transformed[node] < 0 ? nil : sources(node)[image] + layout.transformed[node]
  }

  /// The codes of a node's transformed value, nil where nobody reads them.
  func optionalCodes(_ node: Int, _ image: Int) -> UnsafeMutablePointer<UInt8>? {
    layout.codes[node] < 0 ? nil : codes(node, image)
  }

  /// The codes of a node's transformed value.
  func codes(_ node: Int, _ image: Int) -> UnsafeMutablePointer<UInt8> {
    bytes(transient[image] + layout.codes[node])
  }

  /// One bit for each element of a node: whether its activation has slope 1 there; nil where nobody
  /// reads them.
  func activationMask(_ node: Int, _ image: Int) -> UnsafeMutablePointer<UInt8>? {
    layout.activationMask[node] < 0 ? nil : bytes(kept[image] + layout.activationMask[node])
  }

  private func bytes(_ floats: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(floats).assumingMemoryBound(to: UInt8.self)
  }
}
