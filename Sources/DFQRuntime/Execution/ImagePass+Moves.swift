import DFQTensor

/// Operations that move elements: codes, numbers in floating point or, in fixed point, integers of their size.
extension ImagePass {
  /// Elements of a step's input and output.
  private struct Elements {
    let input: UnsafeRawPointer
    let output: UnsafeMutableRawPointer
    /// The bytes of an element.
    let size: Int

    func move(_ from: Int, to: Int, count: Int) {
      (output + to * size).copyMemory(from: input + from * size, byteCount: count * size)
    }
  }

  private func elements(_ step: Step) -> Elements {
    let (from, to) = (level.slots[step.input], level.slots[step.output])
    return Elements(
      input: UnsafeRawPointer(memory.arena + from.offset), output: memory.arena + to.offset,
      size: from.isCodes ? 1 : 4)
  }

  /// Writes zeros to the whole output; the number zero has no bits that are set.
  private func fill(_ elements: Elements, step: Step) {
    let slot = level.slots[step.input]
    let zero = slot.isCodes ? UInt8(-grid(slot.point).offset) : 0
    elements.output.initializeMemory(
      as: UInt8.self, repeating: zero, count: level.slots[step.output].count * elements.size)
  }

  /// Moves pixels of some bytes.
  ///
  /// Those of a few vectors, which are common, take less time than a call for each of them.
  private func movePixels(
    _ count: Int, of bytes: Int, from source: UnsafeRawPointer, every sourceStep: Int,
    to target: UnsafeMutableRawPointer, every targetStep: Int
  ) {
    let vector = MemoryLayout<SIMD16<UInt8>>.size
    var (from, to) = (source, target)
    for _ in 0..<count {
      if bytes.isMultiple(of: vector) {
        for at in stride(from: 0, to: bytes, by: vector) {
          let part = (from + at).loadUnaligned(as: SIMD16<UInt8>.self)
          (to + at).storeBytes(of: part, as: SIMD16<UInt8>.self)
        }
      } else {
        to.copyMemory(from: from, byteCount: bytes)
      }
      from += sourceStep
      to += targetStep
    }
  }

  /// Keeps every `stride`-th pixel and surrounds its channels with zeros.
  func pad(_ step: Step, stride: Int, before: Int) {
    let (from, to) = (level.slots[step.input], level.slots[step.output])
    let elements = elements(step)
    fill(elements, step: step)
    let bytes = from.channels * elements.size, outputBytes = to.channels * elements.size
    for y in 0..<to.height {
      movePixels(
        to.width, of: bytes, from: elements.input + y * stride * from.width * bytes,
        every: stride * bytes,
        to: elements.output + y * to.width * outputBytes + before * elements.size,
        every: outputBytes)
    }
  }

  /// Surrounds a map with rows and columns of zeros.
  func padMap(_ step: Step, top: Int, left: Int) {
    let (from, to) = (level.slots[step.input], level.slots[step.output])
    let elements = elements(step)
    fill(elements, step: step)
    let row = from.width * from.channels
    for y in 0..<from.height {
      elements.move(y * row, to: ((top + y) * to.width + left) * to.channels, count: row)
    }
  }

  /// Repeats every row and column.
  func enlarge(_ step: Step, factor: Int) {
    let (from, to) = (level.slots[step.input], level.slots[step.output])
    let elements = elements(step)
    for y in 0..<to.height {
      for x in 0..<to.width {
        elements.move(
          (y / factor * from.width + x / factor) * from.channels,
          to: (y * to.width + x) * to.channels, count: to.channels)
      }
    }
  }

  /// Output channel i is input channel `channels[i]`.
  func select(_ channels: ConstantList<Int>, step: Step) {
    let from = level.slots[step.input]
    func select<Element>(_ input: UnsafePointer<Element>, _ output: UnsafeMutablePointer<Element>) {
      for pixel in 0..<from.height * from.width {
        let (x, y) = (input + pixel * from.channels, output + pixel * channels.count)
        for index in channels.indices { y[index] = x[channels[index]] }
      }
    }
    if from.isCodes {
      select(UnsafePointer(codes(step.input)), codes(step.output))
    } else {
      select(UnsafePointer(stored(step.input)), stored(step.output))
    }
  }
}
