import DFQTestSupport
import DynaDFQ
import Testing

/// Public checkpoints as they are: other names, other metadata, damaged metadata.
@Suite struct LoadingTests {
  /// The same file under other names and with other metadata.
  private func file(
    _ network: Network, metadata: [String: String]? = nil, _ rename: (String) -> String = { $0 }
  ) throws -> SafetensorsFile {
    let file = try network.file()
    var result = SafetensorsFile(metadata: metadata ?? file.metadata)
    for name in file.names { result.add(rename(name), try file.tensor(name)) }
    return result
  }

  private func torchvisionNames(_ name: String) -> String {
    name.replacing("shortcut", with: "downsample").replacing("linear.", with: "fc.")
  }

  private func oddGraph() throws -> Graph {
    var b = GraphBuilder(input: [4, 4, 3])
    let x = try b.add("odd", .convolution(.init(outputChannels: 2, kernel: 3)), b.input)
    try b.add("end", .globalAveragePool, x)
    return b.build()
  }

  private static let publicMetadata = [
    "arch": "resnet8-cifar (projection shortcuts)", "classes": "4",
    "input": "1x3x8x8 RGB, x/255 then mean 0.5,0.4,0.3 std 0.2,0.25,0.3",
  ]

  /// Defect A1: torchvision's names of a CIFAR ResNet with projections.
  @Test func namesOfTorchvision() throws {
    let network = try Network.tinyResNet(projection: true)
    let read = try Network(file(network, torchvisionNames), path: "file")
    #expect(read.parameters == network.parameters)
    let described = try Network(
      file(network, metadata: LoadingTests.publicMetadata, torchvisionNames), path: "file")
    #expect(described.parameters == network.parameters)
    #expect(described.graph == network.graph)
    #expect(described.preprocessing.mean == [0.5, 0.4, 0.3])
    #expect(described.preprocessing.standardDeviation == [0.2, 0.25, 0.3])
  }

  @Test(arguments: ["module.", "model.", "module.backbone.", "_orig_mod."])
  func wrappers(prefix: String) throws {
    let network = try Network.tinyResNet(projection: true)
    let read = try Network(
      file(network) { prefix + torchvisionNames($0) }, path: "file")
    #expect(read.parameters == network.parameters)
  }

  @Test func shortcutsOfTorchvisionNetworks() throws {
    let network = try Architecture(name: "resnet18:input=32x32x3,classes=10").network(seed: 1)
    let file = try file(network) {
      $0.replacing("downsample", with: "shortcut").replacing("fc.", with: "linear.")
    }
    #expect(try Network(file, path: "file").parameters == network.parameters)
  }

  @Test func timmMobileNet() throws {
    let network = try Architecture(name: "mobilenetv2:input=32x32x3,classes=10").network(seed: 1)
    let units = [1, 2, 3, 4, 3, 3, 1]
    var names = [
      "features.0.0": "conv_stem", "features.0.1": "bn1", "features.18.0": "conv_head",
      "features.18.1": "bn2", "classifier.1": "classifier",
    ]
    var index = 1
    for (stage, count) in units.enumerated() {
      for unit in 0..<count {
        let parts =
          stage == 0
          ? [("0.0", "conv_dw"), ("0.1", "bn1"), ("1", "conv_pw"), ("2", "bn2")]
          : [
            ("0.0", "conv_pw"), ("0.1", "bn1"), ("1.0", "conv_dw"), ("1.1", "bn2"),
            ("2", "conv_pwl"), ("3", "bn3"),
          ]
        for (ours, theirs) in parts {
          names["features.\(index).conv.\(ours)"] = "blocks.\(stage).\(unit).\(theirs)"
        }
        index += 1
      }
    }
    let file = try file(network) { name in
      let parts = name.split(separator: ".")
      let base = parts.dropLast().joined(separator: ".")
      return "\(names[base] ?? base).\(parts.last!)"
    }
    #expect(!file.contains("features.0.0.weight"))
    #expect(try Network(file, path: "file").parameters == network.parameters)
  }

  @Test func renaming() throws {
    let network = try Network.tinyResNet(projection: true)
    let file = try file(network) {
      $0.replacing("layer", with: "stage_").replacing("linear", with: "logit")
    }
    #expect(throws: NetworkError.self) { try Network(file, path: "file") }
    let read = try Network(
      file, renaming: NameMap(["stage_*=layer*", "logit=linear"]), path: "file")
    #expect(read.parameters == network.parameters)
    // Two names that become one.
    #expect(throws: NetworkError.self) {
      try Network(file, renaming: NameMap(["stage_*=layer"]), path: "file")
    }
  }

  @Test func advice() throws {
    func message(_ file: SafetensorsFile, _ architecture: String? = nil) -> String {
      do {
        _ = try Network(
          file, architecture: architecture.map { try Architecture(name: $0) }, path: "file")
        return ""
      } catch {
        return "\(error)"
      }
    }
    let projection = try Network.tinyResNet(projection: true)
    // The wrong architecture, no architecture, and an unknown one.
    let plain = try file(projection, metadata: [:], torchvisionNames)
    let fits = "resnet8-cifar-projection:input=32x32x3,classes=4"
    let wrong = message(plain, "resnet8-cifar:classes=4")
    #expect(wrong.contains(fits))
    // The file is named once.
    #expect(wrong.hasPrefix("file: ") && !wrong.contains("file: file"), "\(wrong)")
    #expect(message(plain).contains(fits))
    #expect(message(try file(projection, metadata: ["arch": "alexnet"])).contains(fits))
    // Nothing fits: the message still names the file.
    let odd = try Network.random(oddGraph()).file()
    var unknown = SafetensorsFile(metadata: ["arch": "alexnet"])
    for name in odd.names { unknown.add(name, try odd.tensor(name)) }
    #expect(message(unknown).hasPrefix("file: architecture \"alexnet\" is not known"))
    // Other numbers of classes and channels.
    #expect(message(plain, "resnet8-cifar-projection:classes=10").contains(fits))
    // One layer of another name.
    let renamed = try file(projection) { $0.replacing("linear", with: "logit") }
    #expect(message(renamed).contains("logit=linear"))
  }

  /// Defect A2: an architecture named by the caller keeps the file's normalization.
  @Test func architectureKeepsNormalization() throws {
    let network = try Network.tinyResNet()
    let usual = try Architecture(name: network.architecture)
    let read = try Network(network.file(), architecture: usual, path: "file")
    #expect(read.preprocessing == network.preprocessing)
    let publicFile = try file(
      network, metadata: LoadingTests.publicMetadata.merging(["arch": "unknown"]) { $1 })
    #expect(
      try Network(publicFile, architecture: usual, path: "file").preprocessing.mean
        == [0.5, 0.4, 0.3])
    // A normalization in code takes precedence, and a file without any leaves the usual one.
    let given = Architecture(
      usual.family, imageShape: usual.imageShape, classCount: usual.classCount,
      preprocessing: .efficientNetLite)
    #expect(
      try Network(network.file(), architecture: given, path: "file").preprocessing
        == .efficientNetLite)
    #expect(
      try Network(file(network, metadata: [:]), architecture: usual, path: "file").preprocessing
        == .imageNet)
  }

  @Test(arguments: [
    "0.5, 0.4, 0.3", "[0.5, 0.4, 0.3]", "(0.5 0.4 0.3)", "0.5;0.4;0.3", "0.5\t0.4\n0.3",
    "{0.5;  0.4, 3e-1}",
  ])
  func listsOfNumbers(text: String) throws {
    let network = try Network.tinyResNet()
    var file = try network.file()
    file.metadata["mean"] = text
    #expect(try Network(file, path: "file").preprocessing.mean == [0.5, 0.4, 0.3])
    file.metadata = [
      "arch": "resnet8-cifar", "classes": "4",
      "input": "1x3x8x8 RGB, mean=\(text) std: [0.2, 0.25, 0.3]",
    ]
    let read = try Network(file, path: "file")
    #expect(read.preprocessing.mean == [0.5, 0.4, 0.3])
    #expect(read.preprocessing.standardDeviation == [0.2, 0.25, 0.3])
  }

  @Test func shiftAndScale() throws {
    var file = try Network.tinyResNet().file()
    file.metadata = [
      "arch": "resnet8-cifar", "classes": "4", "input": "1x3x8x8 RGB, (x-127)/128 over 0..255",
    ]
    #expect(try Network(file, path: "file").preprocessing == .efficientNetLite)
  }

  /// Defect A2: what is malformed is an error that names field and file; also in students' files.
  @Test(arguments: [
    ("mean", "nan,nan,nan"), ("mean", ""), ("mean", ","), ("mean", "0.5,0.5"), ("mean", "a,b,c"),
    ("mean", "1e99,0,0"), ("mean", "0.5,0.5,0.5,0.5"), ("mean", nil), ("std", nil),
    ("std", "0,1,1"), ("std", "-1,1,1"), ("std", "inf,1,1"), ("std", "0.5"),
    ("classes", "-5"), ("classes", "1"), ("classes", "many"), ("classes", "4611686018427387904"),
    ("classes", "99999999999999999999"), ("classes", "1000000001"), ("classes", "0"),
    ("input", "1x3x0x0"), ("input", "ax b"), ("input", "1x3x8"), ("input", "1x3x8x99999"),
    ("input", "1x3x-8x8"), ("input", ""), ("graph", "{}"), ("graph", "\u{1b}[2J"),
  ])
  func malformedMetadata(field: String, value: String?) throws {
    let network = try Network.tinyResNet()
    var file = try network.file()
    file.metadata["arch"] = "resnet8-cifar"
    file.metadata["classes"] = "4"
    file.metadata["input"] = "1x3x8x8"
    #expect(throws: Never.self) { try Network(file, path: "file") }
    file.metadata[field] = value
    var student = try QuantizedNetwork(
      network: network, quantizer: Quantizer(weightBits: 4, activationBits: [4]), selector: nil,
      seed: 1
    ).file()
    student.metadata["arch"] = "resnet8-cifar"
    student.metadata["classes"] = "4"
    student.metadata["input"] = "1x3x8x8"
    student.metadata[field] = value
    let readings = [
      { _ = try Network(file, path: "bad.safetensors") },
      { _ = try QuantizedNetwork(student, path: "bad.safetensors") },
    ]
    for read in readings {
      do {
        try read()
        Issue.record("\(field) = \(value ?? "nothing") was taken")
      } catch {
        // A missing or short list shows where the two lists are compared.
        #expect("\(error)".contains("bad.safetensors"))
        #expect("\(error)".contains("\"\(field)\"") || ["mean", "std"].contains(field), "\(error)")
        #expect(!"\(error)".contains("\u{1b}"))
      }
    }
  }

  /// Neither mean nor standard deviation: nothing is guessed.
  @Test func noNormalization() throws {
    var file = try Network.tinyResNet().file()
    file.metadata["mean"] = nil
    file.metadata["std"] = nil
    do {
      _ = try Network(file, path: "file.safetensors")
      Issue.record("a network without normalization was taken")
    } catch {
      #expect("\(error)".contains("mean") && "\(error)".contains("file.safetensors"))
    }
  }

  /// Defect B: a small file that claims a million classes costs a comparison of shapes.
  @Test(arguments: ["efficientnet-lite0:classes=1000000", "resnet50:classes=1000000"])
  func shapesComeBeforeMemory(name: String) throws {
    var file = SafetensorsFile(metadata: ["arch": name, "mean": "0,0,0", "std": "1,1,1"])
    file.add("conv1.weight", Tensor(shape: [64, 3, 7, 7]))
    let before = residentBytes()
    #expect(throws: NetworkError.self) { try Network(file, path: "file") }
    #expect(throws: NetworkError.self) {
      try Network(file, architecture: Architecture(name: name), path: "file")
    }
    #expect(residentBytes() - before < 256 << 20)
  }

  @Test func hostileTextStaysOnOneLine() throws {
    let long = String(repeating: "A", count: 1 << 20) + "\u{1b}[31m\n"
    var file = try Network.tinyResNet().file()
    for field in ["arch", "mean", "std", "graph"] {
      let usual = file.metadata[field]
      file.metadata[field] = "\u{1b}[31m\n" + long
      do {
        _ = try Network(file, path: "a\u{7}b")
        Issue.record("\(field) was taken")
      } catch {
        let text = "\(error)"
        #expect(text.utf8.count < 2000)
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 })
      }
      file.metadata[field] = usual
    }
    let odd = try file.replacing(["x\u{1b}y\n": Tensor(shape: [1])])
    do {
      _ = try Network(odd, path: "file")
      Issue.record("an unknown tensor was taken")
    } catch {
      #expect(!"\(error)".unicodeScalars.contains { $0.value < 0x20 })
    }
  }
}

/// The memory this process has now.
private func residentBytes() -> Int {
  let text = (try? fileBytes("/proc/self/statm")).map { String(decoding: $0, as: UTF8.self) } ?? ""
  return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
}
