internal import CDFQKernels

extension WorkerPool {
  /// The number of processors this process may use.
  ///
  /// It respects the affinity mask (`taskset`) and the processor quota of the control group, which
  /// containers set.
  public static var activeProcessors: Int {
    let processors = max(1, Int(dfq_processor_count()))
    guard let quota = ProcessorQuota.current else { return processors }
    return max(1, min(processors, quota))
  }
}
