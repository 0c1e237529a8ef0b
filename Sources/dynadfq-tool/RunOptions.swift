import ArgumentParser
import DynaDFQ

/// How work is executed and reported.
struct RunOptions: ParsableArguments {
  @OptionGroup var execution: ExecutionOptions
  @Option(help: "Seed of every random draw.")
  var seed: UInt64 = 0
  @Flag(help: "Print one JSON object on standard output.")
  var json = false
  @Flag(help: "Show no progress.")
  var quiet = false

  var context: ExecutionContext { execution.context }

  /// Does work under a progress bar.
  ///
  /// After an interrupt the error says what is saved and how to continue.
  /// - Throws: ``ToolError/interrupted(signal:_:)``, and what the work throws.
  func withProgress<Result>(
    _ title: String, unit: String = "steps", saved: @autoclosure () -> String,
    _ work: (ProgressBar) throws -> Result
  ) throws -> Result {
    let bar = ProgressBar(title, unit: unit, isQuiet: quiet)
    defer { bar.finish() }
    do {
      return try work(bar)
    } catch is CancellationError {
      bar.finish()
      throw ToolError.interrupted(
        signal: Interrupt.signalNumber, "\(title) was stopped; \(saved())")
    }
  }
}
