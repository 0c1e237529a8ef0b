/// A picture of numbers: points and lines over two axes, with a legend.
package struct Plot {
  /// One point, with half the height of its error bar and what it is.
  struct Point {
    var x: Double
    var y: Double
    var deviation: Double?
    var name: String?

    init(_ x: Double, _ y: Double, deviation: Double? = nil, name: String? = nil) {
      self.x = x
      self.y = y
      self.deviation = deviation
      self.name = name
    }
  }

  /// Points that belong together.
  struct Series {
    var name: String
    var points: [Point]
    /// Whether neighbouring points are joined.
    var hasLine = true
    /// Whether points have marks.
    var hasMarks = true
    /// Whether the line is broken, as for references.
    var isDashed = false
  }

  var title: String
  var xTitle: String
  var yTitle: String
  var series: [Series]
  /// Names in place of numbers at x = 0, 1, 2 and so on.
  var xNames: [String] = []
  /// Whether points are labelled with their names in the picture.
  var showsNames = false

  /// Where the axes begin and end, and their marks.
  package struct Axis {
    package let lower: Double
    package let upper: Double
    package let marks: [Double]
    package let digits: Int

    /// An axis with about `count` marks at round numbers around values.
    package init(_ values: [Double], count: Int = 6) {
      let finite = values.filter(\.isFinite)
      var low = finite.min() ?? 0
      var high = finite.max() ?? 1
      if high - low < 1e-9 * max(abs(low), abs(high), 1) {
        let margin = max(abs(low) * 0.05, 0.5)
        (low, high) = (low - margin, high + margin)
      }
      let step = Axis.roundStep((high - low) / Double(max(count - 1, 1)))
      lower = (low / step).rounded(.down) * step
      upper = (high / step).rounded(.up) * step
      let steps = min(50, Int(((upper - lower) / step).rounded()))
      marks = (0...max(steps, 1)).map { [lower] in lower + Double($0) * step }
      var digits = 0
      var size = step
      while digits < 6, abs(size - size.rounded()) > 1e-6 * max(1, abs(size)) {
        size *= 10
        digits += 1
      }
      self.digits = digits
    }

    /// The next of 1, 2, 2.5 and 5 times a power of ten.
    private static func roundStep(_ step: Double) -> Double {
      var power = 1.0
      while power > step { power /= 10 }
      while power * 10 <= step { power *= 10 }
      return [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= step * 0.999 } ?? power * 10
    }

    /// The share of the axis at which a value lies.
    func share(_ value: Double) -> Double { (value - lower) / (upper - lower) }
  }

  /// Whether there is anything to draw.
  var isEmpty: Bool { series.allSatisfy(\.points.isEmpty) }
}
