import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// The methods of the literature that optimize pixels.
@Suite struct PixelMethodTests {
  /// All forms, with few Gaussian images for margins.
  static func methods() throws -> [any SynthesisMethod] {
    var dsg = DSG()
    dsg.marginImages = 24
    var official = DSG.officialCode
    official.marginImages = 24
    return [
      ZeroQ(), ZeroQ(source: .officialCode), dsg, official, IntraQ(), IntraQ.imageNet,
      MixMix(mixedShare: 1), TexQ(layerExponent: 1),
    ]
  }

  private static func images(
    _ method: any SynthesisMethod, _ network: Network, seed: UInt64 = 3, threads: Int = 2,
    checkpoint: String? = nil
  ) throws -> SyntheticImages {
    func run<Method: SynthesisMethod>(_ method: Method) throws -> SyntheticImages {
      try Synthesizer(
        teacher: network, method: method,
        configuration: IntraQ.run(
          like: .init(count: 7, imagesPerBatch: 4, steps: 3, learningRate: 0.1, seed: seed)),
        context: .init(threads: threads)
      ).synthesize(checkpoint: checkpoint)
    }
    return try run(method)
  }

  /// Each runs on the embedded network and gives the same bits for any number of threads, and others for
  /// another seed.
  @Test(arguments: 0..<8)
  func embeddedNetwork(place: Int) throws {
    let network = try Network.pretrained(.resNet20FashionMNIST)
    let method = try Self.methods()[place]
    let found = try Self.images(method, network)
    #expect(found.count == 7 && found.images.isFinite && found.labels.isFinite)
    #expect(try Self.images(method, network, threads: 1).images == found.images)
    #expect(try Self.images(method, network, seed: 4).images != found.images)
  }

  /// A resumed run gives the same bits, and a method that is written and read the same identity.
  @Test(arguments: 0..<8)
  func resumedRunsAndFiles(place: Int) throws {
    let network = try tinyNetwork()
    let method = try Self.methods()[place]
    try withDirectory { directory in
      let whole = try Self.images(method, network, checkpoint: directory)
      try FileManager.default.removeItem(atPath: "\(directory)/batch-1.safetensors")
      let resumed = try Self.images(method, network, checkpoint: directory)
      #expect(resumed.images == whole.images && resumed.labels == whole.labels)
    }
    func reread<Method: SynthesisMethod>(_ method: Method) throws {
      let data = try JSONEncoder().encode(method)
      #expect(
        try JSONDecoder().decode(Method.self, from: data).identity == method.identity)
    }
    try reread(method)
  }

  private func losses(
    _ method: any SynthesisMethod, steps: Int = 40, network: Network? = nil, count: Int = 8
  ) throws -> [[String: Double]] {
    var result: [[String: Double]] = []
    _ = try Synthesizer(
      teacher: network ?? tinyNetwork(), method: method,
      configuration: ZeroQ.run(
        like: .init(count: count, imagesPerBatch: 4, steps: steps, learningRate: 0.05, seed: 2))
    ).synthesize { progress in
      result.append(
        Dictionary(uniqueKeysWithValues: progress.losses.map { ($0.name, $0.value) }))
    }
    return result
  }

  private func total(_ losses: [String: Double]) -> Double { losses.values.reduce(0, +) }

  /// It is the loss that the library has as a setting of another method, and starts near 0 in the
  /// official code.
  @Test func zeroQ() throws {
    let configuration = ZeroQ.run(
      like: .init(count: 6, imagesPerBatch: 4, steps: 10, learningRate: 0.1, seed: 3))
    func images(_ method: some SynthesisMethod, steps: Int = 10) throws -> SyntheticImages {
      var configuration = configuration
      configuration.steps = steps
      return try Synthesizer(
        teacher: tinyNetwork(), method: method, configuration: configuration
      ).synthesize()
    }
    let settings = SoftLabelMethod(labels: Unlabelled(), statistics: .imageDeviation)
    #expect(try images(ZeroQ()).images == images(settings).images)
    let start = try images(ZeroQ(source: .officialCode), steps: 0).images.elements
    #expect(start.allSatisfy { abs($0) <= 127.5 / 5418.75 })
    #expect(Set(start).count > 200 && start.contains { $0 < -0.02 } && start.contains { $0 > 0.02 })
    let found = try losses(ZeroQ(), count: 4)
    #expect(total(found.last!) < 0.8 * total(found[0]))
    #expect(ZeroQ.publishedRun.count == 64 && ZeroQ.publishedRun.augmentation == .never)
    #expect(throws: SynthesisError.self) { try losses(ZeroQ(statisticsWeight: -1)) }
  }

  /// Image i enhances layer i modulo their number; in the official code only 20 do.
  @Test func dsg() throws {
    let published = DSG()
    #expect(published.enhancedImages(layer: 1, layers: 3, count: 8) == [1, 4, 7])
    #expect(DSG.officialCode.enhancedImages(layer: 19, layers: 30, count: 40) == [19])
    #expect(DSG.officialCode.enhancedImages(layer: 20, layers: 30, count: 40) == [])
    #expect(DSG.officialCode.enhancedImages(layer: 3, layers: 30, count: 3) == [])
    #expect(DSG(enhancesLayers: false).enhancedImages(layer: 0, layers: 3, count: 8) == [])
    var method = DSG(correlationWeight: 0)
    method.marginImages = 16
    let slack = try losses(method, count: 4)
    method.percentile = nil
    let strict = try losses(method, count: 4)
    #expect(slack[0].keys.sorted() == ["slack statistics"])
    #expect(total(slack[0]) < total(strict[0]) && total(slack.last!) < total(slack[0]))
    var official = DSG.officialCode
    official.marginImages = 8
    #expect(
      try losses(official, steps: 1, count: 4)[0].keys.sorted() == [
        "cross entropy", "image norm", "sample correlation", "slack statistics", "total variation",
      ])
    #expect(try !DSG().identity.contains("margins\""))
    for bad in [
      DSG(percentile: 2), .init(percentile: .nan), .init(marginImages: 0), .init(normWeight: -1),
    ] {
      #expect(throws: SynthesisError.self) { try losses(bad) }
    }
  }

  /// The first batch has no centres, the second has those of the first.
  @Test func intraQ() throws {
    let found = try losses(IntraQ(lowerMargin: 1, upperMargin: 2), steps: 3)
    #expect(found.count == 6)
    #expect(found[0].keys.sorted() == ["BN statistics", "soft inception"])
    #expect(
      found[3].keys.sorted() == ["BN statistics", "marginal distance", "soft inception"])
    #expect(found[3]["marginal distance"]! > 0)
    #expect(!IntraQ.imageNet.needsFinishedBatches && IntraQ.cifar100.needsFinishedBatches)
    let falling = try losses(IntraQ.imageNet, count: 4)
    #expect(total(falling.last!) < total(falling[0]))
    #expect(IntraQ.publishedRun.count == 5120 && IntraQ.publishedRun.augmentation == .always)
    for bad in [
      IntraQ(leastProbability: 2), .init(lowerMargin: 1, upperMargin: 0.5), .init(upperMargin: 3),
      .init(softShare: .nan), .init(labelWeight: -1),
    ] {
      #expect(throws: SynthesisError.self) { try losses(bad) }
    }
  }

  /// The losses of all networks are there and fall together.
  @Test func mixMix() throws {
    let other = try tinyNetwork(seed: 5)
    let method = MixMix(otherTeachers: [other], mixedShare: 0)
    let found = try losses(method, count: 4)
    #expect(
      found[0].keys.sorted() == [
        "BN statistics", "cross entropy", "image norm", "teacher 2", "total variation",
      ])
    #expect(found.last!["teacher 2"]! < 0.9 * found[0]["teacher 2"]!)
    #expect(found.last!["BN statistics"]! < found[0]["BN statistics"]!)
    // Images are made for another network too, so the settings name it; only a file can be read again.
    #expect(try method.identity != MixMix(mixedShare: 0).identity)
    #expect(method != MixMix(mixedShare: 0))
    #expect(method == MixMix(otherTeachers: [other], mixedShare: 0))
    let data = try JSONEncoder().encode(method)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(MixMix.self, from: data) }
    try withDirectory { directory in
      let path = "\(directory)/other.safetensors"
      try other.write(to: path)
      var named = MixMix()
      named.otherTeachers = [try .init(file: path), try .init(file: "resnet20-fashion-mnist")]
      let data = try JSONEncoder().encode(named)
      #expect(try JSONDecoder().decode(MixMix.self, from: data) == named)
      // A name alone, as a recipe has it.
      let text = String(decoding: try JSONEncoder().encode([path]), as: UTF8.self)
      let short = try JSONDecoder().decode([MixMix.Teacher].self, from: Data(text.utf8))
      #expect(short == [named.otherTeachers[0]])
      // Another network in the place of the one that the settings name.
      try tinyNetwork(seed: 6).write(to: path)
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(MixMix.self, from: data) }
      try FileManager.default.removeItem(atPath: path)
      #expect(throws: DecodingError.self) { try JSONDecoder().decode(MixMix.self, from: data) }
    }
    let classes = try Architecture(
      .cifarResNet(depth: 8, projection: false), imageShape: [12, 12, 3], classCount: 5
    ).network(seed: 1)
    for bad in [
      MixMix(otherTeachers: [classes]), .init(mixedShare: 2), .init(boxSides: 0...2),
      .init(variationWeight: .nan),
    ] {
      #expect(throws: SynthesisError.self) { try losses(bad) }
    }
    #expect(throws: NetworkError.self) {
      try losses(MixMix(otherTeachers: [try classifier([[1, 2], [3, 4]])]))
    }
  }

  /// Labels are mixed only in the steps whose images are, and half and half where that is asked for.
  @Test func mixedLabels() throws {
    let plain = try losses(MixMix(mixedShare: 0), steps: 1, count: 4)
    let area = try losses(MixMix(mixedShare: 1), steps: 1, count: 4)
    let half = try losses(MixMix(mixedShare: 1, labelShare: .half), steps: 1, count: 4)
    #expect(area[0]["BN statistics"] == half[0]["BN statistics"])
    #expect(area[0]["cross entropy"] != half[0]["cross entropy"])
    #expect(plain[0]["BN statistics"] != area[0]["BN statistics"])
  }

  @Test func texQ() throws {
    #expect(TexQ(layerExponent: 0).layerShares(4) == [0.25, 0.25, 0.25, 0.25])
    let rising = TexQ(layerExponent: 1).layerShares(3)
    #expect(largestDifference(rising, [1.0 / 6, 2.0 / 6, 0.5]) < 1e-6)
    let found = try losses(TexQ(), count: 4)
    #expect(found[0].keys.sorted() == ["BN statistics", "cross entropy", "texture energy"])
    #expect(found.last!["texture energy"]! < 0.8 * found[0]["texture energy"]!)
    #expect(try losses(TexQ(textureWeight: 0), steps: 1, count: 4)[0]["texture energy"] == nil)
    #expect(TexQ.publishedRun(for: try tinyNetwork()).count == 4)
    // Each class once before any comes again, however the run is divided into batches.
    let images = try Synthesizer(
      teacher: tinyNetwork(), method: TexQ(),
      configuration: TexQ.run(like: .init(count: 12, imagesPerBatch: 3, steps: 0))
    ).synthesize()
    for first in [0, 4, 8] {
      #expect(images.anchors[first..<first + 4].sorted() == [0, 1, 2, 3])
    }
    #expect(images.anchors[0..<4] != images.anchors[4..<8])
    for bad in [TexQ(layerExponent: -1), .init(spectrumExponent: .nan)] {
      #expect(throws: SynthesisError.self) { try losses(bad) }
    }
    #expect(throws: SynthesisError.self) {
      try losses(TexQ(), network: classifier([[1, 2], [3, 4]]))
    }
  }
}
