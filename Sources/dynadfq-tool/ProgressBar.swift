import Foundation

/// Progress on standard error: a bar with rate and remaining time on a terminal, a plain line every ten seconds
/// elsewhere, nothing in the first two seconds.
final class ProgressBar {
  private let title: String
  private let quiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = Date()
  private var last = Date()
  private var shown = false

  init(_ title: String, quiet: Bool) {
    self.title = title
    self.quiet = quiet
  }

  func update(_ done: Int, of total: Int, note: String = "") {
    let now = Date()
    let elapsed = now.timeIntervalSince(start)
    let isDue = now.timeIntervalSince(last) >= (isTerminal ? 0.2 : 10)
    guard !quiet, elapsed > 2, isDue || (done == total && shown) else { return }
    last = now
    shown = true
    let rate = Double(done) / elapsed
    let remaining = rate > 0 ? Double(total - done) / rate : 0
    let counts = "\(done)/\(total)  \(String(format: "%.1f", rate))/s"
    let times = "\(ProgressBar.time(elapsed)) gone, \(ProgressBar.time(remaining)) left"
    if isTerminal {
      let filled = total > 0 ? done * 24 / total : 0
      let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled)
      write("\r\u{1b}[K\(title) [\(bar)] \(counts)  \(times)  \(note)")
    } else {
      write("\(title) \(counts)  \(times)  \(note)\n")
    }
  }

  /// Ends the bar's line.
  func finish() {
    if shown, isTerminal { write("\r\u{1b}[K") }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  private static func time(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole < 60
      ? "\(whole)s"
      : whole < 3600
        ? "\(whole / 60)m\(whole % 60)s" : "\(whole / 3600)h\(whole % 3600 / 60)m"
  }
}
