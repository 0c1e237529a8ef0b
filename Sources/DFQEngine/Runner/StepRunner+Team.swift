import DFQGraph
import DFQTensor

extension StepRunner {
  /// A member's part of all steps for the one image of a group, which it has the scratch of.
  func forward(group: ImageGroup, member: Int, team: Team) {
    var position = 0
    while position < plan.steps.count {
      position += forwardShare(position, group: group, member: member, team: team)
      team.wait()
    }
  }

  /// A member's part of a step, or of two that go together; returns how many they are.
  private func forwardShare(_ position: Int, group: ImageGroup, member: Int, team: Team) -> Int {
    let step = plan.steps[position]
    let image = group.images.lowerBound
    switch step.kind {
    case .convolution(let convolution) where isDivided(step):
      let fusesNormalization = plan.isNormalizedNext[position]
      if let entry = weights.winogradEntry(position) {
        let part = share(of: convolution.shape, entry: entry, member: member, team: team)
        guard !part.rows.isEmpty, !part.outputs.isEmpty else { return fusesNormalization ? 2 : 1 }
        convolve(
          convolution, at: position, entry: entry, bank: 0, images: group.images,
          rows: part.rows, outputs: part.outputs, fusesNormalization: fusesNormalization,
          group: group)
      } else {
        let rows = team.share(convolution.shape.outputHeight, unit: 1, member: member)
        convolveDirectly(
          convolution, at: position, bank: 0, image: image, rows: rows,
          fusesNormalization: fusesNormalization,
          group: group)
      }
      return fusesNormalization ? 2 : 1
    case .normalization where isDivided(step):
      let height = plan.graph.nodes[step.output].outputShape[0]
      normalize(
        position, image: image, rows: team.share(height, unit: 1, member: member), group: group)
    case .layer(let index) where isDivided(step):
      let height = plan.graph.nodes[step.output].outputShape[0]
      let rows = team.share(height, unit: 1, member: member)
      if rows.isEmpty { return 1 }
      forwardLayer(index, output: step.output, image: image, rows: rows, group: group)
    default:
      if member == 0 { forward(steps: position..<position + 1, group: group) }
    }
    return 1
  }

  /// A member's part of a convolution by Winograd's algorithm: some rows, or some output channels
  /// where weights are so many that reading them counts most.
  private func share(
    of shape: ConvolutionShape, entry: WinogradPlan.Entry, member: Int, team: Team
  ) -> (rows: Range<Int>, outputs: Range<Int>) {
    let (rows, outputs) = (0..<shape.outputHeight, 0..<shape.outputChannels)
    return entry.weights > StepRunner.cachedWeights
      ? (rows, team.share(outputs.count, unit: ConvolutionEnding.outputUnit, member: member))
      : (team.share(rows.count, unit: entry.tile, member: member), outputs)
  }

  /// Floats of weights that stay in a core's cache.
  private static let cachedWeights = 1 << 18

  /// Whether every member computes some rows of a step.
  private func isDivided(_ step: Step) -> Bool {
    switch step.kind {
    case .convolution(let step): step.style == .dense && step.shape.readsEverywhere
    case .normalization: plan.graph.nodes[step.output].outputShape.dimensions.count == 3
    case .layer(let index): plan.layers[index].step.dividesRows
    default: false
    }
  }

  /// Floats of scratch that a member of a team of `count` takes.
  func teamScratchCount(_ count: Int) -> Int {
    let team = Team(count: count)
    var floats = 0
    for (position, step) in plan.steps.enumerated() {
      guard case .convolution(let convolution) = step.kind, isDivided(step) else { continue }
      let shape = convolution.shape
      for member in 0..<count {
        guard let entry = weights.winograd.entries[position]?.singleImage else {
          let rows = team.share(shape.outputHeight, unit: 1, member: member)
          floats = max(floats, directScratchCount(shape, rows: rows))
          continue
        }
        let rows = share(of: shape, entry: entry, member: member, team: team).rows
        if rows.isEmpty { continue }
        let part = shape.rows(rows).shape
        floats = max(
          floats,
          kernels.winogradScratchCount(tile: entry.tile, part, images: 1))
      }
    }
    return aligned(floats)
  }
}
