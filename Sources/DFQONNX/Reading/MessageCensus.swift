/// Counts the fields of a file before it is decoded.
///
/// An empty message takes two bytes in the file and some hundred in memory, so that a file of a few megabytes could ask for
/// gigabytes. Numbers, such as the data of tensors, aren't counted: they take a few times the bytes that they have in the file.
struct MessageCensus {
  /// The kinds of messages that hold others.
  private enum Kind {
    case model, graph, node, attribute, tensor, sparse, value, type, wrapper, map, array, shape
    case training, function, annotation, device, sharding, axis

    /// The kind of the message in a field; nil for text, bytes and messages that hold no others.
    func child(_ field: UInt64) -> Kind? {
      switch (self, field) {
      case (.model, 7), (.training, 1...2), (.attribute, 6), (.attribute, 11): .graph
      case (.graph, 1), (.function, 7): .node
      case (.node, 5), (.function, 11): .attribute
      case (.graph, 5), (.attribute, 5), (.attribute, 10), (.sparse, 1...2): .tensor
      case (.graph, 15), (.attribute, 22...23): .sparse
      case (.graph, 11...13), (.function, 12): .value
      case (.value, 2), (.attribute, 14...15), (.wrapper, 1), (.map, 2): .type
      case (.type, 1), (.type, 8): .array
      case (.type, 4), (.type, 9): .wrapper
      case (.type, 5): .map
      case (.array, 2): .shape
      case (.model, 20): .training
      case (.model, 25): .function
      case (.graph, 14): .annotation
      case (.node, 10): .device
      case (.device, 2): .sharding
      case (.sharding, 4): .axis
      default: nil
      }
    }
  }

  private let bytes: UnsafeRawBufferPointer
  private var count = 0

  /// Whether a file has at most ``ONNXLimits/fields`` fields; what is no message is left to the decoder.
  static func fits(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var census = MessageCensus(bytes: buffer)
      census.add(0..<buffer.count, .model, depth: 0)
      return census.count <= ONNXLimits.fields
    }
  }

  private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private mutating func add(_ range: Range<Int>, _ kind: Kind, depth: Int) {
    // The decoder refuses what is deeper.
    guard depth <= ONNXLimits.depth else { return }
    var place = range.lowerBound
    while place < range.upperBound, count <= ONNXLimits.fields {
      guard let tag = varint(&place, range.upperBound) else { return }
      switch tag & 7 {
      case 0: guard varint(&place, range.upperBound) != nil else { return }
      case 1: place += 8
      case 2:
        guard let length = varint(&place, range.upperBound),
          length <= UInt64(range.upperBound - place)
        else { return }
        let end = place + Int(length)
        count += 1
        if let child = kind.child(tag >> 3) { add(place..<end, child, depth: depth + 1) }
        place = end
      case 3, 4: continue  // Groups: the fields inside are counted as if they were outside.
      case 5: place += 4
      default: return
      }
    }
  }

  /// The number at a place, which moves behind it; nil where it doesn't end.
  private func varint(_ place: inout Int, _ end: Int) -> UInt64? {
    var (value, shift): (UInt64, UInt64) = (0, 0)
    while place < end, shift < 64 {
      let byte = bytes[place]
      place += 1
      value |= UInt64(byte & 127) << shift
      if byte < 128 { return value }
      shift += 7
    }
    return nil
  }
}
