#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a guarded buffer's elements lie between its two inaccessible pages.
public enum GuardedPlacement: CaseIterable, Sendable {
  /// Right after the first inaccessible page: the element before them cannot be touched.
  case start
  /// Away from both pages, at an address without alignment beyond the elements' own.
  case middle
  /// Right before the second inaccessible page: the element after them cannot be touched.
  case end
}

/// Memory between two pages that may be neither read nor written; an access to them kills the
/// process.
///
/// What room there is between the elements and the pages holds NaNs, so that reading it shows in
/// results and writing it in `isIntact`.
public final class GuardedBuffer<Element: BitwiseCopyable> {
  /// A NaN as a float, and twice as a double.
  private let canary: UInt32 = 0x7FF8_DEAD
  private let mapping: UnsafeMutableRawBufferPointer
  private let room: UnsafeMutableBufferPointer<UInt32>
  private let elements: UnsafeMutableBufferPointer<Element>

  /// Copies `values` into memory of its own; elements must be bytes or a multiple of four bytes.
  public init(_ values: [Element], _ placement: GuardedPlacement) {
    let stride = MemoryLayout<Element>.stride
    precondition(stride % 4 == 0 || stride == 1, "elements of \(stride) bytes")
    let page = Int(getpagesize())
    let bytes = values.count * stride
    let margin = placement == .middle ? 37 * stride : 0
    let inside = max((bytes + 2 * margin + page - 1) / page, 1) * page
    guard
      let base = mmap(
        nil, inside + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0),
      base != MAP_FAILED, mprotect(base + page, inside, PROT_READ | PROT_WRITE) == 0
    else { fatalError("no memory for \(bytes) guarded bytes: errno \(errno)") }
    mapping = UnsafeMutableRawBufferPointer(start: base, count: inside + 2 * page)
    room = UnsafeMutableBufferPointer(
      start: (base + page).bindMemory(to: UInt32.self, capacity: inside / 4), count: inside / 4)
    room.initialize(repeating: canary)
    let first = base + page + (placement == .end ? inside - bytes : margin)
    elements = UnsafeMutableBufferPointer(
      start: first.bindMemory(to: Element.self, capacity: values.count), count: values.count)
    // Bytes: the generic copy would allocate for every element.
    values.withUnsafeBytes { source in
      guard let start = source.baseAddress else { return }
      UnsafeMutableRawPointer(first).copyMemory(from: start, byteCount: bytes)
    }
  }

  deinit { munmap(mapping.baseAddress!, mapping.count) }

  /// The first element.
  public var pointer: UnsafeMutablePointer<Element> { elements.baseAddress! }

  /// A copy of the elements.
  public var values: [Element] {
    Array(unsafeUninitializedCapacity: elements.count) { copy, count in
      count = elements.count
      guard let start = copy.baseAddress else { return }
      UnsafeMutableRawPointer(start).copyMemory(
        from: UnsafeRawPointer(pointer), byteCount: count * MemoryLayout<Element>.stride)
    }
  }

  /// Whether nothing was written beside the elements.
  public var isIntact: Bool {
    let bytes = UnsafeRawPointer(room.baseAddress!)
    let first = UnsafeRawPointer(pointer) - bytes
    let end = first + elements.count * MemoryLayout<Element>.stride
    // Loops of integers: this is tested in debug builds too.
    var index = 0
    while index < room.count {
      // Words whose bytes may be elements: bytes need not begin or end with a word.
      if index == first / 4 {
        for byte in index * 4..<first where !isCanary(bytes, byte) { return false }
        for byte in end..<(end + 3) / 4 * 4 where !isCanary(bytes, byte) { return false }
        index = (end + 3) / 4
      }
      if index < room.count && room[index] != canary { return false }
      index += 1
    }
    return true
  }

  private func isCanary(_ bytes: UnsafeRawPointer, _ index: Int) -> Bool {
    let byte = bytes.load(fromByteOffset: index, as: UInt8.self)
    return withUnsafeBytes(of: canary) { $0[index % 4] == byte }
  }
}
