import DFQFiles

extension ImageCanvas {
  /// The height of a line of text in pixels.
  public static func textHeight(scale: Int = 1) -> Int { BitmapFont.height * scale }

  /// The width of a text in pixels.
  public static func textWidth(_ text: String, scale: Int = 1) -> Int {
    max(0, text.unicodeScalars.count * BitmapFont.advance - 1) * scale
  }

  /// Draws one line in a built-in font of 5x7 pixels, with its upper left corner at a row and a
  /// column.
  ///
  /// The font has ASCII's printable characters; all others appear as a question mark.
  public mutating func drawText(
    _ text: String, at place: (top: Int, left: Int), color: Color = .black, scale: Int = 1
  ) {
    precondition(scale > 0, "a scale must be positive")
    var left = place.left
    for scalar in text.unicodeScalars {
      for (y, bits) in BitmapFont.rows(of: scalar).enumerated() {
        for x in 0..<BitmapFont.width where bits >> (BitmapFont.width - 1 - x) & 1 == 1 {
          let square = Rectangle(
            top: place.top + y * scale, left: left + x * scale, height: scale, width: scale)
          fill(square, with: color)
        }
      }
      left += BitmapFont.advance * scale
    }
  }
}

/// A font of 5x7 pixels for ASCII 32...126.
internal enum BitmapFont {
  static let width = 5
  static let height = 7
  /// The distance from one character to the next.
  static let advance = 6

  /// A character's rows from the top; the highest of the 5 bits is the leftmost pixel.
  static func rows(of scalar: Unicode.Scalar) -> [Int] {
    let known = (32...126).contains(scalar.value) ? scalar : "?"
    return glyphs[Int(known.value) - 32]
  }

  private static let glyphs: [[Int]] =
    table.split(whereSeparator: \.isWhitespace).map { $0.map { Int(String($0), radix: 32) ?? 0 } }

  // Seven rows per character, each a digit of base 32 that holds its five pixels; from space to
  // tilde.
  private static let table = """
    0000000 4444404 aa00000 aavavaa 4fke5u4 op248j3 cik8lid 4400000 2488842 8422248 04lel40 044v440
    0000c48 000v000 00000cc 11248gg ehjlphe 4c4444e eh1248v v2421he 26aiv22 vgu11he 68guhhe v124888
    ehhehhe ehhf12c 0cc0cc0 0cc0c48 248g842 00v0v00 8421248 eh12404 eh1dlle ehhhvhh uhhuhhu ehggghe
    sihhhis vgguggv vgguggg ehgnhhf hhhvhhh e44444e 72222ic hikokih ggggggv hrllhhh hhpljhh ehhhhhe
    uhhuggg ehhhlid uhhukih fgge11u v444444 hhhhhhe hhhhha4 hhhllla hha4ahh hhha444 v1248gv e88888e
    gg84211 e22222e 4ah0000 000000v 8420000 00e1fhf ggmphhu 00egghe 11djhhf 00ehvge 698s888 0fhhf1e
    ggmphhh 40c444e 20622ic ggikoki c44444e 00qllhh 00mphhh 00ehhhe 00uhugg 00djf11 00mpggg 00ege1u
    88s8896 00hhhjd 00hhha4 00hhlla 00ha4ah 00hhf1e 00v248v 2448442 4444444 8442448 008l200
    """
}
