import DynaDFQ
import Foundation

/// Progress on standard error: one line that never wraps on a terminal, a plain line every ten
/// seconds elsewhere.
///
/// It also hands the first Ctrl-C on: the next update throws, so that a run ends between two steps.
final class ProgressBar {
  private let title: String
  private let unit: String
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = Date()
  private var last = Date()
  private var isShown = false

  /// Makes a bar that counts in a unit such as `steps`.
  init(_ title: String, unit: String, isQuiet: Bool) {
    self.title = title
    self.unit = unit
    self.isQuiet = isQuiet || !Processes.isFirst
    // Processes that end at different steps would wait for each other: there a signal ends them at once.
    if Processes.count == 1 { Interrupt.watch() }
  }

  /// Shows the steps done, a few times a second at most.
  /// - Throws: `CancellationError` after an interrupt.
  func update(
    _ done: Int, of total: Int, counted: String? = nil, note: @autoclosure () -> String = ""
  ) throws {
    if Interrupt.signalNumber != 0 { throw CancellationError() }
    let now = Date()
    let elapsed = now.timeIntervalSince(start)
    let isDue = now.timeIntervalSince(last) >= (isTerminal ? 0.2 : 10)
    guard !isQuiet, elapsed > (isTerminal ? 0.5 : 2), isDue || (done == total && isShown) else {
      return
    }
    last = now
    isShown = true
    let line = ProgressLine(
      title: title, unit: unit, done: done, total: total, elapsed: elapsed, note: note(),
      counted: counted)
    if isTerminal {
      write("\r\u{1b}[K" + line.text(width: ProgressBar.terminalWidth - 1))
    } else {
      write(line.text(width: 200) + "\n")
    }
  }

  /// Shows the share that is done of work that is not counted in equal steps, with the count of what
  /// people know.
  /// - Throws: `CancellationError` after an interrupt.
  func update(share: Double, counted: String, note: @autoclosure () -> String = "") throws {
    // So fine that the remaining time does not move in jumps.
    let parts = 1_000_000
    try update(
      Int(share * Double(parts)), of: parts, counted: counted, note: note())
  }

  /// Shows a line on standard error that stays; the bar is drawn again below it.
  func announce(_ line: String) {
    clear()
    write(Output.clean(line, limit: 200) + "\n")
  }

  /// Prints a line on standard output that stays; the bar is drawn again below it.
  func print(_ line: String) throws {
    clear()
    try Output.line(line)
  }

  /// Ends the bar's line and the attention to interrupts.
  func finish() {
    clear()
    if Processes.count == 1 { Interrupt.unwatch() }
  }

  private func clear() {
    if isShown, isTerminal { write("\r\u{1b}[K") }
    isShown = false
  }

  private func write(_ text: String) { _ = Output.write(text, to: STDERR_FILENO) }

  /// The columns of the terminal: what it says itself, then COLUMNS, then 80.
  private static var terminalWidth: Int {
    var size = winsize()
    if ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
      return Int(size.ws_col)
    }
    let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 0
    return (1...10_000).contains(columns) ? columns : 80
  }
}

/// One line of progress, with as much as fits.
struct ProgressLine {
  let title: String
  let unit: String
  let done: Int
  let total: Int
  let elapsed: Double
  let note: String
  /// What stands in place of steps and their rate, where work is not counted in equal steps.
  var counted: String?

  /// The line with the parts that fit into so many columns, the most important first.
  func text(width: Int) -> String {
    let rate = elapsed > 0 ? Double(done) / elapsed : 0
    let left = rate > 0 ? ProgressLine.time(Double(total - done) / rate) : "?"
    var line = "\(title) \(counted ?? "\(done)/\(total)")"
    let speed = counted == nil ? "\(Output.short(rate)) \(unit)/s" : ""
    for part in ["\(left) left", speed, note]
    where !part.isEmpty && line.count + 2 + part.count <= width {
      line += "  " + part
    }
    let room = min(24, width - line.count - 3)
    if room >= 8 {
      let filled = total > 0 ? min(room, max(0, done * room / total)) : 0
      let bar =
        String(repeating: "#", count: filled) + String(repeating: ".", count: room - filled)
      line = "[\(bar)] \(line)"
    }
    return String(line.prefix(max(width, 1)))
  }

  static func time(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e9).rounded())
    return whole < 60
      ? "\(whole)s"
      : whole < 3600
        ? "\(whole / 60)m\(whole % 60)s" : "\(whole / 3600)h\(whole % 3600 / 60)m"
  }
}
