import DFQTensor

/// Where the weights KH KW I/groups O or I O of a layer lie in the flat vector, by channel.
struct WeightPlaces {
  let start: Int
  let taps: Int
  /// Input channels of a group.
  let inputs: Int
  let outputs: Int
  let groups: Int

  init(start: Int, shape: Shape, groups: Int) {
    self.start = start
    self.groups = groups
    taps = shape.rank == 4 ? shape[0] * shape[1] : 1
    inputs = shape[shape.rank - 2]
    outputs = shape[shape.rank - 1]
  }

  /// The number of weights.
  var count: Int { taps * inputs * outputs }

  /// The position of a weight; `input` counts within the group.
  func position(tap: Int, input: Int, output: Int) -> Int {
    start + (tap * inputs + input) * outputs + output
  }

  /// The channel of the layer's input that a weight's input channel is.
  func channel(input: Int, output: Int) -> Int { output / (outputs / groups) * inputs + input }

  /// The weights that make an output channel, tap by tap.
  func positions(output: Int) -> [Int] {
    (0..<taps * inputs).map { start + $0 * outputs + output }
  }

  /// The weights that read a channel of the layer's input, tap by tap.
  func positions(input channel: Int) -> [Int] {
    let (group, input) = channel.quotientAndRemainder(dividingBy: inputs)
    let perGroup = outputs / groups
    return (0..<taps).flatMap { tap in
      (group * perGroup..<(group + 1) * perGroup).map {
        position(tap: tap, input: input, output: $0)
      }
    }
  }
}
