import DFQTestSupport
import DynaDFQ
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct ProcessorTests {
  #if os(Linux)
    /// A process that may run on one processor counts one, however many the machine has.
    @Test func affinityMask() throws {
      // Glibc's module has no declaration of these two.
      typealias Call = @convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32
      func call(_ name: String) throws -> Call {
        unsafeBitCast(try #require(dlsym(nil, name)), to: Call.self)
      }
      let (get, set) = try (call("sched_getaffinity"), call("sched_setaffinity"))
      let all = WorkerPool.activeProcessors
      var old = [UInt8](repeating: 0, count: 128)
      try #require(get(0, old.count, &old) >= 0)
      let byte = try #require(old.firstIndex { $0 != 0 })
      // The lowest processor of the mask; the test runs on one thread and never suspends.
      var one = [UInt8](repeating: 0, count: old.count)
      one[byte] = old[byte] & ~(old[byte] &- 1)
      try #require(set(0, one.count, &one) == 0)
      let bound = WorkerPool.activeProcessors
      _ = set(0, old.count, &old)
      #expect(bound == 1)
      #expect(WorkerPool.activeProcessors == all)
    }
  #endif

  private func quota(_ groups: String, _ files: [String: String]) -> Int? {
    ProcessorQuota.quota(groups: groups) { files[$0] }
  }

  @Test func version2() {
    let files = [
      "/sys/fs/cgroup/cpu.max": "max 100000\n", "/sys/fs/cgroup/a/cpu.max": "250000 100000\n",
      "/sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
    ]
    #expect(quota("0::/a/b\n", files) == 3)
    #expect(quota("0::/\n", files) == nil)
    #expect(quota("0::/a/b\n", ["/sys/fs/cgroup/cpu.max": "50000 100000"]) == 1)
  }

  @Test func version1() {
    let groups = "7:memory:/x\n4:cpu,cpuacct:/docker/1\n1:name=systemd:/\n"
    let folder = "/sys/fs/cgroup/cpu,cpuacct/docker/1"
    let files = [
      "\(folder)/cpu.cfs_quota_us": "400000\n", "\(folder)/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    ]
    #expect(quota(groups, files) == 4)
    // In a container the group's own folder is the root.
    let inside = [
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "150000",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    ]
    #expect(quota(groups, inside) == 2)
  }

  /// Whatever the files hold, there is a quota of at least one processor or none.
  @Test(arguments: [
    "", "max", "0 100000", "-5 100000", "100000 0", "9223372036854775807 1", "1 2 3", "x y",
    "99999999999999999999 1",
  ])
  func nonsense(text: String) {
    let found = quota("0::/../a\n::\n5:cpu\n\n", ["/sys/fs/cgroup/cpu.max": text])
    #expect(found == nil || found! >= 1)
  }
}
