extension Plot {
  private static let size = (width: 480.0, height: 340.0)

  /// The plot as SVG; with `style` it stands for itself, without it is part of a page.
  func svg(style: Bool = true) -> String {
    let layout = Layout(self)
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" viewBox=\"0 0 "
        + "\(number(Plot.size.width)) \(number(layout.height))\" role=\"img\" "
        + "aria-label=\"\(Markup.escaped(title))\">"
    ]
    if style { parts.append("<style>\(Plot.style)</style>") }
    parts.append("<rect class=\"ground\" width=\"100%\" height=\"100%\"/>")
    parts.append(text(title, layout.left, 20, "heading"))
    parts += axes(layout)
    for (index, series) in series.enumerated() { parts += draw(series, index, layout) }
    if showsNames { parts += names(layout) }
    parts += legend(layout)
    parts.append("</svg>\n")
    return parts.joined(separator: "\n")
  }

  /// Where everything goes.
  private struct Layout {
    let x: Axis
    let y: Axis
    let left = 58.0
    let right = 16.0
    let top = 34.0
    let plotHeight = 240.0
    let below: Double
    let legendRows: [[Int]]
    var height: Double { top + plotHeight + below + Double(legendRows.count) * 20 + 8 }
    var plotWidth: Double { Plot.size.width - left - right }

    init(_ plot: Plot) {
      let points = plot.series.flatMap(\.points)
      let values = points.flatMap { [$0.y - ($0.deviation ?? 0), $0.y + ($0.deviation ?? 0)] }
      x = Axis(
        plot.xNames.isEmpty ? points.map(\.x) : [0, Double(max(plot.xNames.count - 1, 1))])
      y = Axis(values)
      let longest = plot.xNames.map(\.count).max() ?? 0
      below = plot.xNames.isEmpty ? 46 : 34 + min(110, 4.6 * Double(longest))
      var rows: [[Int]] = []
      var used = Double.infinity
      for (index, series) in plot.series.enumerated() where !series.name.isEmpty {
        let width = 34 + 6.6 * Double(series.name.count)
        if used + width > Plot.size.width - 70 {
          rows.append([])
          used = 0
        }
        rows[rows.count - 1].append(index)
        used += width
      }
      legendRows = rows
    }

    func place(_ point: Point) -> (x: Double, y: Double) { (placeX(point.x), placeY(point.y)) }
    func placeX(_ value: Double) -> Double { left + x.share(value) * plotWidth }
    func placeY(_ value: Double) -> Double { top + (1 - y.share(value)) * plotHeight }
  }

  private func axes(_ layout: Layout) -> [String] {
    var parts: [String] = []
    let bottom = layout.top + layout.plotHeight
    let end = Plot.size.width - layout.right
    for mark in layout.y.marks {
      let y = layout.placeY(mark)
      parts.append(line(layout.left, y, end, y, "grid"))
      parts.append(
        text(ReportNumbers.fixed(mark, layout.y.digits), layout.left - 6, y + 4, "tick end"))
    }
    if xNames.isEmpty {
      for mark in layout.x.marks {
        let x = layout.placeX(mark)
        parts.append(line(x, layout.top, x, bottom, "grid"))
        parts.append(
          text(ReportNumbers.fixed(mark, layout.x.digits), x, bottom + 16, "tick middle"))
      }
    } else {
      for (index, name) in xNames.enumerated() {
        let x = layout.placeX(Double(index))
        parts.append(line(x, bottom, x, bottom + 4, "axis"))
        parts.append(
          "<text class=\"tick end\" transform=\"translate(\(number(x + 3)) "
            + "\(number(bottom + 10))) rotate(-50)\">\(Markup.escaped(name))</text>")
      }
    }
    parts.append(line(layout.left, bottom, end, bottom, "axis"))
    parts.append(line(layout.left, layout.top, layout.left, bottom, "axis"))
    parts.append(
      text(
        xTitle, layout.left + layout.plotWidth / 2, bottom + layout.below - 8, "label middle"))
    parts.append(
      "<text class=\"label middle\" transform=\"translate(16 "
        + "\(number(layout.top + layout.plotHeight / 2))) rotate(-90)\">"
        + "\(Markup.escaped(yTitle))</text>")
    return parts
  }

  private func draw(_ series: Series, _ index: Int, _ layout: Layout) -> [String] {
    var parts: [String] = []
    let kind = "s\(index % 8)"
    let finite = series.points.filter { $0.x.isFinite && $0.y.isFinite }
    if series.hasLine, finite.count > 1 {
      let path = finite.map { point in
        let place = layout.place(point)
        return "\(number(place.x)),\(number(place.y))"
      }.joined(separator: " ")
      parts.append(
        "<polyline class=\"line \(kind)\(series.isDashed ? " dashed" : "")\" points=\"\(path)\"/>")
    }
    guard series.hasMarks else { return parts }
    for point in finite {
      let place = layout.place(point)
      if let deviation = point.deviation, deviation > 0 {
        parts.append(
          line(
            place.x, layout.placeY(point.y - deviation), place.x,
            layout.placeY(point.y + deviation), "bar \(kind)"))
      }
      let tip =
        (point.name.map { "\($0): " } ?? "\(series.name): ")
        + "\(ReportNumbers.fixed(point.x, 3)), \(ReportNumbers.fixed(point.y, 2))"
      parts.append(
        "<path class=\"mark \(kind)\" d=\"\(mark(index, place.x, place.y))\">"
          + "<title>\(Markup.escaped(tip))</title></path>")
    }
    return parts
  }

  /// Names beside their points, moved down where they would cover each other.
  private func names(_ layout: Layout) -> [String] {
    var taken: [(left: Double, right: Double, y: Double)] = []
    let points = series.flatMap { $0.hasMarks ? $0.points : [] }
      .filter { $0.name != nil && $0.x.isFinite && $0.y.isFinite }
      .sorted { layout.placeY($0.y) < layout.placeY($1.y) }
    return points.compactMap { point in
      guard let name = point.name else { return nil }
      let place = layout.place(point)
      let width = 5.6 * Double(name.count)
      let isLeft = place.x + 8 + width > Plot.size.width
      let left = isLeft ? place.x - 8 - width : place.x + 8
      var y = place.y + 4
      while taken.contains(where: {
        abs($0.y - y) < 11 && $0.left < left + width && left < $0.right
      }) { y += 3 }
      taken.append((left, left + width, y))
      return text(name, isLeft ? place.x - 8 : place.x + 8, y, isLeft ? "name end" : "name")
    }
  }

  private func legend(_ layout: Layout) -> [String] {
    var parts: [String] = []
    for (row, indices) in layout.legendRows.enumerated() {
      var x = layout.left
      let y = layout.top + layout.plotHeight + layout.below + 12 + 20 * Double(row)
      for index in indices {
        let kind = "s\(index % 8)"
        let series = series[index]
        if series.hasLine {
          let dashed = series.isDashed ? " dashed" : ""
          parts.append(
            "<polyline class=\"line \(kind)\(dashed)\" points=\"\(number(x)),\(number(y - 4)) "
              + "\(number(x + 20)),\(number(y - 4))\"/>")
        }
        if series.hasMarks {
          parts.append("<path class=\"mark \(kind)\" d=\"\(mark(index, x + 10, y - 4))\"/>")
        }
        parts.append(text(series.name, x + 26, y, "tick"))
        x += 34 + 6.6 * Double(series.name.count)
      }
    }
    return parts
  }

  /// The outline of a series' mark: circle, square, triangle or diamond, so that colour is not
  /// needed to tell series apart.
  private func mark(_ index: Int, _ x: Double, _ y: Double) -> String {
    let r = 4.5
    func point(_ dx: Double, _ dy: Double) -> String { "\(number(x + dx)) \(number(y + dy))" }
    switch index % 4 {
    case 0: return "M\(point(-r, 0))a\(r) \(r) 0 1 0 \(2 * r) 0a\(r) \(r) 0 1 0 \(-2 * r) 0z"
    case 1: return "M\(point(-4, -4))h8v8h-8z"
    case 2: return "M\(point(0, -5))L\(point(5, 4))L\(point(-5, 4))z"
    default: return "M\(point(0, -5.5))L\(point(5.5, 0))L\(point(0, 5.5))L\(point(-5.5, 0))z"
    }
  }

  private func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ kind: String
  ) -> String {
    "<line class=\"\(kind)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" "
      + "y2=\"\(number(y2))\"/>"
  }

  private func text(_ text: String, _ x: Double, _ y: Double, _ kind: String) -> String {
    "<text class=\"\(kind)\" x=\"\(number(x))\" y=\"\(number(y))\">\(Markup.escaped(text))</text>"
  }

  private func number(_ value: Double) -> String {
    let text = ReportNumbers.fixed(value, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
