import DFQExperiments
import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Every method of the catalogue, also those that do not exist yet: the lists decide what is tested.
@Suite struct MethodCatalogueTests {
  /// The names of what makes images.
  private static let imageMethods =
    MethodCatalogue.synthesis.map { type(of: $0).kind }
    + MethodCatalogue.generators.map { type(of: $0).kind }

  /// From the embedded network to a student and its report, by a few images and steps.
  @Test(arguments: imageMethods)
  func fromNetworkToReport(name: String) throws {
    let context = ExecutionContext(threads: 2)
    let teacher = try Network.pretrained(.resNet20FashionMNIST)
    func setting(_ text: String) throws -> (key: String, node: SettingNode) {
      try SettingNode.assignment(text, at: RecipePlace(line: 0, path: text))
    }
    let isGenerator = MethodCatalogue.generators.contains { type(of: $0).kind == name }
    let work =
      isGenerator
      ? ["count=16", "warmUpSteps=3", "imagesPerStep=8", "channels=8"]
      : ["count=16", "imagesPerBatch=8", "steps=3", "dropUnfaithful=false"]
    let settings = try ImageSettings(
      method: name, preset: .demo, settings: try work.map(setting), seed: 3)
    #expect(settings.count == 16)

    var training = WorkPreset.demo.training
    training.steps = 3
    training.imagesPerStep = 8
    training.seed = 3
    let trainer = DynamicTrainer(
      teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [4]),
      configuration: training, context: context)
    let images: SyntheticImages
    let student: QuantizedNetwork
    switch settings {
    case .synthesis(let method, let run):
      #expect(type(of: method).kind == name)
      images = try Synthesizer(
        teacher: teacher, method: method, configuration: run, context: context
      ).synthesize()
      student = try trainer.train(on: images)
    case .generator(let method, let configuration):
      #expect(type(of: method).kind == name)
      var source = try GeneratorSource(
        teacher: teacher, method: method, configuration: configuration, context: context)
      images = try source.images()
      student = try trainer.train(on: source)
    case .noise: preconditionFailure("noise is no method of the catalogue")
    }
    #expect(images.count == 16 && images.images.elements.allSatisfy(\.isFinite))

    var stream = RandomStream(seed: 5, "pixels")
    let shape = teacher.imageShape
    let real = try LabelledImages(
      (0..<16).map { _ in
        PixelImage(
          height: shape[0], width: shape[1], channels: shape[2],
          pixels: (0..<shape.count).map { _ in UInt8(stream.integer(below: 256)) })
      }, labels: (0..<16).map { $0 % 10 }, classNames: FashionMNIST.classNames)
    let report = try student.evaluate(on: real, teacher: teacher, context: context)
    #expect((0...1).contains(report.accuracy))
  }

  /// Every selector, by its name as recipes and `--selector` have it, and its variants: from the embedded
  /// network to a student that keeps its budget, its file and its report.
  @Test func selectors() throws {
    let context = ExecutionContext(threads: 2)
    let teacher = try Network.pretrained(.resNet20FashionMNIST)
    let images = try SyntheticImages.noise(count: 32, for: teacher, seed: 3)
    var cases: [BitSelector] = []
    for listed in MethodCatalogue.selectors {
      let type = type(of: listed)
      cases.append(try SelectorSettings.selector(named: type.kind))
      for name in type.variants.keys.sorted() {
        let place = RecipePlace(line: 0, path: name)
        cases.append(
          try SelectorSettings.selector(
            named: type.kind.uppercased(),
            settings: [try SettingNode.assignment("variant=\(name)", at: place)]))
      }
    }
    var training = WorkPreset.demo.training
    training.steps = 4
    training.imagesPerStep = 8
    training.warmup = 0.25
    training.budget = 4.5
    training.holdOut = 0
    training.seed = 3
    for selector in cases {
      let trainer = DynamicTrainer(
        teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
        selector: selector, configuration: training, context: context)
      let name = "\(selector.decider)"
      if case let cascade as MarginCascade = selector.decider {
        // The first level alone costs 3 bits.
        #expect(cascade.levels == [3, 5])
      }
      let student = try trainer.train(on: images)
      let mean = try StudentClassifier(student, context: context).meanBitOPs(
        ofInputs: images.images)
      #expect(mean > 0 && mean <= student.bitOPs(meanActivationBits: 4.5) * 1.0001, "\(name)")
      let again = try QuantizedNetwork(student.file(), path: "student")
      #expect(again.selector == selector, "\(name)")
      #expect(
        try again.decisions(ofInputs: images.images, context: context)
          == student.decisions(ofInputs: images.images, context: context), "\(name)")
    }
  }

  /// Every transform and every rounding, from the embedded network to predictions, without training.
  @Test func withoutTraining() throws {
    let context = ExecutionContext(threads: 2)
    let teacher = try Network.pretrained(.resNet20FashionMNIST)
    let images = try SyntheticImages.noise(count: 16, for: teacher, seed: 3)
    for part in [MethodCatalogue.Part.transform, .rounding] {
      for name in MethodCatalogue.methods(part).map({ type(of: $0).kind }) {
        var quantizer = Quantizer.family(weightBits: 4, activationBits: [8])
        if part == .rounding {
          quantizer.rounding = try TransformSettings.rounding(named: name)
          if quantizer.rounding.method.nests { quantizer.weights.scheme = .symmetric }
        }
        let student = try teacher.quantized(
          quantizer,
          transforms: part == .transform ? try TransformSettings.transforms(named: name) : [],
          images: images, context: context)
        let logits = try StudentClassifier(student, context: context).meanBitOPs(
          ofInputs: images.images)
        #expect(logits > 0, "\(name)")
      }
    }
  }

  /// Every method of training: a few steps of the embedded network's student with it, and its variants.
  @Test func training() throws {
    let teacher = try Network.pretrained(.resNet20FashionMNIST)
    let images = try SyntheticImages.noise(count: 8, for: teacher, seed: 3)
    func train(
      _ objectives: [any StudentObjective] = .standard, updates: [any UpdateRule] = [],
      _ change: (inout DynamicTrainer.Configuration) -> Void = { _ in }
    ) throws {
      var configuration = WorkPreset.demo.training
      configuration.steps = 2
      configuration.imagesPerStep = 4
      change(&configuration)
      let student = try DynamicTrainer(
        teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [4]),
        objectives: objectives, updates: updates, configuration: configuration,
        context: .init(threads: 2)
      ).train(on: images)
      #expect(!student.isDynamic)
    }
    for objective in MethodCatalogue.objectives {
      for text in ["{kind: \(type(of: objective).kind)}"]
        + type(of: objective).variants.keys.map({
          "{kind: \(type(of: objective).kind), variant: \($0)}"
        })
      {
        try train([StudentSettings.objective(text, at: .init(line: 0, path: text))])
      }
    }
    for rule in MethodCatalogue.updates {
      let name = type(of: rule).kind
      try train(updates: [UpdateSettings.rule(named: name)])
      for variant in type(of: rule).variants.keys {
        let setting = try SettingNode.assignment(
          "variant=\(variant)", at: .init(line: 0, path: name))
        try train(updates: [UpdateSettings.rule(named: name, settings: [setting])])
      }
    }
    for method in MethodCatalogue.batches {
      try train {
        switch method {
        case let mixup as Mixup: $0.mixup = mixup
        case let filter as LowPassFilter: $0.lowPass = filter
        case let perturbation as Perturbation: $0.perturbation = perturbation
        default: Issue.record("\(type(of: method).kind) has no place in a configuration")
        }
      }
    }
  }

  /// Rules of updates by their names, with settings and variants, and what is refused.
  @Test func updates() throws {
    func made(_ name: String, _ texts: String...) throws -> GradientInundation? {
      try UpdateSettings.rule(
        named: name,
        settings: texts.map { try SettingNode.assignment($0, at: .init(line: 0, path: $0)) })
        as? GradientInundation
    }
    #expect(try made("Gradient-Inundation") == .published)
    var expected = GradientInundation.officialCode
    expected.share = 0.002
    #expect(try made("gradient inundation", "variant=officialCode", "share=2e-3") == expected)
    for (name, text) in [
      ("gradientinundatoin", "share=1"), ("gradient inundation", "share=2"),
      ("gradient inundation", "shar=0.1"), ("gradient inundation", "variant=none"),
    ] {
      #expect(throws: RecipeError.self, "\(name) \(text)") { try made(name, text) }
    }
    let place = RecipePlace(line: 0, path: "objective")
    #expect(throws: RecipeError.self) {
      try StudentSettings.objective("{kind: distillation, variant: none}", at: place)
    }
  }

  /// Every stage before the first step, from the embedded network to predictions in integers.
  @Test func stages() throws {
    let context = ExecutionContext(threads: 2)
    let teacher = try Network.pretrained(.resNet20FashionMNIST)
    let images = try SyntheticImages.noise(count: 16, for: teacher, seed: 3)
    var training = WorkPreset.demo.training
    training.steps = 0
    for method in MethodCatalogue.stages {
      guard var rounding = method as? AdaptiveRounding else {
        Issue.record("\(type(of: method).kind) is not tested")
        continue
      }
      (rounding.iterations, rounding.imagesPerStep) = (2, 4)
      training.adaptiveRounding = rounding
      let student = try DynamicTrainer(
        teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [4]),
        configuration: training, context: context
      ).train(on: images)
      let expected = try StudentEvaluator(student, context: context).run(
        images.images, policy: .selector)
      let found = try IntegerNetwork(student, context: context).predict(inputs: images.images)
      #expect((0..<16).map { found[$0].classIndex } == expected.predictions)
    }
  }

  /// Names are unique, every line is one sentence, and what makes images has a paper.
  @Test func summaries() throws {
    let entries = MethodEntry.all
    #expect(Set(entries.map(\.name)).count == entries.count)
    for entry in entries {
      let summary = entry.summary
      #expect(summary.line.hasSuffix(".") && summary.line.count <= 100, "\(entry.name)")
      #expect(summary.cost >= 0 && summary.cost.isFinite, "\(entry.name)")
      #expect(!summary.line.contains("|") && !entry.reference.contains("|"), "\(entry.name)")
      if [.synthesis, .generator].contains(entry.part) {
        #expect(summary.reference != nil && summary.formula != nil, "\(entry.name)")
      }
      if let page = summary.page {
        let path = Self.root.appendingPathComponent("Documentation/Methods/\(page).md").path
        #expect(FileManager.default.fileExists(atPath: path), "\(path)")
      }
    }
  }

  /// Settings and work of both presets.
  @Test func pages() throws {
    for page in try MethodPage.all() {
      let name = page.entry.name
      #expect(Set(page.settings.map(\.name)).count == page.settings.count, "\(name)")
      #expect(try MethodPage(named: name.uppercased()).entry.name == name)
      for (variant, settings) in page.variants { #expect(!settings.isEmpty, "\(variant)") }
      let makesImages = [.synthesis, .generator].contains(page.entry.part)
      #expect(page.work.contains { $0.name == "count" } == makesImages, "\(name)")
    }
    let hard = try MethodPage(named: "hard-samples")
    #expect(hard.settings.first { $0.name == "exponent" }?.published == "2")
    #expect(hard.work.first { $0.name == "steps" }?.published == "1000")
    #expect(hard.work.first { $0.name == "steps" }?.reduced == "250")
    #expect(hard.variants["imageNet"] == ["exponent": "0.5", "labelWeight": "0.1"])
    let qimera = try MethodPage(named: "qimera")
    #expect(qimera.variants["officialCode"] == ["embedding": "random", "mapping": "none"])
    #expect(throws: RecipeError.self) { try MethodPage(named: "gan") }
  }

  /// Settings by their names, variants, and what is refused.
  @Test func settings() throws {
    func made(_ method: String, _ texts: String...) throws -> ImageSettings {
      try ImageSettings(
        method: method,
        settings: texts.map { try SettingNode.assignment($0, at: .init(line: 0, path: $0)) },
        seed: 7)
    }
    guard
      case .synthesis(let method, let run) = try made(
        "soft labels", "labels.groups.easyShare=0.25", "steps=1e2", "labels.groups.groupSize=4")
    else { preconditionFailure("soft labels are synthesized") }
    let labels = (method as? SoftLabelMethod)?.labels as? SoftLabels
    #expect(labels?.easyShare == 0.25 && labels?.groupSize == 4)
    #expect(run.steps == 100 && run.seed == 7)
    guard case .generator(let generator, _) = try made("adadfq", "variant=adaSG", "upperMargin=0.7")
    else { preconditionFailure("AdaDFQ is a generator") }
    var expected = AdaDFQ.adaSG
    expected.upperMargin = 0.7
    #expect(generator as? AdaDFQ == expected)
    guard case .noise(count: 512, seed: 7) = try made("noise") else {
      Issue.record("noise has the preset's number of images")
      return
    }
    for (method, text) in [
      ("hardsamples", "exponnet=2"), ("hard samples", "variant=imagenet"), ("gdfq", "count"),
      ("gdfq", "=3"), ("gdfq", "seed=3"), ("gdfq", "method=qimera"), ("gdfq", "channels=[3"),
      ("gdfq", "channels=many"), ("gdfk", "channels=8"),
    ] {
      #expect(throws: RecipeError.self, "\(method) \(text)") { try made(method, text) }
    }
  }

  /// A method of one's own takes one file of fewer than 150 lines.
  @Test func exampleIsShort() throws {
    let path = Self.root.appendingPathComponent("Examples/CustomSynthesis/Sources/CustomSynthesis")
    let files = try FileManager.default.contentsOfDirectory(atPath: path.path)
    #expect(files == ["main.swift"])
    let text = try String(contentsOf: path.appendingPathComponent("main.swift"), encoding: .utf8)
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count < 150)
  }

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
}
