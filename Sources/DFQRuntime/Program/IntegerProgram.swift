package import DFQTensor

/// A quantized network as a list of operations, most of them on codes: what a student is once it is
/// trained.
///
/// Value 0 is the normalized image H W C in floating point. Every operation writes the value after the
/// last one: value k + 1 is the output of operation k, and the last value holds the logits. A value
/// lies on the grid of a *point*, and is then stored as codes, or is in floating point.
package struct IntegerProgram: Sendable, Equatable {
  /// A value's form.
  package struct Value: Sendable, Equatable {
    /// H W C, or C.
    package var shape: Shape
    /// The point on whose grid it lies, nil in floating point.
    package var point: Int?

    package init(shape: Shape, point: Int? = nil) {
      self.shape = shape
      self.point = point
    }
  }

  /// A quantized output of the network: where bits may depend on the image.
  package struct Point: Sendable, Equatable {
    /// The name of the layer.
    package var name: String
    /// The grid of each candidate, by ascending bits.
    package var grids: [Grid]

    package init(name: String, grids: [Grid]) {
      self.name = name
      self.grids = grids
    }
  }

  package var points: [Point]
  package var values: [Value]
  package var operations: [Operation]
  /// The decisions inside a pass.
  package var decisions: [Decision]
  /// The positions of the points' candidates, pass by pass; empty for one pass.
  package var passes: [[UInt8]]
  /// The logit margin below which an image takes the next pass, for each pass but the last.
  package var passThresholds: [Float]

  package init(
    points: [Point], values: [Value], operations: [Operation] = [], decisions: [Decision] = [],
    passes: [[UInt8]] = [], passThresholds: [Float] = []
  ) {
    self.points = points
    self.values = values
    self.operations = operations
    self.decisions = decisions
    self.passes = passes
    self.passThresholds = passThresholds
  }

  /// The shape of an image, H W C.
  package var imageShape: Shape { values[0].shape }
  /// The number of classes.
  package var classCount: Int { values[values.count - 1].shape.count }
}

extension Grid {
  /// The number of bits of its codes; 0 for a grid of more than 256 codes or none.
  package var bits: Int {
    guard (1...255).contains(highest - lowest) else { return 0 }
    var (count, bits) = (Int(highest - lowest) + 1, 0)
    while count > 1 {
      count >>= 1
      bits += 1
    }
    return bits
  }

  /// What is added to a code counted from 0 before it is scaled.
  package var offset: Float { lowest + zero }

  /// Whether the value 0 has a code, which convolutions need for what surrounds an image.
  package var hasZero: Bool {
    let codes = highest - lowest
    return codes <= 255 && 0...codes ~= -offset
  }
}
