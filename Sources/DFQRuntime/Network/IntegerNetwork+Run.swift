import DFQTensor

/// The images of a call, N H W C one after the other.
enum InputImages {
  /// 8-bit pixels.
  case pixels(UnsafePointer<UInt8>)
  /// Normalized values.
  case values(UnsafePointer<Float>)
}

extension IntegerNetwork {
  /// Computes all images at the first level, and at each further one those that are not sure.
  func run(
    _ images: InputImages, count: Int, memory: PredictorMemory,
    continuations: inout [CascadeContinuation], into predictions: inout Predictions
  ) {
    predictions.prepare(count: count, network: self)
    memory.remaining.removeAll(keepingCapacity: true)
    for image in 0..<count {
      predictions.passes[image] = 0
      memory.remaining.append(image)
    }
    for level in storage.levels.indices where !memory.remaining.isEmpty {
      run(level: level, images, memory: memory, into: &predictions)
      guard level < continuations.count else { break }
      memory.margins.removeAll(keepingCapacity: true)
      for image in memory.remaining { memory.margins.append(predictions.margin(image)) }
      let positions = continuations[level].positions(memory.margins)
      for (place, position) in positions.enumerated() {
        memory.remaining[place] = memory.remaining[position]
      }
      memory.remaining.removeLast(memory.remaining.count - positions.count)
    }
    for image in 0..<count { predictions.choose(image) }
  }

  /// Computes the remaining images at one level, with all its passes.
  private func run(
    level index: Int, _ images: InputImages, memory: PredictorMemory,
    into predictions: inout Predictions
  ) {
    let level = storage.levels[index]
    let program = level.program
    guard !program.passes.isEmpty else {
      return pass(level, index: index, 0, nil, images, memory.remaining, memory, &predictions)
    }
    var remaining = memory.remaining
    for (pass, positions) in program.passes.enumerated() where !remaining.isEmpty {
      self.pass(level, index: index, pass, positions, images, remaining, memory, &predictions)
      guard pass < program.passThresholds.count else { break }
      let threshold = program.passThresholds[pass]
      remaining.removeAll { !(predictions.margin($0) < threshold) }
    }
  }

  /// From so many images for each thread on, it does not matter that a thread waits for the last one.
  private static let manyImages = 16

  /// One pass, the `number`-th of its level, of some images.
  private func pass(
    _ level: PreparedLevel, index: Int, _ number: Int, _ positions: [UInt8]?,
    _ images: InputImages, _ chosen: [Int], _ memory: PredictorMemory,
    _ predictions: inout Predictions
  ) {
    let (classes, outputs) = (predictions.classCount, predictions.outputCount)
    let (elements, channels) = (level.slots[0].count, imageShape[2])
    nonisolated(unsafe) let images = images
    predictions.logits.withUnsafeMutableBufferPointer { logits in
      predictions.bits.withUnsafeMutableBufferPointer { bits in
        nonisolated(unsafe) let logits = logits.baseAddress!
        nonisolated(unsafe) let bits = bits.baseAddress
        @Sendable func finish(_ image: Int, _ arena: ImageMemory) {
          level.readLogits(arena.arena, pass: number, to: logits + image * classes)
          for point in level.program.points.indices {
            let grid = level.grid(point, candidate: arena.own[0].choices[point])
            bits![image * outputs + point] = UInt8(grid.bits)
          }
          // What an earlier level with more outputs has written.
          for point in level.program.points.count..<outputs { bits![image * outputs + point] = 0 }
        }
        let hasImage = storage.roundsImage[index]
        // Images that would leave threads without work at the end are computed by all threads together.
        let threads = storage.pool.threads
        let shared =
          chosen.count < IntegerNetwork.manyImages * threads ? chosen.count % threads : 0
        let separate = chosen.count - shared
        let groups = ImageGroups(images: separate, size: level.groupSize, threads: threads)
        storage.pool.forEach(groups.count) { group, worker in
          let members = groups[group]
          let memories = memory.arenas[worker].memories
          func pass(_ image: Int) -> ImagePass {
            ImagePass(
              level: level, memory: memories[image - members.lowerBound], pass: number,
              hasImage: hasImage)
          }
          for image in members {
            let pass = pass(image)
            load(chosen[image], 0..<elements, of: images, level: index, to: pass.memory)
            pass.begin(positions: positions)
            pass.run(steps: 0..<level.groupStart, decides: positions == nil)
          }
          for step in level.groupStart..<level.steps.count {
            for image in members {
              pass(image).run(steps: step..<step + 1, decides: positions == nil)
            }
          }
          for image in members { finish(chosen[image], memories[image - members.lowerBound]) }
        }
        nonisolated(unsafe) let arena = memory.arenas[0].memories[0]
        for image in chosen[separate...] {
          storage.pool.runTeam { member, team in
            let part = team.share(elements, unit: 16 * channels, member: member)
            load(image, part, of: images, level: index, to: arena)
            ImagePass(
              level: level, memory: arena, member: member, team: team, pass: number,
              hasImage: hasImage
            ).run(positions: positions)
          }
          finish(image, arena)
        }
      }
    }
    for image in chosen {
      predictions.passes[image] += 1
      predictions.levels[image] = index
    }
  }

  /// Puts some elements of an image, those of whole pixels, in place of value 0, or their codes in place of value 1.
  func load(
    _ image: Int, _ part: Range<Int>, of images: InputImages, level index: Int,
    to memory: ImageMemory
  ) {
    let level = storage.levels[index]
    let (first, count) = (part.lowerBound, part.count)
    let from = image * level.slots[0].count + first
    let values = (memory.arena + level.slots[0].offset).assumingMemoryBound(to: Float.self) + first
    var codes: UnsafeMutablePointer<UInt8> {
      (memory.arena + level.slots[1].offset).assumingMemoryBound(to: UInt8.self) + first
    }
    switch images {
    case .pixels(let pixels):
      if storage.roundsImage[index] {
        storage.scaling[index].apply(
          pixels + from, count: count, to: codes, kernels: level.kernels)
      } else {
        storage.scaling[index].apply(pixels + from, count: count, to: values)
      }
    case .values(let inputs):
      if storage.roundsImage[index] {
        let grid = level.grid(level.slots[1].point, candidate: 0)
        level.kernels.quantizeCodes(
          x: inputs + from, count: count, levelsPerUnit: grid.levelsPerUnit,
          zero: grid.zero, minimum: grid.lowest, maximum: grid.highest, codes: codes)
      } else {
        values.update(from: inputs + from, count: count)
      }
    }
  }
}

extension Predictions {
  /// The largest logit of an image less the second largest.
  func margin(_ image: Int) -> Float {
    logits.withUnsafeBufferPointer {
      LogitMargin.of($0[image * classCount..<(image + 1) * classCount])
    }
  }

  /// Finds the class of an image.
  mutating func choose(_ image: Int) {
    let start = image * classCount
    var best = 0
    for index in 1..<max(classCount, 1) where logits[start + index] > logits[start + best] {
      best = index
    }
    classIndices[image] = best
  }
}
