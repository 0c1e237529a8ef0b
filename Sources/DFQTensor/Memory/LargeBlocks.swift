import CDFQKernels

/// How the process's allocator treats large blocks.
public enum LargeBlocks {
  /// Lets the allocator keep large blocks that are freed, for the whole process: call it at the start of a program that trains.
  ///
  /// The C library of Linux returns them to the system, so that every step of a training gets its batches' memory anew and cleared.
  /// That is up to a third of the time of a step that compares features. Elsewhere it does nothing.
  public static func keep() { dfq_keep_large_blocks() }
}
