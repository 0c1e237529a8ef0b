import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Students' files: the same student back, and errors that say what does not fit.
@Suite struct HostileStudentTests {
  private func student(
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

  private func error(_ file: SafetensorsFile) -> (any Error)? {
    do {
      _ = try QuantizedNetwork(file, path: "student.safetensors")
      return nil
    } catch {
      return error
    }
  }

  private func isBadStudent(_ file: SafetensorsFile) -> Bool {
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
