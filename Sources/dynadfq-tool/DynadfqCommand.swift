import ArgumentParser
import DynaDFQ
import Foundation

@main
struct DynadfqCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dynadfq",
    abstract: "Quantize an image classifier without any real image, with bits for each input.",
    discussion: """
      The main job in three lines, on the network that comes with the tool:

        dynadfq synthesize -o images.safetensors
        dynadfq quantize --images images.safetensors --budget 4 -o student.safetensors
        dynadfq evaluate student.safetensors --data fashion-mnist:test --controls

      Exit codes: 0 success; 1 a file, network, data set or run failed; 64 wrong arguments; 130 \
      stopped by Ctrl-C. Errors are one line on standard error.
      """,
    version: RunDescription.versionLine,
    subcommands: [
      Synthesize.self, Quantize.self, Cascade.self, Evaluate.self, Compile.self, Bench.self,
      Inspect.self, Methods.self, ImportNetwork.self, ExportNetwork.self, Train.self,
      Experiment.self, ReportCommand.self, Time.self,
    ])

  static func main() {
    // A reader that goes away is then an error of a write, like a full disk.
    signal(SIGPIPE, SIG_IGN)
    LargeBlocks.keep()
    var isRunning = false
    do {
      do {
        var command = try parsed()
        try Processes.join(for: command)
        isRunning = true
        try command.run()
        try Processes.leave()
      } catch  where exitCode(for: error) == .success {
        // Help and version are "errors" of the parser.
        try Output.text(fullMessage(for: error))
      }
    } catch {
      let code = (error as? ToolError)?.code ?? 1
      Output.complain("error: \(error)")
      // Errors before that are those of all processes.
      if isRunning { Processes.abort(code: code) }
      Foundation.exit(code)
    }
  }

  /// The command of the arguments.
  private static func parsed() throws -> any ParsableCommand {
    do {
      return try parseAsRoot()
    } catch  where exitCode(for: error) != .success {
      throw ToolError.usage("\(message(for: error).trimmed); see dynadfq \(subcommand)--help")
    }
  }

  /// The first argument with a space where it is a subcommand's name.
  private static var subcommand: String {
    let names = configuration.subcommands.compactMap { $0._commandName }
    guard let first = CommandLine.arguments.dropFirst().first, names.contains(first) else {
      return ""
    }
    return first + " "
  }
}

extension String {
  /// The text without a full stop at its end.
  fileprivate var trimmed: String { hasSuffix(".") ? String(dropLast()) : self }
}
