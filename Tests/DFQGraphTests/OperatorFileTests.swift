import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// The text of layers' settings: files of earlier versions stay readable, and what cannot be is refused.
@Suite struct OperatorFileTests {
  private func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private func read<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }

  @Test(arguments: [
    (Activation.relu, #"{"relu":{}}"#), (.relu6, #"{"relu6":{}}"#),
    (.leakyReLU(negativeSlope: 0.5), #"{"leakyReLU":{"negativeSlope":0.5}}"#),
    (.tanh, #"{"tanh":{}}"#), (.sigmoid, #"{"sigmoid":{}}"#),
    (.hardSigmoid(slope: 0.25, offset: 0.5), #"{"hardSigmoid":{"offset":0.5,"slope":0.25}}"#),
    (.hardSwish, #"{"hardSwish":{}}"#), (.silu, #"{"silu":{}}"#), (.gelu, #"{"gelu":{}}"#),
    (.geluTanh, #"{"geluTanh":{}}"#),
    (.clip(minimum: -1, maximum: 6), #"{"clip":{"maximum":6,"minimum":-1}}"#),
    (.clip(minimum: 0, maximum: .infinity), #"{"clip":{"minimum":0}}"#),
    (.clip(minimum: -.infinity, maximum: .infinity), #"{"clip":{}}"#),
  ])
  func activations(_ activation: Activation, form: String) throws {
    #expect(try text(activation) == form)
    #expect(try read(Activation.self, form) == activation)
  }

  @Test(arguments: [
    "{}", #"{"swish":{}}"#, #"{"relu":{},"tanh":{}}"#, #"{"relu":1}"#, #"{"leakyReLU":{}}"#,
    #"{"hardSigmoid":{"slope":1}}"#, #"{"clip":{"minimum":"low"}}"#, "[]",
  ])
  func damagedActivations(form: String) {
    #expect(throws: DecodingError.self) { try read(Activation.self, form) }
  }

  @Test func channels() throws {
    let form = #"{"indices":[2,0,2]}"#
    #expect(try text(ChannelSelection([2, 0, 2])) == form)
    #expect(try read(ChannelSelection.self, form) == ChannelSelection([2, 0, 2]))
    let norm = LocalResponseNormalization(size: 5, alpha: 0.5, beta: 0.75, bias: 2)
    #expect(try text(norm) == #"{"alpha":0.5,"beta":0.75,"bias":2,"size":5}"#)
    #expect(try read(LocalResponseNormalization.self, text(norm)) == norm)
  }

  @Test func averagePools() throws {
    let window = PoolingWindow(kernel: 2, stride: 1, padding: 1)
    let old = "{\"window\":\(try text(window))}"
    #expect(try read(AveragePool.self, old) == AveragePool(window))
    #expect(try text(AveragePool(window)) == old)
    let counted = AveragePool(window, countsPadding: true)
    #expect(try read(AveragePool.self, text(counted)) == counted)
  }

  private func isRefused(_ build: (inout GraphBuilder) throws -> Void) -> Bool {
    var builder = GraphBuilder(input: [4, 4, 3])
    do {
      try build(&builder)
      return false
    } catch {
      if case .shapeMismatch("x", _, _) = error as? NetworkError {
        return true
      } else {
        return false
      }
    }
  }

  @Test(arguments: [
    Activation.clip(minimum: 1, maximum: 0), .clip(minimum: .nan, maximum: 1),
    .clip(minimum: 0, maximum: .nan), .clip(minimum: .infinity, maximum: .infinity),
    .clip(minimum: -.infinity, maximum: -.infinity), .hardSigmoid(slope: .infinity, offset: 0),
    .hardSigmoid(slope: 1, offset: .nan),
  ])
  func settingsOfActivations(activation: Activation) {
    #expect(isRefused { try $0.add("x", .activation(activation), 0) })
  }

  @Test func settingsAndInputs() {
    #expect(isRefused { try $0.add("x", .layerNorm(epsilon: -1), 0) })
    #expect(isRefused { try $0.add("x", .layerNorm(epsilon: .nan), 0) })
    #expect(isRefused { try $0.add("x", .padMap(Padding(-1)), 0) })
    #expect(isRefused { try $0.add("x", .padMap(Padding(.max)), 0) })
    #expect(isRefused { try $0.add("x", .padMap(Padding(1), value: .nan), 0) })
    // Settings that are modest one by one and too much together.
    #expect(isRefused { try $0.add("x", .padMap(Padding(1 << 20)), 0) })
    #expect(isRefused { try $0.add("x", .prelu, 0, 0) })
    #expect(isRefused { try $0.add("x", .channelAffine, 0, 0) })
    #expect(isRefused { try $0.add("x", .product, 0) })
    #expect(isRefused { try $0.add("x", .product, 0, 0, 0) })
    #expect(isRefused { try $0.add("x", .concatenation, inputs: .init(repeating: 0, count: 5000)) })
    #expect(
      isRefused {
        let less = try $0.add("less", .maxPool(.init(kernel: 2, stride: 2)), 0)
        try $0.add("x", .product, 0, less)
      })
    #expect(
      isRefused {
        let less = try $0.add("less", .maxPool(.init(kernel: 2, stride: 2)), 0)
        try $0.add("x", .concatenation, 0, less)
      })
    #expect(
      isRefused {
        let vector = try $0.add("vector", .globalAveragePool, 0)
        try $0.add("x", .concatenation, 0, vector)
      })
    #expect(isRefused { try $0.add("x", .channelSelection([]), 0) })
    #expect(isRefused { try $0.add("x", .channelSelection([3]), 0) })
    #expect(isRefused { try $0.add("x", .channelSelection([0, -1]), 0) })
    #expect(isRefused { try $0.add("x", .channelSelection([.min]), 0) })
    #expect(isRefused { try $0.add("x", .channelSelection([0]), 0, 0) })
    #expect(
      isRefused { try $0.add("x", .channelSelection(.init(repeating: 0, count: 1 << 21)), 0) })
    for layer: LocalResponseNormalization in [
      .init(size: 0), .init(size: -1), .init(size: .max), .init(size: 3, alpha: -1),
      .init(size: 3, alpha: .infinity), .init(size: 3, beta: -1), .init(size: 3, beta: .nan),
      .init(size: 3, bias: 0), .init(size: 3, bias: .nan),
    ] { #expect(isRefused { try $0.add("x", layer, 0) }, "\(layer)") }
    // The factors come second.
    #expect(
      isRefused {
        let vector = try $0.add("vector", .globalAveragePool, 0)
        try $0.add("x", .product, vector, 0)
      })
  }
}
