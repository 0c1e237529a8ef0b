import DFQTestSupport
import DynaDFQ
import Testing

@Suite struct NetworkFileTests {
  @Test(arguments: [false, true])
  func roundTrip(projection: Bool) throws {
    let network = try Network.tinyResNet(projection: projection)
    try withTemporaryDirectory { directory in
      let path = directory + "/network.safetensors"
      try network.write(to: path)
      let read = try Network(contentsOf: path)
      #expect(read.architecture == network.architecture)
      #expect(read.graph == network.graph)
      #expect(read.parameters == network.parameters)
      #expect(read.preprocessing == network.preprocessing)
      let first = try fileBytes(path)
      try read.write(to: path)
      #expect(try fileBytes(path) == first)
    }
  }

  /// PyTorch's layouts: O I KH KW and O I.
  @Test func layouts() throws {
    let network = try Network.tinyResNet()
    let file = try network.file()
    #expect(try file.shape(of: "layer2.0.conv1.weight") == [32, 16, 3, 3])
    #expect(try file.shape(of: "linear.weight") == [4, 64])
    let own = network.parameters["layer2.0.conv1.weight"]!
    let theirs = try file.tensor("layer2.0.conv1.weight")
    let (o, i, y, x) = (5, 7, 2, 1)
    #expect(theirs[((o * 16 + i) * 3 + y) * 3 + x] == own[((y * 3 + x) * 16 + i) * 32 + o])
    #expect(
      try file.tensor("linear.weight")[3 * 64 + 11]
        == network.parameters["linear.weight"]![11 * 4 + 3])
  }

  private func reading(_ file: SafetensorsFile) -> NetworkError? {
    do {
      _ = try Network(
        file, architecture: Architecture(metadata: file.metadata), path: "file.safetensors")
      return nil
    } catch {
      return error as? NetworkError
    }
  }

  @Test func mismatches() throws {
    let file = try Network.tinyResNet().file()
    #expect(reading(file) == nil)
    #expect(
      reading(try file.replacing(["bn1.num_batches_tracked": Tensor(shape: [1])])) == nil)
    #expect(
      reading(try file.replacing(["layer1.0.conv1.weight": Tensor(shape: [16, 16, 5, 5])]))
        == .parameterShape(
          layer: "layer1.0.conv1", parameter: "layer1.0.conv1.weight", expected: [16, 16, 3, 3],
          found: [16, 16, 5, 5]))
    #expect(
      reading(try file.replacing(["bn1.running_var": Tensor?.none]))
        == .missingParameter(layer: "bn1", parameter: "bn1.running_var", file: "file.safetensors"))
    #expect(
      reading(try file.replacing(["z": Tensor(shape: [1]), "a": Tensor(shape: [1])]))
        == .unexpectedParameters(file: "file.safetensors", names: ["a", "z"]))
    #expect(
      reading(try file.replacing(["linear.bias": Tensor(shape: [4], elements: [0, .nan, 0, 0])]))
        == .notFinite(layer: "linear", parameter: "linear.bias"))
    #expect(
      reading(try file.replacing(["linear.bias": Tensor(shape: [4], repeating: .infinity)]))
        == .notFinite(layer: "linear", parameter: "linear.bias"))
  }

  @Test func messagesNameBothShapes() {
    let error = NetworkError.parameterShape(
      layer: "conv1", parameter: "conv1.weight", expected: [16, 3, 3, 3], found: [16, 1, 3, 3])
    #expect(error.description.contains("conv1"))
    #expect(error.description.contains("16x3x3x3") && error.description.contains("16x1x3x3"))
  }

  @Test func metadata() throws {
    for metadata in [[:], ["arch": ""], ["arch": "alexnet"]] {
      #expect(throws: NetworkError.self) { _ = try Architecture(metadata: metadata) }
    }
    let architecture = try Architecture(metadata: [
      "arch": "resnet20-cifar (padded shortcuts)", "classes": "10",
      "input": "1x3x32x32 RGB, x/255 then mean 0.5,0.4,0.3 std 0.2,0.25,0.3",
    ])
    #expect(architecture.imageShape == [32, 32, 3])
    #expect(
      architecture.preprocessing
        == Preprocessing(mean: [0.5, 0.4, 0.3], standardDeviation: [0.2, 0.25, 0.3]))
    // A deviation of zero, or as many means as there are not channels.
    #expect(throws: NetworkError.self) {
      _ = try Architecture(metadata: [
        "arch": "resnet20-cifar:input=28x28x1,classes=10", "mean": "0.5,0.5,0.5",
        "std": "0.2,0.2,0.2",
      ])
    }
  }

  /// Files whose metadata make no sense are errors or defaults, never traps.
  @Test(arguments: [
    ["input": "1x3x0x0"], ["input": "ax b"], ["classes": "-3"], ["classes": "99999999999999999999"],
    ["mean": "nan,nan,nan", "std": "1,1,1"], ["mean": "1,2,3", "std": "0,1,1"], ["mean": ","],
    ["input": "1x3x1x1"],
  ])
  func oddMetadata(extra: [String: String]) throws {
    let metadata = extra.merging(["arch": "resnet20-cifar"]) { own, _ in own }
    if let architecture = try? Architecture(metadata: metadata) {
      #expect(architecture.preprocessing.mean.allSatisfy { $0.isFinite })
      #expect(architecture.preprocessing.standardDeviation.allSatisfy { $0 > 0 })
      #expect(architecture.classCount > 1)
    }
  }

  @Test func preprocessing() throws {
    let preprocessing = Preprocessing(
      mean: [0.485, 0.456, 0.406], standardDeviation: [0.2, 0.3, 1])
    let image = PixelImage(
      height: 16, width: 16, channels: 3, pixels: (0..<768).map { UInt8($0 % 256) })
    let input = try preprocessing.apply(to: image, shape: [16, 16, 3])
    #expect(abs(input[3] - (3.0 / 255 - 0.485) / 0.2) < 1e-6)
    #expect(preprocessing.picture(of: input) == image)
    let wild = Tensor(shape: [1, 1, 3], elements: [.nan, 1e9, -.infinity])
    #expect(preprocessing.picture(of: wild).pixels == [0, 255, 0])
    #expect(throws: NetworkError.imageShape(expected: [16, 15, 3], found: [16, 16, 3])) {
      _ = try preprocessing.apply(to: image, shape: [16, 15, 3])
    }
  }
}
