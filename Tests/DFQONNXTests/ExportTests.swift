import DFQONNX
import DFQTestSupport
import DynaDFQ
import Testing

/// Exported graphs that need no other engine to be checked; Scripts/check-onnx runs them in ONNX Runtime.
@Suite struct ExportTests {
  private func student(_ quantizer: Quantizer, _ selector: BitSelector? = nil) throws
    -> QuantizedNetwork
  {
    let teacher = try Network.tinyResNet()
    let images = try SyntheticImages.noise(count: 8, for: teacher, seed: 1)
    return try DynamicTrainer(
      teacher: teacher, quantizer: quantizer, selector: selector,
      configuration: .init(budget: selector == nil ? nil : 4, steps: 2, imagesPerStep: 4)
    ).train(on: images)
  }

  /// The same network has the same bytes, in every format.
  @Test func bytesDependOnTheNetworkOnly() throws {
    let network = try IntegerNetwork(student(Quantizer(weightBits: 4, activationBits: [4])))
    for format in ONNXFormat.allCases {
      let bytes = try ONNXExport(network, format: format).bytes()
      #expect(try bytes == ONNXExport(network, format: format).bytes())
      #expect(!bytes.isEmpty)
    }
  }

  /// Types of 4 bits need opset 21; other widths than 8 and 4 need `Clip`.
  @Test func formatsHaveTheirWidths() throws {
    let four = try IntegerNetwork(student(Quantizer(weightBits: 4, activationBits: [4])))
    #expect(try ONNXExport(four, format: .qdq).opset == 21)
    #expect(try ONNXExport(four, format: .qcdq).opset == 13)
    let three = try IntegerNetwork(student(Quantizer(weightBits: 3, activationBits: [3])))
    #expect(throws: ONNXError.self) { try ONNXExport(three, format: .qdq) }
    #expect(throws: Never.self) { try ONNXExport(three, format: .qcdq) }
    #expect(throws: Never.self) { try ONNXExport(three, format: .qdq, isExact: true) }
  }

  /// A selector's operators are in the file, and none are in that of a static student.
  @Test func selectorsAreOperators() throws {
    let dynamic = try IntegerNetwork(
      student(Quantizer(weightBits: 4, activationBits: [3, 4, 5]), BitSelector(.perLayer)))
    let fixed = try IntegerNetwork(student(Quantizer(weightBits: 4, activationBits: [4])))
    func mentions(_ network: IntegerNetwork, _ text: String) throws -> Bool {
      contains(try ONNXExport(network).bytes(), text)
    }
    #expect(try mentions(dynamic, "ArgMax"))
    #expect(try !mentions(fixed, "ArgMax"))
  }

  /// Decisions from codes are in both forms.
  @Test(arguments: [false, true])
  func decisionsFromCodesAreOperators(isExact: Bool) throws {
    let network = try IntegerNetwork(
      student(
        Quantizer(weightBits: 4, activationBits: [3, 4]),
        BitSelector(LayerInputSelector(features: [.mean, .deviation]))))
    let points = network.model.levels[0].decisions.filter(\.isRounded).map {
      network.model.levels[0].points[$0.point].name
    }
    #expect(!points.isEmpty)
    let bytes = try ONNXExport(network, format: .qcdq, isExact: isExact).bytes()
    for point in points {
      for name in ["meanCode", "codeDeviation", "best"] {
        let isThere = contains(bytes, "\(point).decision.\(name)")
        #expect(isThere, "\(name) of \(point)")
      }
    }
  }

  private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    bytes.indices.contains { bytes[$0...].starts(with: text.utf8) }
  }

  /// Batch norm is in the scales of the weights, or in nodes of its own.
  @Test func batchNormIsFoldedOrKept() throws {
    let network = try IntegerNetwork(student(Quantizer(weightBits: 4, activationBits: [4])))
    for folds in [true, false] {
      let bytes = try ONNXExport(network, foldsBatchNorm: folds).bytes()
      let hasNorm = bytes.indices.contains { bytes[$0...].starts(with: "BatchNormalization".utf8) }
      #expect(hasNorm != folds)
    }
  }

  /// What is written is read again as quantized operators, which are refused with advice.
  @Test func exportedModelsAreNoTeachers() throws {
    let network = try IntegerNetwork(student(Quantizer(weightBits: 4, activationBits: [4])))
    let bytes = try ONNXExport(network).bytes()
    #expect {
      try ONNXImport(decoding: bytes)
    } throws: { error in
      guard case ONNXError.unsupported(_, let operators)? = error as? ONNXError else {
        return false
      }
      return operators.contains {
        $0.name == "QuantizeLinear" && $0.advice?.contains("floating point") == true
      }
    }
  }
}
