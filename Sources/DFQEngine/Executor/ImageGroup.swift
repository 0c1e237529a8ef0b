import DFQGraph
import DFQTensor

/// Values (or gradients) of neighbouring images: one image's after the other's, `step` floats
/// apart.
struct Arenas: @unchecked Sendable {
  /// The first image's.
  let start: UnsafeMutablePointer<Float>
  let step: Int
  let first: Int

  subscript(image: Int) -> UnsafeMutablePointer<Float> { start + (image - first) * step }
}

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
  let kept: Arenas
  let transient: Arenas
  let gradients: Arenas
  /// Whether a convolution may go on to the normalization after it: whether its statistics are
  /// known before.
  let fusesNormalizations: Bool
  /// Whether a convolution may apply the normalization before it: whether its statistics are known
  /// only between the two.
  let absorbsNormalizations: Bool
  /// Whether the values are unlikely to be in a cache.
  let isCold: Bool
  /// Whether the whole batch's values exceed all caches: those that are not read soon are then
  /// written past them.
  let exceedsCaches: Bool
  /// Whether values that nobody asked for need not be written.
  let dropsValues: Bool
  /// Sums, and `channels` further sums of squares, of the nodes whose moments are gathered.
  let moments: NodeTable<Double>
  /// Offsets, and `channels` further slopes, of the losses on moments at the inputs of
  /// normalizations, which their backward adds.
  let corrections: NodeTable<Float>

  /// Where the values of a node lie.
  func values(_ node: Int) -> Arenas { layout.isKept[node] ? kept : transient }

  /// Where what consumers of a node read lies.
  func sources(_ node: Int) -> Arenas {
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

  /// Where the activation of a node hasActivation, nil where nobody reads it.
  func activationMask(_ node: Int, _ image: Int) -> UnsafeMutablePointer<UInt8>? {
    layout.activationMask[node] < 0 ? nil : bytes(kept[image] + layout.activationMask[node])
  }

  private func bytes(_ floats: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(floats).assumingMemoryBound(to: UInt8.self)
  }
}
