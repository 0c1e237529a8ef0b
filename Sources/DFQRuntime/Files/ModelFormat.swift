/// The numbers of the file format.
enum ModelFormat {
  /// The format and its version, in the file's metadata.
  static let name = "dynadfq integer network 1"
  /// Bytes of a program: far more than any network has.
  static let programLimit = 16 << 20
  /// Bytes of a file.
  static let fileLimit = 1 << 34

  /// The largest number that stands for a kind of operation.
  static let lastCode = 11

  /// The number that stands for a kind of operation.
  static func code(of kind: Operation.Kind) -> Int {
    switch kind {
    case .convolution: 0
    case .linear: 1
    case .identity: 2
    case .maxPool: 3
    case .averagePool: 4
    case .globalAveragePool: 5
    case .padChannels: 6
    case .reshape: 7
    case .padMap: 8
    case .upsample: 9
    case .selectChannels: 10
    case .numbers: 11
    }
  }

  /// Whether an ending follows in the file.
  static func hasEnding(_ kind: Operation.Kind) -> Bool {
    switch kind {
    case .convolution, .linear, .identity: true
    default: false
    }
  }
}
