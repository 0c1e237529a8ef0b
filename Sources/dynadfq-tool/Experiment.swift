import ArgumentParser
import DFQExperiments
import DynaDFQ
import Foundation
import Synchronization

struct Experiment: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a recipe: networks, image sets, students and evaluations, each only once.",
    discussion: """
      Example: dynadfq experiment Recipes/demo.yaml --store runs/demo

      What the store has is kept, and a run that was interrupted or killed continues. `dynadfq \
      report STORE` makes tables, plots and a page of it.
      """)

  @Argument(help: "The recipe (YAML).", completion: .file(extensions: ["yaml", "yml"]))
  var recipe: String
  @OptionGroup var execution: ExecutionOptions
  @Option(help: "The directory of artefacts and results. (default: runs/NAME)")
  var store: String?
  @Option(help: "How many cells are worked on at a time; they share the threads.")
  var jobs = 1
  @Flag(
    help: """
      Divide the cells with all other processes that run this command on the same store, which is on a file system that all \
      see. (mpirun implies it.)
      """)
  var share = false
  @Flag(help: "Print one JSON object on standard output.")
  var json = false
  @Flag(help: "Show no progress.")
  var quiet = false
  @Flag(help: "Print the plan with estimated times and do nothing.")
  var dryRun = false

  /// A cell of a printed plan.
  struct Row: Encodable {
    var key: String
    var kind: String
    var title: String
    var isPending: Bool
    var seconds: Double
  }

  struct PlanSummary: Encodable {
    var recipe: String
    var store: String
    var cells: [Row]
    var pending: Int
    var estimatedHours: Double
    /// Kinds of work that were timed on this machine now; the others are known from the store.
    var measured: [String]
  }

  func validate() throws { try Demand.range("--jobs", jobs, 1...64) }

  func run() throws {
    let recipe = try Experiment.named(self.recipe) { try Recipe(contentsOf: self.recipe) }
    let context = execution.context
    let place = store ?? "runs/\(recipe.name)"
    let plan = try Experiment.named(self.recipe) { try ExperimentPlan(recipe, context: context) }
    if dryRun { return try show(plan, place, context) }
    let store = try Store(creating: place)
    let run = try ExperimentRun(
      plan, in: store, jobs: jobs, isShared: share || Processes.count > 1, context: context)
    let summary = try carryOut(run, place)
    if json { return try Output.json(summary, run: RunDescription(context)) }
    try Output.line(
      "\(recipe.name): \(summary.finished) of \(summary.cells) cells done in "
        + "\(Output.fixed(summary.seconds, digits: 0)) seconds, \(summary.reused) were there; "
        + "\(summary.results) results in \(place)")
  }

  private func carryOut(_ run: ExperimentRun, _ place: String) throws -> ExperimentSummary {
    // Cells report from several threads, one at a time; only those calls touch the bar.
    nonisolated(unsafe) let bar = ProgressBar("experiment", unit: "work", isQuiet: quiet)
    defer { bar.finish() }
    do {
      return try run.run { p in
        if let finished = p.finished, !quiet {
          bar.announce("\(finished.title): \(Output.short(finished.seconds)) s")
        }
        try bar.update(
          share: p.share, counted: "\(p.cellsDone)/\(p.cells) cells",
          note: p.running.joined(separator: ", "))
      }
    } catch is CancellationError {
      bar.finish()
      throw ToolError.interrupted(
        signal: Interrupt.signalNumber,
        "the experiment was stopped; finished cells and states are in \(place): the same command "
          + "continues")
    }
  }

  private func show(_ plan: ExperimentPlan, _ place: String, _ context: ExecutionContext) throws {
    let store = try? Store(place)
    let costs = try CostModel(plan, store: store, context: context)
    let pending = try store.map {
      Set(try ExperimentRun(plan, in: $0, jobs: jobs, context: context).pending().map(\.key))
    }
    let rows = plan.cells.map { cell in
      Row(
        key: cell.key, kind: cell.kind, title: cell.title,
        isPending: pending?.contains(cell.key) ?? true, seconds: costs.seconds(cell))
    }
    let seconds = rows.filter(\.isPending).reduce(0) { $0 + $1.seconds }
    let summary = PlanSummary(
      recipe: plan.recipe.name, store: place, cells: rows,
      pending: rows.filter(\.isPending).count, estimatedHours: seconds / 3600,
      measured: costs.measured)
    if json { return try Output.json(summary, run: RunDescription(context)) }
    try Output.table(
      ["cell", "state", "estimate", "key"],
      rows.map {
        [
          $0.title, $0.isPending ? "to do" : "done", ProgressLine.time($0.seconds),
          String($0.key.prefix(12)),
        ]
      })
    try Output.line()
    try Output.line(
      "\(summary.pending) of \(rows.count) cells to do, about "
        + "\(Output.short(summary.estimatedHours)) hours on \(context.pool.threads) threads")
  }

  /// Adds the recipe's path to errors that name only line and key.
  private static func named<Value>(_ path: String, _ work: () throws -> Value) throws -> Value {
    do {
      return try work()
    } catch let error as RecipeError {
      throw ToolError.failure("\(path): \(error)")
    }
  }
}
