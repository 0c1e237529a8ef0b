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
      _ = try Network(file, path: "file.safetensors")
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

  @Test func preprocessing() throws {
    let preprocessing = try Preprocessing(
      mean: [0.485, 0.456, 0.406], standardDeviation: [0.2, 0.3, 1])
    let image = PixelImage(
      height: 16, width: 16, channels: 3, pixels: (0..<768).map { UInt8($0 % 256) })
    let input = try preprocessing.apply(to: image, shape: [16, 16, 3])
    #expect(abs(input[3] - (3.0 / 255 - 0.485) / 0.2) < 1e-6)
    #expect(try preprocessing.picture(of: input) == image)
    let wild = Tensor(shape: [1, 1, 3], elements: [.nan, 1e9, -.infinity])
    #expect(try preprocessing.picture(of: wild).pixels == [0, 255, 0])
    #expect(throws: NetworkError.imageShape(expected: [16, 15, 3], found: [16, 16, 3])) {
      _ = try preprocessing.apply(to: image, shape: [16, 15, 3])
    }
  }
}
