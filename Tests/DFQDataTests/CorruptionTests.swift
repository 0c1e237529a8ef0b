import DFQData
import DFQFiles
import Foundation
import Testing

/// Images made worse: by hand, against SciPy, and the same for the same seed.
@Suite struct CorruptionTests {
  private func mean(_ image: PixelImage) -> Double {
    Double(image.pixels.reduce(0) { $0 + Int($1) }) / Double(image.pixels.count)
  }

  private func distance(_ a: PixelImage, _ b: PixelImage) -> Double {
    zip(a.pixels, b.pixels).reduce(0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
      / Double(a.pixels.count)
  }

  /// The mean of 10 and 210 is 110; factor 0.4 leaves 40 of the distance of 100.
  @Test func contrast() throws {
    let image = PixelImage(height: 1, width: 2, channels: 3, pixels: [10, 0, 7, 210, 0, 8])
    let result = try Corruption(.contrast, strength: 3).applied(to: image)
    #expect(result.pixels == [70, 0, 7, 150, 0, 8])
  }

  /// Against `scipy.ndimage.gaussian_filter` (mode nearest, truncate 4), rounded.
  @Test(arguments: [
    (1, 0x31a1_d878_e254_c493), (2, 0xb60f_4daf_7bbd_558a),
    (3, 0x3266_7267_b2be_ddfb), (4, 0x32ec_7630_53f1_af0c),
    (5, 0x7106_30ca_8889_96f6),
  ])
  func blursAsSciPy(_ strength: Int, _ expected: UInt64) throws {
    let image = try Corruption(.gaussianBlur, strength: strength).applied(
      to: pattern(height: 6, width: 9, channels: 3))
    #expect(hash(image.pixels) == expected)
  }

  @Test(arguments: Corruption.strengths)
  func noise(_ strength: Int) throws {
    let corruption = try Corruption(.gaussianNoise, strength: strength)
    let gray = PixelImage(height: 64, width: 64, channels: 3, repeating: 128)
    let first = try corruption.applied(to: gray, at: 4, seed: 1)
    let count = Double(first.pixels.count)
    // Rounding adds a twelfth; the deviation of the mean and of the variance is known.
    let variance = pow(255 * corruption.constant, 2) + 1.0 / 12
    #expect(abs(mean(first) - 128) < 4 * (variance / count).squareRoot())
    #expect(abs(distance(first, gray) / variance - 1) < 4 * (2 / count).squareRoot())
    #expect(try corruption.applied(to: gray, at: 4, seed: 1) == first)
    #expect(try corruption.applied(to: gray, at: 5, seed: 1) != first)
    #expect(try corruption.applied(to: gray, at: 4, seed: 2) != first)
    let black = PixelImage(height: 8, width: 8, channels: 1, repeating: 0)
    #expect(try corruption.applied(to: black).pixels.contains(0))
  }

  /// A lower quality is further from the image and shorter; gray stays gray.
  @Test(arguments: [1, 3]) func jpeg(_ channels: Int) throws {
    let image = pattern(height: 40, width: 33, channels: channels)
    var last = (distance: 0.0, bytes: Int.max)
    for strength in Corruption.strengths {
      let corruption = try Corruption(.jpeg, strength: strength)
      let result = try corruption.applied(to: image)
      #expect(result.channels == channels && result.height == 40 && result.width == 33)
      let bytes = try image.jpegBytes(quality: Int(corruption.constant)).count
      #expect(distance(result, image) > last.distance && bytes < last.bytes)
      last = (distance(result, image), bytes)
    }
    let flat = PixelImage(height: 16, width: 16, channels: channels, repeating: 77)
    #expect(try Corruption(.jpeg, strength: 1).applied(to: flat) == flat)
    #expect(throws: InterchangeError.self) { try image.jpegBytes(quality: 0) }
    #expect(throws: InterchangeError.self) {
      try PixelImage(height: 1, width: 70000, channels: 1, repeating: 0).jpegBytes(quality: 50)
    }
  }

  @Test func sets() throws {
    let base = try LabelledImages(
      [pattern(height: 8, width: 8, channels: 3), pattern(height: 8, width: 8, channels: 3)],
      labels: [1, 0], classNames: ["a", "b"], name: "two")
    let corruption = try Corruption(.gaussianNoise, strength: 2)
    let images = CorruptedImages(base, corruption, seed: 3)
    #expect(images.name == "two, gaussianNoise 2" && images.count == 2)
    #expect(images.labels == [1, 0] && images.classNames == ["a", "b"])
    #expect(try images.image(at: 0) != images.image(at: 1))
    #expect(
      try images.image(at: 1) == corruption.applied(to: base.image(at: 1), at: 1, seed: 3))
  }

  @Test func settings() throws {
    #expect(throws: InterchangeError.self) { try Corruption(.jpeg, strength: 6) }
    func read(_ json: String) throws -> Corruption {
      try JSONDecoder().decode(Corruption.self, from: Data(json.utf8))
    }
    let corruption = try Corruption(.jpeg, strength: 4)
    #expect(try read(#"{"kind": "jpeg", "strength": 4}"#) == corruption)
    #expect(throws: DecodingError.self) { try read(#"{"kind": "jpeg", "strength": 0}"#) }
    #expect(throws: DecodingError.self) { try read(#"{"kind": "fog", "strength": 1}"#) }
    #expect(corruption.description == "jpeg 4")
  }
}
