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
      """,
    subcommands: [
      Synthesize.self, Quantize.self, Evaluate.self, Inspect.self, Train.self, Demo.self, Time.self,
    ])

  /// Every error is one line on standard error and a failing exit code.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error where isOwn(error) {
      let line = "\(error)".replacingOccurrences(of: "\n", with: " ")
      FileHandle.standardError.write(Data("dynadfq: error: \(line)\n".utf8))
      Foundation.exit(1)
    } catch {
      exit(withError: error)
    }
  }

  private static func isOwn(_ error: any Error) -> Bool {
    switch error {
    case is InterchangeError, is NetworkError, is QuantizationError, is SynthesisError,
      is TrainingError, is LinearAlgebraError:
      true
    default: false
    }
  }
}
