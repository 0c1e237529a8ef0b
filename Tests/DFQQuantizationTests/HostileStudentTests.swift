import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Students' files: the same student back, and errors that say what does not fit.
@Suite struct HostileStudentTests {
  func student(
    _ quantizer: Quantizer = Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
    selector: BitSelector? = .init(.perLayer)
  ) throws -> QuantizedNetwork {
    var student = try QuantizedNetwork(
      network: .tinyResNet(), quantizer: quantizer, selector: selector, seed: 1)
    var stream = RandomStream(seed: 2)
    try student.calibrate(batches: [stream.tensor([6, 8, 8, 3])], context: .init(threads: 2))
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = stream.normal()
    }
    student.bitPrice = 0.25
    return student
  }

  @Test func roundTrips() throws {
    var follows = Quantizer(weightBits: 4, activationBits: [3, 5])
    follows.weightsFollowActivations = true
    var percentile = Quantizer.family(weightBits: 3, activationBits: [4])
    percentile.weights.range = .percentile(0.99)
    let students = [
      try student(), try student(follows), try student(percentile),
      try student(selector: .init(.perImage)),
      try student(selector: .init(.perImage, point: 2)),
      try student(selector: .init(MarginCascade(levels: [3, 5], shares: [0.25]))),
      try student(Quantizer(weightBits: 4, activationBits: [2, 8], fullyQuantized: true)),
      try student(
        Quantizer(
          weightBits: 4, activationBits: [4],
          overrides: [.init("linear", ignored: true), .init("conv1", weightBits: 8)])),
    ]
    for student in students {
      let bytes = try student.file().encoded()
      let read = try QuantizedNetwork(SafetensorsFile(decoding: bytes), path: "memory")
      #expect(try read.file().encoded() == bytes)
      #expect(read.activationGrids == student.activationGrids)
      #expect(read.weightSteps == student.weightSteps)
      #expect(read.weightShrink == student.weightShrink)
      #expect(read.selectorParameters == student.selectorParameters)
      #expect(read.selector == student.selector)
      #expect(read.quantizer == student.quantizer)
      #expect(read.bitPrice == student.bitPrice)
    }
  }

  func error(_ file: SafetensorsFile) -> (any Error)? {
    do {
      _ = try QuantizedNetwork(file, path: "student.safetensors")
      return nil
    } catch {
      return error
    }
  }

  func isBadStudent(_ file: SafetensorsFile) -> Bool {
    if case QuantizationError.badStudent(let path, _, _)? = error(file) {
      path == "student.safetensors"
    } else {
      false
    }
  }

  @Test func settings() throws {
    let file = try student().file()
    #expect(error(file) == nil)
    func with(_ key: String, _ value: String?) -> SafetensorsFile {
      var changed = file
      changed.metadata[key] = value
      return changed
    }
    #expect(isBadStudent(with("format", nil)))
    #expect(isBadStudent(with("format", "pt")))
    #expect(isBadStudent(with("quantizer", nil)))
    #expect(isBadStudent(with("quantizer", "{}")))
    #expect(isBadStudent(with("selector", "[1]")))
    let quantizer = file.metadata["quantizer"]!
    let wide = quantizer.replacingOccurrences(
      of: "\"activationBits\":[3,4,5]", with: "\"activationBits\":[3,4,9]")
    #expect(wide != quantizer)
    #expect(
      error(with("quantizer", wide)) as? QuantizationError
        == .bitsOutOfRange(what: "activations", found: 9))
    let selector = file.metadata["selector"]!
    for positions in ["0", "-1", "65", "1000000"] {
      #expect(
        isBadStudent(
          with(
            "selector",
            selector.replacingOccurrences(of: "\"positions\":4", with: "\"positions\":\(positions)")
          )))
    }
    #expect(error(with("arch", "alexnet")) is NetworkError)
    #expect(error(with("arch", nil)) is NetworkError)
  }

  @Test func tensors() throws {
    let student = try student()
    let file = try student.file()
    func with(_ name: String, _ tensor: Tensor?) throws -> SafetensorsFile {
      try file.replacing(["quantization.\(name)": tensor])
    }
    let grids = "activations.0.grids"
    let good = try file.tensor("quantization.\(grids)")
    func grid(_ position: Int, _ value: Float) throws -> SafetensorsFile {
      var changed = good
      changed[position] = value
      return try with(grids, changed)
    }
    #expect(
      error(try with(grids, nil)) as? InterchangeError
        == .missingTensor(path: "student.safetensors", name: "quantization.\(grids)"))
    #expect(isBadStudent(try with(grids, Tensor(shape: [2, 4], repeating: 1))))
    #expect(isBadStudent(try grid(0, .nan)))
    #expect(isBadStudent(try grid(0, 0)))
    #expect(isBadStudent(try grid(0, -1)))
    #expect(isBadStudent(try grid(1, 1e30)))
    #expect(isBadStudent(try grid(3, -5)))
    // A grid of more levels than its bits would make BitOPs a lie.
    #expect(isBadStudent(try grid(3, 255)))
    #expect(isBadStudent(try with("selector.parameters", Tensor(shape: [3]))))
    #expect(isBadStudent(try with("selector.price", Tensor(shape: [1], repeating: .nan))))
    let steps = student.weightSteps[0].count
    #expect(isBadStudent(try with("weights.0.steps", Tensor(shape: [steps + 1], repeating: 1))))
    #expect(isBadStudent(try with("weights.0.steps", Tensor(shape: [steps], repeating: -1))))
    #expect(isBadStudent(try with("weights.0.steps", Tensor(shape: [steps], repeating: 0))))
    let points = student.placement.points.count
    #expect(isBadStudent(try with("activations.levels", Tensor(shape: [points], repeating: 0))))
    #expect(
      error(try file.replacing(["linear.bias": Tensor(shape: [4], repeating: .nan)]))
        as? NetworkError == .notFinite(layer: "linear", parameter: "linear.bias"))
    #expect(error(try file.replacing(["linear.bias": Tensor?.none])) is NetworkError)
  }

  @Test func aNetworkIsNoStudent() throws {
    #expect(isBadStudent(try Network.tinyResNet().file()))
  }
}

/// What files of students must not do, and what must not be written.
extension HostileStudentTests {
  @Test func hostileSettings() throws {
    let file = try student().file()
    func with(_ key: String, _ from: String, _ to: String) -> SafetensorsFile {
      var changed = file
      let text = file.metadata[key]!
      let new = text.replacingOccurrences(of: from, with: to)
      #expect(new != text)
      changed.metadata[key] = new
      return changed
    }
    let features = String(repeating: "\"mean\",", count: 99_999) + "\"mean\""
    #expect(isBadStudent(with("selector", "\"deviation\"", features)))
    #expect(isBadStudent(with("selector", "\"deviation\"", "")))
    #expect(isBadStudent(with("selector", "\"hidden\":0", "\"hidden\":4096")))
    #expect(isBadStudent(with("selector", "\"hidden\":0", "\"hidden\":9223372036854775807")))
    #expect(isBadStudent(with("selector", "\"positions\":4", "\"positions\":1e300")))
    #expect(isBadStudent(with("selector", "\"kind\":\"perLayer\"", "\"kind\":\"unknown\"")))
    let bits = String(repeating: "4,", count: 300_000) + "3,5,4"
    #expect(error(with("quantizer", "[3,4,5]", "[\(bits)]")) == nil)
    #expect(error(with("quantizer", "[3,4,5]", "[5,4,3]")) == nil)
    #expect(
      error(with("quantizer", "[3,4,5]", "[-9223372036854775808]")) as? QuantizationError
        == .bitsOutOfRange(what: "activations", found: .min))
    var long = file
    long.metadata["quantizer"]! += String(repeating: " ", count: 2 << 20)
    #expect(isBadStudent(long))
  }

  /// Students written before selectors had kinds.
  @Test func formerSelectors() throws {
    var file = try student(selector: .init(.perLayer)).file()
    file.metadata["selector"] =
      #"{"features":["deviation"],"granularity":"perLayer","hidden":0,"point":0,"positions":4}"#
    let read = try QuantizedNetwork(file, path: "memory")
    #expect(read.selector == BitSelector(.perLayer))
  }

  @Test func fractionalZeroPoints() throws {
    let student = try student(.family(weightBits: 4, activationBits: [3, 4, 5]))
    let file = try student.file()
    let name = "quantization.activations.0.grids"
    func grid(_ position: Int, _ change: Float) throws -> SafetensorsFile {
      var tensor = try file.tensor(name)
      tensor[position] += change
      return try file.replacing([name: tensor])
    }
    #expect(error(try grid(1, 0)) == nil)
    #expect(isBadStudent(try grid(1, 0.5)))
    // Codes that start nowhere.
    var shifted = try file.tensor(name)
    shifted[2] += 1
    shifted[3] += 1
    #expect(isBadStudent(try file.replacing([name: shifted])))
  }

  @Test func whatDivergedIsNotWritten() throws {
    let good = try student()
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("diverged-\(UUID()).safetensors").path
    func error(_ change: (inout QuantizedNetwork) -> Void) -> (any Error)? {
      var student = good
      change(&student)
      do {
        try student.write(to: path)
        return nil
      } catch {
        return error
      }
    }
    let layer = good.layers[2].name
    let output = good.outputs[1].name
    let weight = good.network.parameters.layout.entry(named: "\(layer).weight")!
    #expect(
      error { $0.network.parameters.values[weight.range.lowerBound] = .nan } as? NetworkError
        == .notFinite(layer: layer, parameter: "\(layer).weight"))
    #expect(
      error { $0.weightSteps[2][0] = .infinity } as? QuantizationError
        == .notFinite(layer: layer, what: "the steps of its weights"))
    #expect(error { $0.weightSteps[2][0] = 0 } is QuantizationError)
    for step in [Float.nan, .infinity, 0, -1] {
      #expect(
        error { $0.activationGrids[1][0].levelsPerUnit = step } as? QuantizationError
          == .notFinite(layer: output, what: "the grids of its values"))
    }
    #expect(error { $0.selectorParameters[0] = .nan } is QuantizationError)
    #expect(error { $0.bitPrice = .nan } is QuantizationError)
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func inputsOfAnotherShape() throws {
    let student = try student()
    #expect(throws: NetworkError.imageShape(expected: [8, 8, 3], found: [8, 8, 1])) {
      _ = try student.decisions(ofInputs: Tensor(shape: [2, 8, 8, 1]))
    }
    #expect(throws: NetworkError.noSuchLayer(name: "nowhere")) {
      _ = try student.integerWeights(of: "nowhere")
    }
    #expect(
      throws: QuantizationError.notAWeightWidth(layer: "conv1", bits: 5, widths: [4])
    ) {
      _ = try student.integerWeights(of: "conv1", bits: 5)
    }
    let ignored = try self.student(
      Quantizer(weightBits: 4, activationBits: [3], overrides: [.init("conv1", ignored: true)]))
    #expect(throws: QuantizationError.weightsAreFloat(layer: "conv1")) {
      _ = try ignored.integerWeights(of: "conv1")
    }
  }

  @Test func studentsAreToldFromNetworks() throws {
    #expect(QuantizedNetwork.isStored(in: try student().file()))
    #expect(!QuantizedNetwork.isStored(in: try Network.tinyResNet().file()))
  }
}
