import ArgumentParser
import DFQDistributed
import DynaDFQ
import Foundation

/// The processes that `mpirun` or a scheduler started together with this one.
///
/// All run the same command. The first alone speaks and writes results; errors come from each.
enum Processes {
  /// The connection to the others, made when it is first asked for: one process without others where there is no `mpirun`.
  private static let connection: Result<any Communicator, any Error> = Result {
    guard started > 1 else { return SingleProcess() }
    return try MPICommunicator.connect()
  }

  static var communicator: any Communicator { (try? connection.get()) ?? SingleProcess() }
  static var count: Int { communicator.processes }
  static var isFirst: Bool { communicator.rank == 0 }

  /// How many processes the environment says were started.
  ///
  /// Those that share a folder need no connection.
  private static var started: Int {
    if !MPICommunicator.isBuilt, CommandLine.arguments.contains("--share") { return 1 }
    let environment = ProcessInfo.processInfo.environment
    // Open MPI; MPICH and those that descend from it.
    return ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"].compactMap { environment[$0].flatMap { Int($0) } }
      .max() ?? 1
  }

  /// Connects, and refuses commands that several processes can't share, and processes of other versions or arguments.
  ///
  /// - Throws: ``ToolError``, `MPIError`, `CommunicatorError`.
  static func join(for command: any ParsableCommand) throws {
    let communicator = try connection.get()
    guard communicator.processes > 1 else { return }
    Interrupt.announceEnd()
    guard command is any SharedCommand else {
      throw ToolError.usage(
        "this command runs in one process; synthesize, quantize and experiment run in several")
    }
    try communicator.demandAgreement(
      on: ([RunDescription.versionLine] + CommandLine.arguments.dropFirst())
        .joined(separator: "\n"), about: "version and arguments")
  }

  /// Ends the connection after a command that succeeded.
  static func leave() throws { try (communicator as? MPICommunicator)?.finish() }

  /// Ends all processes after an error of this one, whose line is printed.
  ///
  /// Those with an error of their own have a moment for theirs.
  static func abort(code: Int32) {
    guard let connected = communicator as? MPICommunicator else { return }
    Thread.sleep(forTimeInterval: 0.5)
    connected.abort(code: code)
  }
}

/// A command that several processes can share.
protocol SharedCommand: ParsableCommand {}

extension Synthesize: SharedCommand {}
extension Quantize: SharedCommand {}
extension Experiment: SharedCommand {}
