import Foundation

/// Arithmetic on constants.
extension ConstantFolding {
  /// Numbers of one shape, or one number with many.
  static func combine(
    _ operation: String, _ first: ONNXTensor, _ second: ONNXTensor,
    _ refuse: (String) -> ONNXError
  ) throws -> ONNXTensor {
    let shape = first.count >= second.count ? first.shape : second.shape
    let count = max(first.count, second.count)
    guard first.shape == second.shape || min(first.count, second.count) == 1 else {
      throw refuse("shapes \(first.shape) and \(second.shape)")
    }
    func pairs<Element>(_ a: [Element], _ b: [Element]) -> [(Element, Element)] {
      (0..<count).map { (a[a.count == 1 ? 0 : $0], b[b.count == 1 ? 0 : $0]) }
    }
    if case .integers(let a) = first.elements, case .integers(let b) = second.elements {
      return ONNXTensor(
        shape,
        integers: try pairs(a, b).map { left, right in
          let (value, overflow): (Int, Bool)
          switch operation {
          case "Add": (value, overflow) = left.addingReportingOverflow(right)
          case "Sub": (value, overflow) = left.subtractingReportingOverflow(right)
          case "Mul": (value, overflow) = left.multipliedReportingOverflow(by: right)
          case "Div": (value, overflow) = left.dividedReportingOverflow(by: right)
          case "Min": (value, overflow) = (min(left, right), false)
          case "Max": (value, overflow) = (max(left, right), false)
          default: (value, overflow) = (0, true)
          }
          guard !overflow else { throw refuse("\(left) and \(right)") }
          return value
        })
    }
    return ONNXTensor(
      shape,
      floats: pairs(first.floats, second.floats).map { left, right in
        switch operation {
        case "Add": left + right
        case "Sub": left - right
        case "Mul": left * right
        case "Div": left / right
        case "Min": min(left, right)
        case "Max": max(left, right)
        default: Foundation.pow(left, right)
        }
      })
  }

  static func map(_ operation: String, _ tensor: ONNXTensor) -> ONNXTensor {
    if case .integers(let values) = tensor.elements, ["Floor", "Ceil"].contains(operation) {
      return ONNXTensor(tensor.shape, integers: values)
    }
    return ONNXTensor(
      tensor.shape,
      floats: tensor.floats.map { value in
        switch operation {
        case "Sqrt": value.squareRoot()
        case "Neg": -value
        case "Floor": value.rounded(.down)
        case "Ceil": value.rounded(.up)
        case "Exp": Foundation.exp(value)
        case "Reciprocal": 1 / value
        default: abs(value)
        }
      })
  }
}
