internal import DFQData
internal import DFQFiles
internal import DFQTensor
internal import Foundation
internal import Testing

/// Runs a test with a fresh directory and removes it afterwards.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let place = FileManager.default.temporaryDirectory
    .appendingPathComponent("dfq-interchange-\(UUID().uuidString)").path
  try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: place) }
  return try body(place)
}

/// Decodes every shortened form of a file: each must succeed or throw, and the last bytes must
/// matter.
func checkTruncations<Value>(
  of bytes: [UInt8], _ decode: ([UInt8]) throws -> Value
) {
  for count in 0..<bytes.count {
    do {
      _ = try decode(Array(bytes[..<count]))
      Issue.record("\(count) of \(bytes.count) bytes were accepted")
    } catch {
      #expect(error is InterchangeError)
      #expect(!"\(error)".contains("\n"))
    }
  }
}

/// Decodes files with some bytes changed: each must succeed or throw.
func checkDamage<Value>(
  of bytes: [UInt8], seed: UInt64, rounds: Int,
  _ decode: ([UInt8]) throws -> Value
) {
  var stream = RandomStream(seed: seed, "damage")
  var rejected = 0
  for _ in 0..<rounds {
    var damaged = bytes
    for _ in 0..<Int.random(in: 1...4, using: &stream) {
      damaged[Int.random(in: 0..<bytes.count, using: &stream)] = .random(
        in: 0...255, using: &stream)
    }
    do {
      _ = try decode(damaged)
    } catch {
      #expect(error is InterchangeError)
      rejected += 1
    }
  }
  #expect(rejected > 0)
}

/// The 64-bit FNV-1a hash of values, to compare with results of Pillow.
func hash(_ values: [UInt8]) -> UInt64 {
  values.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

/// A picture without symmetries: (7x + 13y + 50c + xy) mod 256.
func pattern(height: Int, width: Int, channels: Int) -> PixelImage {
  var pixels: [UInt8] = []
  for y in 0..<height {
    for x in 0..<width {
      for c in 0..<channels { pixels.append(UInt8((x * 7 + y * 13 + c * 50 + x * y) % 256)) }
    }
  }
  return PixelImage(height: height, width: width, channels: channels, pixels: pixels)
}
