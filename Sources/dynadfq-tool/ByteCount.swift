import ArgumentParser

/// A number of bytes as people write it: 4G, 512M, 1.5G; powers of 1024.
struct ByteCount: ExpressibleByArgument, Equatable {
  var bytes: Int

  private static let units: [Character: Double] = [
    "K": 0x1p10, "M": 0x1p20, "G": 0x1p30, "T": 0x1p40,
  ]

  init?(argument: String) {
    var text = argument.uppercased()[...]
    if text.hasSuffix("B") { text = text.dropLast() }
    var unit = 1.0
    if let last = text.last, let known = ByteCount.units[last] {
      unit = known
      text = text.dropLast()
    }
    guard text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let value = Double(text),
      let bytes = Int(exactly: (value * unit).rounded()), bytes > 0
    else { return nil }
    self.bytes = bytes
  }

  /// In the largest unit of which there is one, to three digits.
  static func text(_ bytes: Int) -> String {
    let value = Double(bytes)
    return value >= 0x1p30
      ? "\(Output.short(value / 0x1p30)) GiB" : "\(Output.short(value / 0x1p20)) MiB"
  }
}
