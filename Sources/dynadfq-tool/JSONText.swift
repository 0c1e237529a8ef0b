import Foundation

/// A value as JSON in the tool's one convention: camelCase keys, sorted; no `-0`; null for numbers
/// that JSON has no words for; no character that a terminal would act on.
struct JSONText {
  let text: String

  /// Stands for a number that is not finite until the text is written; a scalar of private use.
  private static let noNumber = "\u{F8FF}"

  init(_ value: some Encodable, onOneLine: Bool = false) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if !onOneLine { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: JSONText.noNumber, negativeInfinity: JSONText.noNumber,
      nan: JSONText.noNumber)
    let encoded = String(decoding: try encoder.encode(value), as: UTF8.self)
    text = JSONText.normalized(encoded).replacing("\"\(JSONText.noNumber)\"", with: "null")
  }

  /// Numbers without a negative zero, strings with escapes for what terminals act on.
  private static func normalized(_ json: String) -> String {
    var result = String.UnicodeScalarView()
    var isInString = false
    var isEscaped = false
    let scalars = Array(json.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      if isInString, scalar.isForTerminals {
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          result.append(
            contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
              .unicodeScalars)
        }
        continue
      }
      if scalar == "-", !isInString, isZero(scalars[(index + 1)...]) { continue }
      if scalar == "\"", !isEscaped { isInString.toggle() }
      isEscaped = scalar == "\\" && !isEscaped
      result.append(scalar)
    }
    return String(result)
  }

  /// Whether the digits of a number are all zeros.
  private static func isZero(_ rest: ArraySlice<Unicode.Scalar>) -> Bool {
    let mantissa = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
    return mantissa.allSatisfy { $0 == "0" || $0 == "." }
  }
}
