import DFQTestSupport
import DynaDFQ
import Testing

@Suite struct ZooTests {
  struct Size: Sendable {
    let name: String
    let parameters: Int
    let macs: Int
  }

  /// Parameters as PyTorch counts them (no running statistics); MACs of layers with weights.
  ///
  /// ResNet-20: 442,368 + 6 * 2,359,296 + 2 * (1,179,648 + 5 * 2,359,296) + 640;
  /// projections add 2 * 131,072.
  static let expected = [
    Size(name: "resnet20-cifar", parameters: 269_722, macs: 40_551_040),
    Size(name: "resnet20-cifar-projection", parameters: 272_474, macs: 40_813_184),
    Size(name: "resnet18", parameters: 11_689_512, macs: 1_814_073_344),
    Size(name: "resnet34", parameters: 21_797_672, macs: 3_663_761_408),
    Size(name: "resnet50", parameters: 25_557_032, macs: 4_089_184_256),
    Size(name: "mobilenetv2", parameters: 3_504_872, macs: 300_774_272),
  ]

  @Test(arguments: expected)
  func sizes(_ size: Size) throws {
    let network = try Architecture(name: size.name).network(seed: 0)
    let learned = network.parameters.layout.entries.filter(\.role.isLearned)
    #expect(learned.reduce(0) { $0 + $1.range.count } == size.parameters)
    #expect(network.graph.macs == size.macs)
  }

  @Test func efficientNetLite0() throws {
    let network = try Architecture(name: "efficientnet-lite0").network(seed: 0)
    let learned = network.parameters.layout.entries.filter(\.role.isLearned)
    #expect(learned.reduce(0) { $0 + $1.range.count } == 4_652_008)
    // Published as 407 M multiply-adds, batch norm and pooling counted.
    #expect((0.38e9...0.41e9).contains(Double(network.graph.macs)))
  }

  @Test func namesOfCheckpoints() throws {
    let cases = [
      "resnet20-cifar": ["conv1.weight", "layer3.2.bn2.running_var", "linear.bias"],
      "resnet20-cifar-projection": ["layer2.0.shortcut.0.weight", "layer2.0.shortcut.1.bias"],
      "resnet18": ["layer2.0.downsample.0.weight", "fc.weight"],
      "resnet50": ["layer1.0.downsample.1.running_mean", "layer4.2.conv3.weight"],
      "mobilenetv2": [
        "features.1.conv.0.0.weight", "features.2.conv.2.weight", "features.18.1.weight",
        "classifier.1.weight",
      ],
      "efficientnet-lite0": ["_conv_stem.weight", "_blocks.0._depthwise_conv.weight", "_fc.bias"],
    ]
    for (name, expected) in cases {
      let layout = try Architecture(name: name).network(seed: 0).parameters.layout
      for parameter in expected {
        #expect(layout.entry(named: parameter) != nil, "\(name) \(parameter)")
      }
    }
    let layout = try Architecture(name: "resnet18").network(seed: 0).parameters.layout
    #expect(layout.entry(named: "layer1.0.downsample.0.weight") == nil)
  }

  @Test(arguments: [
    "resnet20-cifar:input=28x28x1,classes=10", "resnet56-cifar-projection", "resnet8-cifar",
    "mobilenetv2:input=96x96x3,classes=5",
  ])
  func names(name: String) throws {
    let architecture = try Architecture(name: name)
    #expect(try Architecture(name: architecture.name).name == architecture.name)
    #expect(architecture.name.hasPrefix(name))
  }

  @Test(arguments: [
    "", "resnet", "resnet19-cifar", "resnet2-cifar", "resnet101", "resnet20", "vgg16",
    "resnet20-cifar:input=28x28", "resnet20-cifar:classes=1", "resnet20-cifar:input=0x1x1",
    "resnet20-cifar:input=99999999999999999999x1x1", "resnet20-cifar:colour=red",
    "resnet20-cifar:classes", "resnet99999999999999999999-cifar",
  ])
  func unknownNames(name: String) {
    do {
      _ = try Architecture(name: name)
      Issue.record("\(name) was taken")
    } catch {
      guard case NetworkError.unknownArchitecture(let found, let known)? = error as? NetworkError
      else {
        Issue.record("\(error)")
        return
      }
      #expect(found == name)
      #expect(known.contains("resnet18"))
    }
  }

  /// Padded shortcuts put the zeros of an odd difference after, and every stage halves.
  @Test func shapes() throws {
    let graph = try Architecture(name: "resnet20-cifar").network(seed: 0).graph
    let shapes = ["layer1.2.relu", "layer2.0.shortcut", "layer3.2.relu", "pool"].map {
      (try? graph.position(of: $0)).map { graph.nodes[$0].outputShape }
    }
    #expect(shapes == [[32, 32, 16], [16, 16, 32], [8, 8, 64], [64]])
  }

  @Test func initialization() throws {
    let network = try Architecture(name: "resnet20-cifar").network(seed: 3)
    let same = try Architecture(name: "resnet20-cifar").network(seed: 3)
    let other = try Architecture(name: "resnet20-cifar").network(seed: 4)
    #expect(network.parameters == same.parameters)
    #expect(network.parameters != other.parameters)
    let weight = network.parameters["layer3.1.conv1.weight"]!.elements
    // He's rule with fan out 9 * 64; 36,864 draws, so 5 standard errors are 2 % of the variance.
    let variance = dot(weight, weight) / Double(weight.count)
    #expect(abs(variance / (2.0 / 576) - 1) < 0.05)
  }

  @Test func pretrained() throws {
    let network = try Network.pretrained(.resNet20FashionMNIST)
    #expect(network.imageShape == [28, 28, 1])
    #expect(network.classCount == 10)
    try network.checkTeacher()
  }
}
