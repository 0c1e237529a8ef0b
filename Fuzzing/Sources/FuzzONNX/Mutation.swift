/// libFuzzer's own changes of bytes.
@_silgen_name("LLVMFuzzerMutate")
private func change(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int

/// Changes an input.
///
/// Most changes are those of a field deep in the file, after which all lengths around it fit again: changed bytes alone hardly ever
/// come past the decoder.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(
  _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: CUnsignedInt
) -> Int {
  var mutation = Mutation(seed: seed)
  let input = Array(UnsafeBufferPointer(start: bytes, count: count))
  guard mutation.chance(of: 8), let message = WireMessage(input), !message.fields.isEmpty else {
    return change(bytes, count, limit)
  }
  var changed = message
  for _ in 0..<mutation.below(3) + 1 { changed = mutation.changed(changed, in: message) }
  let output = changed.bytes
  guard output.count <= limit, !output.isEmpty else { return change(bytes, count, limit) }
  UnsafeMutableBufferPointer(start: bytes, count: output.count).update(fromContentsOf: output)
  return output.count
}

/// Random changes of messages.
private struct Mutation {
  private var state: UInt64

  init(seed: CUnsignedInt) { state = UInt64(seed) }

  /// A number in 0..<count.
  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

  /// False in one of `count` cases.
  mutating func chance(of count: Int) -> Bool { below(count) > 0 }

  /// SplitMix64.
  private mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
    return word ^ word >> 31
  }

  /// A message with a change somewhere inside, perhaps with a part of the whole file.
  mutating func changed(_ message: WireMessage, in file: WireMessage) -> WireMessage {
    var result = message
    guard !message.fields.isEmpty else { return result }
    let place = below(message.fields.count)
    let field = message.fields[place]
    if field.isDelimited, chance(of: 8), let inner = WireMessage(field.content),
      !inner.fields.isEmpty
    {
      result.fields[place].content = changed(inner, in: file).bytes
      return result
    }
    switch below(8) {
    case 0: result.fields.remove(at: place)
    case 1: result.fields.insert(field, at: below(message.fields.count + 1))
    case 2: result.fields.swapAt(place, below(message.fields.count))
    case 3:
      if let other = part(of: file, like: field) { result.fields[place] = other }
    case 4 where field.isDelimited:
      result.fields[place].content = Array(Self.words[below(Self.words.count)].utf8)
    default:
      result.fields[place].number = number(field.number)
      result.fields[place].content = bytes(field)
    }
    return result
  }

  /// A field of the same kind from anywhere in a message.
  private mutating func part(
    of message: WireMessage, like field: WireMessage.Field
  ) -> WireMessage.Field? {
    guard !message.fields.isEmpty else { return nil }
    let other = message.fields[below(message.fields.count)]
    if other.tag == field.tag, !chance(of: 3) { return other }
    guard other.isDelimited, let inner = WireMessage(other.content) else { return nil }
    return part(of: inner, like: field)
  }

  private mutating func number(_ old: UInt64) -> UInt64 {
    switch below(4) {
    case 0: UInt64(below(12))
    case 1: old &+ UInt64(below(3)) &- 1
    case 2: 0 &- UInt64(below(12))
    default: (1 << UInt64(below(64))) &- UInt64(below(2))
    }
  }

  private mutating func bytes(_ field: WireMessage.Field) -> [UInt8] {
    if field.isNumber { return [] }
    let (count, room) = (field.content.count, field.isDelimited ? 16 : 0)
    var buffer = field.content + [UInt8](repeating: 0, count: room)
    guard !buffer.isEmpty else { return buffer }
    let length = buffer.withUnsafeMutableBufferPointer {
      change($0.baseAddress!, count, $0.count)
    }
    return Array(buffer[..<(field.isDelimited ? length : count)])
  }

  /// What the reader knows, and what it may take for it.
  private static let words = [
    "Conv", "BatchNormalization", "Relu", "LeakyRelu", "PRelu", "Clip", "HardSwish", "HardSigmoid",
    "Sigmoid", "Tanh", "Gelu", "Erf", "Add", "Sub", "Mul", "Div", "Sum", "Concat", "MaxPool",
    "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "Gemm", "MatMul",
    "Transpose", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Slice", "Pad", "Resize", "Upsample",
    "Identity", "Dropout", "Cast", "LayerNormalization", "Constant", "ConstantOfShape", "Shape",
    "Size", "Gather", "Split", "LRN", "Min", "Max", "Pow", "Sqrt", "Neg", "Floor", "Ceil", "Exp",
    "Reciprocal",
    "Abs", "Softmax", "image", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "axis",
    "axes", "perm", "pads", "strides", "dilations", "group", "auto_pad", "SAME_UPPER", "ceil_mode",
    "count_include_pad", "kernel_shape", "keepdims", "transA", "transB", "alpha", "beta", "mode",
    "value", "to", "start", "end", "starts", "ends", "steps", "scales", "sizes", "min", "max",
    "epsilon", "value_ints", "value_int", "value_float", "value_floats", "allowzero", "split",
    "num_outputs", "size", "bias", "location",
    "offset", "length", "dynadfq.mean", "dynadfq.std", "dynadfq.class_names", "", "[0.5]",
  ]
}
