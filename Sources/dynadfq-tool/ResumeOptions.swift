import ArgumentParser
import DynaDFQ

/// How a checkpoint of another execution is met.
struct ResumeOptions: ParsableArguments {
  @Flag(
    help: """
      Resume a checkpoint of another --isa, --backend, --convolution or --arithmetic; the result is \
      then not reproducible.
      """)
  var acceptExecutionChange = false

  var executionChange: ExecutionChange { acceptExecutionChange ? .accepted : .refused }
}
