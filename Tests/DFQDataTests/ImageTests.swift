internal import DFQData
internal import DFQFiles
internal import DFQTensor
internal import DFQTestSupport
internal import Testing

@Suite struct ImageTests {
  @Test(arguments: [1, 3]) func roundTripsPNG(_ channels: Int) throws {
    let image = pattern(height: 37, width: 53, channels: channels)
    #expect(try PixelImage(decoding: image.pngBytes()) == image)
    try withTemporaryDirectory { place in
      try image.writePNG(to: place + "/image.png")
      #expect(try PixelImage(contentsOf: place + "/image.png") == image)
    }
  }

  @Test func decodesEveryKindOfPNG() throws {
    let colour = pattern(height: 3, width: 4, channels: 3)
    let gray = pattern(height: 3, width: 4, channels: 1)
    #expect(try PixelImage(decoding: Fixtures.pngRGBA) == colour)
    #expect(try PixelImage(decoding: Fixtures.pngGray16) == gray)
    let one = try PixelImage(decoding: Fixtures.pngGray1)
    #expect(one.pixels == gray.pixels.map { $0 > 20 ? 255 : 0 } && one.channels == 1)
    let grayAlpha = try PixelImage(decoding: Fixtures.pngGrayAlpha)
    #expect(grayAlpha.pixels == gray.pixels)
    let palette = try PixelImage(decoding: Fixtures.pngPalette)
    #expect(palette.channels == 3)
    #expect(palette.pixels[..<12] == [0, 50, 100, 11, 61, 111, 11, 61, 111, 23, 73, 123])
  }

  @Test func decodesEveryKindOfJPEG() throws {
    // Pillow's values at (0, 0), (5, 8), (11, 16); another libjpeg may differ in the last bit or
    // two.
    func check(_ bytes: [UInt8], _ expected: [[Int]]) throws {
      let image = try PixelImage(decoding: bytes)
      #expect(image.height == 12 && image.width == 17)
      #expect(image.channels == expected[0].count)
      for (place, values) in zip([(0, 0), (5, 8), (11, 16)], expected) {
        for (channel, value) in values.enumerated() {
          #expect(abs(Int(image[place.0, place.1, channel]) - value) <= 2)
        }
      }
    }
    let colour = [[0, 1, 120], [124, 117, 125], [255, 251, 139]]
    try check(Fixtures.jpegColor, colour)
    try check(Fixtures.jpegProgressive, colour)
    try check(Fixtures.jpegGray, [[0], [127], [255]])
    try check(Fixtures.jpegCMYK, [[0, 1, 94], [97, 92, 98], [200, 198, 111]])
  }

  @Test(arguments: [
    Fixtures.jpegColor, Fixtures.jpegGray, Fixtures.jpegProgressive, Fixtures.jpegCMYK,
    Fixtures.pngPalette, Fixtures.pngGray16, Fixtures.pngRGBA,
  ])
  func survivesDamage(_ bytes: [UInt8]) {
    checkTruncations(of: bytes) { bytes in
      try PixelImage(decoding: bytes)
    }
    checkDamage(of: bytes, seed: 3, rounds: 400) { bytes in
      try PixelImage(decoding: bytes)
    }
  }

  @Test func refusesHugeImagesBeforeAllocating() {
    // A frame header of 65,500 x 65,500 pixels (0xFFC0 at the marker, then length, bits, height,
    // width).
    var bytes = Fixtures.jpegColor
    let marker = (0..<bytes.count - 1).first { bytes[$0] == 0xff && bytes[$0 + 1] == 0xc0 } ?? 0
    bytes.replaceSubrange(marker + 5..<marker + 9, with: [0xff, 0xdc, 0xff, 0xdc])
    #expect(
      throws: InterchangeError.tooLarge(
        path: "memory", what: "number of pixels", limit: 64 << 20, found: 65500 * 65500)
    ) { try PixelImage(decoding: bytes) }
    #expect(throws: InterchangeError.self) { try PixelImage(decoding: []) }
    #expect(throws: InterchangeError.self) { try PixelImage(decoding: Array("GIF89a".utf8)) }
  }

  /// Hashes of Pillow 13's `resize((width, height), BILINEAR)` of the same picture.
  @Test(arguments: [
    (20, 31, 0x6b00_62a5_b15f_08b6 as UInt64, 0x337a_5530_1a41_5f5f as UInt64),
    (64, 40, 0x0b59_697e_bad5_8faa, 0x0249_6344_04a7_dfb3),
    (37, 10, 0xc7a7_ea1e_d3fe_a86e, 0x3837_ff96_7ab1_0e5f),
    (9, 53, 0xfc95_5441_3fca_51c6, 0x523d_e859_76a7_5aed),
    (1, 1, 0xa2b0_3419_6ea4_c42f, 0xaf63_f24c_8602_11ee),
    (111, 159, 0xa165_7a1f_e7f8_70a3, 0x4240_de19_5a1b_f89d),
  ])
  func resizesAsPillow(_ height: Int, _ width: Int, _ colour: UInt64, _ gray: UInt64) {
    for (channels, expected) in [(3, colour), (1, gray)] {
      let image = pattern(height: 37, width: 53, channels: channels)
      #expect(hash(image.resized(height: height, width: width).pixels) == expected)
    }
  }

  @Test func convertsAndCrops() {
    let image = pattern(height: 37, width: 53, channels: 3)
    #expect(hash(image.converted(toChannels: 1).pixels) == 0x821a_df7c_9dc3_583a)
    let gray = pattern(height: 4, width: 6, channels: 1)
    #expect(gray.converted(toChannels: 3)[1, 2, 2] == gray[1, 2, 0])
    #expect(gray.converted(toChannels: 3).converted(toChannels: 1) == gray)
    let short = image.resized(shortSide: 20)
    #expect(short.height == 20 && short.width == 28)
    #expect(image.resized(height: 37, width: 53) == image)
    let crop = image.centerCropped(height: 30, width: 50)
    // (37 - 30) / 2 and (53 - 50) / 2 round to the even 4 and 2.
    #expect(crop[0, 0, 1] == image[4, 2, 1] && crop[29, 49, 0] == image[33, 51, 0])
    #expect(PixelImage(image.tensor) == image)
    let wild = Tensor(shape: [1, 4, 1], elements: [-5, 300, .nan, 1.5])
    #expect(PixelImage(wild).pixels == [0, 255, 0, 2])
  }

  @Test func drawsOnACanvas() {
    var canvas = ImageCanvas(height: 10, width: 20, background: .black)
    canvas.fill(.init(top: -5, left: 15, height: 7, width: 50), with: .white)
    #expect(canvas.image[1, 15, 0] == 255 && canvas.image[2, 15, 0] == 0)
    let gray = PixelImage(height: 1, width: 2, channels: 1, pixels: [10, 20])
    canvas.draw(gray, at: (top: 8, left: -1), scale: 3)
    #expect(canvas.image[9, 1, 2] == 10 && canvas.image[9, 2, 0] == 20)
    #expect(canvas.image[9, 5, 0] == 0)

    var text = ImageCanvas(height: 7, width: 17)
    text.drawText("Ti~", at: (top: 0, left: 0))
    #expect(ImageCanvas.textWidth("Ti~") == 17 && ImageCanvas.textHeight() == 7)
    let rows = (0..<7).map { row in
      (0..<17).map { text.image[row, $0, 0] == 0 ? "#" : "." }.joined()
    }
    #expect(
      rows == [
        "#####...#........", "..#..............", "..#....##....#...", "..#.....#...#.#.#",
        "..#.....#......#.", "..#.....#........", "..#....###.......",
      ])
    // Every character has a shape of its own, and a far away one changes nothing.
    let all = (33...126).map { code -> [UInt8] in
      var canvas = ImageCanvas(height: 7, width: 5)
      canvas.drawText(String(UnicodeScalar(UInt8(code))), at: (top: 0, left: 0))
      return canvas.image.pixels
    }
    #expect(Set(all).count == all.count)
    var far = text
    far.drawText("é", at: (top: 100, left: -1000))
    #expect(far == text)
  }

  @Test(.enabled(if: Shared.has("data/imagenet-sample"), "ImageNet's sample is not here"))
  func readsPhotographs() throws {
    let image = try PixelImage(
      contentsOf: Shared.path("data/imagenet-sample/n12998815/0992.jpg"))
    #expect(image.height == 256 && image.width == 256 && image.channels == 3)
  }
}
