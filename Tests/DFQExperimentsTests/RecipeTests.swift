import DFQExperiments
import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// Reading of recipes: what is right, and what each mistake says.
@Suite struct RecipeTests {
  @Test func wholeRecipe() throws {
    try Workshop.with { workshop in
      let plan = try workshop.plan()
      #expect(plan.recipe.name == "tiny" && plan.recipe.seeds == [1, 2])
      let students = Set(plan.evaluations.compactMap(\.label.student))
      #expect(students == ["W4A4", "W4A6", "dynamic", "cascade"])
    }
  }

  /// Settings reach the library's configurations by their own names, over those of the preset.
  @Test func settings() throws {
    try Workshop.with { workshop in
      let text = """
        version: 1
        name: settings
        networks: [{name: tiny, model: tiny.safetensors}]
        images:
          - name: images
            preset: demo
            labels: {groups: {easyShare: 0.25, groupSize: 2}}
            statistics: imageDeviation
            seed: 9
        students:
          - name: student
            weightBits: 3
            activationBits: [2, 4]
            preset: demo
            quantizer: {kind: family, activations: {range: {percentile: {_0: 0.999}}}}
            selector: {kind: perImage, hidden: 4}
            training: {schedule: constant, learningRate: 1e-4, budgetRule: {hinge: {weight: 2}}}
            objectives: [{kind: distillation, temperature: 4}, cross entropy]
        """
      let plan = try workshop.plan(text)
      func setting(_ kind: String, _ path: String) -> String? {
        var tree = plan.cells.first { $0.kind == kind }?.identity
        for key in path.split(separator: ".") {
          if case .array(let list)? = tree, let index = Int(key) {
            tree = list[index]
          } else {
            tree = tree?[String(key)]
          }
        }
        return tree?.text
      }
      #expect(setting("images", "settings.run.count") == "256")
      #expect(setting("images", "settings.run.seed") == "9")
      #expect(setting("images", "settings.method.labels.settings.easyShare") == "0.25")
      #expect(setting("images", "settings.method.labels.settings.groupSize") == "2")
      #expect(setting("images", "settings.method.statistics") == "\"imageDeviation\"")
      #expect(setting("student", "training.steps") == "400")
      #expect(setting("student", "training.budget") == "4")
      #expect(setting("student", "training.schedule") == "{\"constant\":{}}")
      #expect(setting("student", "training.budgetRule.hinge.weight") == "2")
      #expect(setting("student", "quantizer.weights.scheme") == "\"asymmetric\"")
      #expect(setting("student", "quantizer.activations.range.percentile._0") == "0.999")
      #expect(setting("student", "selector.kind") == "\"perImage\"")
      #expect(setting("student", "selector.settings.hidden") == "4")
      #expect(setting("student", "objectives.0.settings.temperature") == "4")
      #expect(setting("student", "objectives.1.kind") == "\"cross entropy\"")
    }
  }

  /// Settings of generators lie over those of a preset, and those of their methods beside them.
  @Test func generators() throws {
    try Workshop.with { workshop in
      func plan(_ images: String) throws -> [JSONTree] {
        let text = """
          version: 1
          name: settings
          networks: [{name: tiny, model: tiny.safetensors}]
          images: [\(images)]
          """
        return try workshop.plan(text).cells.map(\.identity)
      }
      let found = try plan(
        "{name: g, method: gdfq, preset: demo, statisticsWeight: 0.2, channels: 32, seed: 5}, "
          + "{name: q, method: qimera, mixedShare: 0.5, mixing: images, mapping: null}")
      let (gdfq, qimera) = (found[0]["settings"], found[1]["settings"])
      #expect(found[0]["method"]?.text == "\"gdfq\"" && found[1]["method"]?.text == "\"qimera\"")
      #expect(gdfq?["method"]?["statisticsWeight"]?.text == "0.2")
      #expect(gdfq?["method"]?["noiseLength"]?.text == "100")
      #expect(gdfq?["generator"]?["channels"]?.text == "32")
      #expect(gdfq?["generator"]?["warmUpSteps"]?.text == "1200")
      #expect(gdfq?["generator"]?["seed"]?.text == "5")
      #expect(qimera?["method"]?["mixing"]?.text == "\"images\"")
      #expect(qimera?["method"]?["mapping"]?.text ?? "null" == "null")
      for (entry, culprit) in [
        ("{name: g, method: gdqf}", "did you mean \"gdfq\"?"),
        ("{name: g, method: gdfq, chanels: 8}", "did you mean \"channels\"?"),
        ("{name: g, method: gdfq, mixedShare: 0.5}", "mixedShare"),
        ("{name: g, method: gdfq, channels: 7}", "even number of generator channels"),
        ("{name: q, method: qimera, mixedShare: 2}", "a mixed share in 0...1"),
      ] {
        #expect {
          _ = try plan(entry)
        } throws: {
          "\($0)".contains(culprit)
        }
      }
    }
  }

  /// Transforms and rounding of students: names, settings, lists; nothing in the keys of others.
  @Test func transforms() throws {
    try Workshop.with { workshop in
      func identity(_ settings: String) throws -> JSONTree? {
        let text = """
          version: 1
          name: transforms
          networks: [{name: tiny, model: tiny.safetensors}]
          images: [{name: noise, method: noise, count: 8}]
          students:
            - {name: s, weightBits: 4, activationBits: 4, preset: demo\(settings)}
          """
        return try workshop.plan(text).cells.first { $0.kind == "student" }?.identity
      }
      #expect(try identity("")?["transforms"] == nil)
      let nagel = try identity(", transforms: nagel")?["transforms"]
      guard case .array(let list)? = nagel else {
        Issue.record("no list of transforms")
        return
      }
      #expect(
        list.compactMap { $0["kind"]?.text } == [
          "\"equalization\"", "\"bias absorption\"", "\"bias correction\"",
        ])
      let pruned = try identity(
        ", transforms: [{kind: spiq, deviations: 3}, {kind: udfc, pruning: 0.25}]")
      guard case .array(let two)? = pruned?["transforms"] else {
        Issue.record("no list of transforms")
        return
      }
      #expect(two.count == 2 && two[1]["settings"]?["pruning"]?.text == "0.25")
      #expect(two[0]["settings"]?["deviations"]?.text == "3")
      #expect(two[1]["settings"]?["ridge"]?.text == "0.008")
      let rounded = try identity(", quantizer: {kind: family, rounding: squant}")
      #expect(rounded?["quantizer"]?["rounding"]?["kind"]?.text == "\"squant\"")
      #expect(try identity("")?["training"]?["adaptiveRounding"] == nil)
      let learned = try identity(", training: {adaptiveRounding: {unit: layer, iterations: 3}}")
      let method = learned?["training"]?["adaptiveRounding"]
      #expect(method?["iterations"]?.text == "3" && method?["unit"]?.text == "\"layer\"")
      #expect(method?["penalty"]?.text == "0.01")
      for (settings, culprit) in [
        (", training: {adaptiveRounding: {iteration: 3}}", "did you mean \"iterations\"?"),
        (", transforms: equalisation", "did you mean \"equalization\"?"),
        (", transforms: {kind: udfc, prunning: 0.2}", "did you mean \"pruning\"?"),
        (", transforms: {kind: udfc, pruning: 2}", "a share of pruned channels in 0..<1"),
        (", quantizer: {rounding: sqant}", "did you mean \"squant\"?"),
      ] {
        #expect {
          _ = try identity(settings)
        } throws: {
          "\($0)".contains(culprit)
        }
      }
    }
  }

  /// HAST's images and training: settings over the method's published ones.
  @Test func hardSamples() throws {
    try Workshop.with { workshop in
      let text = """
        version: 1
        name: hard
        networks: [{name: tiny, model: tiny.safetensors}]
        images:
          - {name: hard, method: hard samples, preset: demo, exponent: 0.5, steps: 7}
        students:
          - name: student
            weightBits: 3
            activationBits: 3
            training: {perturbation: {size: 0.02}}
            objectives: [distillation, {kind: attention alignment, weight: 2000}]
        """
      let plan = try workshop.plan(text)
      let images = plan.cells.first { $0.kind == "images" }?.identity
      #expect(images?["method"]?.text == "\"hard samples\"")
      #expect(images?["settings"]?["method"]?["exponent"]?.text == "0.5")
      #expect(images?["settings"]?["method"]?["labelWeight"]?.text == "10")
      #expect(images?["settings"]?["run"]?["steps"]?.text == "7")
      #expect(images?["settings"]?["run"]?["count"]?.text == "256")
      #expect(images?["settings"]?["run"]?["dropUnfaithful"]?.text == "false")
      let student = plan.cells.first { $0.kind == "student" }?.identity
      let training = student?["training"]
      #expect(training?["perturbation"]?.text == #"{"path":"both","size":0.02}"#)
      // What students without a perturbation are called has not changed.
      let base = try workshop.plan().cells.first { $0.kind == "student" }?.identity
      #expect(base?["training"] != nil && base?["training"]?["perturbation"] == nil)
      for (part, replacement, expected) in [
        ("exponent: 0.5", "exponent: -1", "an exponent of difficulty of at least 0"),
        ("exponent: 0.5", "labels: one-hot", "unknown key \"labels\""),
        ("method: hard samples", "method: hard sample", "did you mean \"hard samples\"?"),
        ("size: 0.02", "size: 0", "a perturbation of more than 0"),
        ("size: 0.02", "sise: 0.02", "did you mean \"size\"?"),
        ("size: 0.02", "path: nowhere", "perturbation.path"),
      ] {
        do {
          _ = try workshop.plan(text.replacing(part, with: replacement))
          Issue.record("\(replacement) was accepted")
        } catch {
          #expect("\(error)".contains(expected), "\(error)")
        }
      }
    }
  }

  /// Centroids of refined labels; without them keys are as before there were any.
  @Test func centroids() throws {
    try Workshop.with { workshop in
      func labels(_ text: String) throws -> JSONTree? {
        let plan = try workshop.plan(
          """
          version: 1
          name: refined
          networks: [{name: tiny, model: tiny.safetensors}]
          images: [{name: images, labels: \(text)}]
          students: [{name: student, weightBits: 3, activationBits: 3}]
          """)
        let images = plan.cells.first { $0.kind == "images" }?.identity
        return images?["settings"]?["method"]?["labels"]?["settings"]
      }
      let usual = try #require(try labels("refined"))
      #expect(usual["centroids"] == nil && usual["mode"] != nil)
      #expect(try labels("{refined: {centroids: classifierRows}}") == usual)
      let features = try labels("{refined: {centroids: {features: {imagesPerClass: 4, steps: 9}}}}")
      #expect(
        features?["centroids"]?.text == #"{"features":{"imagesPerClass":4,"steps":9}}"#)
      for bad in ["rows", "{features: {imagesPerClass: 0, steps: 9}}", "{features: {steps: 9}}"] {
        #expect(throws: RecipeError.self, "\(bad)") {
          _ = try labels("{refined: {centroids: \(bad)}}")
        }
      }
    }
  }

  /// Each line: what stands in place of a part of the recipe, and what the error must name.
  @Test(arguments: [
    ("steps: 3, imagesPerStep", "stepz: 3, imagesPerStep", "line 12, students[0].training.stepz"),
    ("steps: 3, imagesPerStep", "stepz: 3, imagesPerStep", "did you mean \"steps\"?"),
    ("weightBits: 4\n", "weight-bits: 4\n", "did you mean \"weightBits\"?"),
    ("count: 16, imagesPerBatch", "coumt: 16, imagesPerBatch", "did you mean \"count\"?"),
    ("seeds: [1, 2]", "seed: [1, 2]", "unknown key \"seed\"; did you mean \"seeds\"?"),
    ("seeds: [1, 2]", "seeds: [1, 1]", "different seeds"),
    ("seeds: [1, 2]", "seeds: [-1]", "whole number of at least 0 expected, found -1"),
    ("seeds: [1, 2]", "seeds: one", "line 3, seeds: a list expected, found \"one\""),
    ("version: 1", "version: 2", "line 1, version: version 1 expected, found 2"),
    ("version: 1\n", "", "the key \"version\" is missing"),
    ("name: tiny\n", "name: ../up\n", "line 2, name"),
    ("budget: 5", "budget: 9", "found a budget of 9.0 bits"),
    ("budget: 5", "budget: five", "line 17, students[1].budget: a number expected"),
    ("images: groups\n", "images: group\n", "no image set is named \"group\"; did you mean"),
    ("levels: [W4A4, W4A6]", "levels: [W4A4, W4A5]", "no student is named \"W4A5\""),
    ("levels: [W4A4, W4A6]", "levels: [W4A4]", "2 to 7 levels expected, found 1"),
    ("of: [W4A4]", "of: [W5A5]", "no student is named \"W5A5\""),
    ("method: noise", "method: noize", "did you mean \"noise\"?"),
    ("name: noise", "name: groups", "the name \"groups\" is used twice"),
    ("name: W4A{activationBits}", "name: same", "the name \"same\" is used twice"),
    ("weightBits: 4\n", "weightBits: 9\n", "2...8 bits"),
    ("images: groups\n", "images: cifar10:test.bin\n", "are real images"),
    ("images: groups\n", "images: test\n", "are real images"),
    ("images: groups\n", "data: x\n    images: groups\n", "are real images"),
    (
      "student: {training: {mixup: {images: none}}}", "images: {data: \"cifar10:test.bin\"}",
      "real images"
    ),
    ("mixup: {images: none}", "augmentation: no", "true or false expected, found \"no\""),
    ("budget: 5\n", "budget: 5\n    allocation: true\n", "no allocation of a dynamic student"),
    (
      "weightBits: 4\n", "weightBits: 4\n    allocation: {share: -1}\n",
      "an allocation that can be made"
    ),
    (
      "weightBits: 4\n", "weightBits: 4\n    allocation: {share: 1, bitOPs: 1e8}\n",
      "a share or bitOPs and not both"
    ),
    (
      "weightBits: 4\n", "weightBits: 4\n    allocation: {bitOps: 1e8}\n",
      "did you mean \"bitOPs\"?"
    ),
    (
      "  - name: dynamic", "    allocation: {bitOPs: 1000}\n  - name: dynamic",
      "the budget of 1000.0 BitOPs is below the cheapest choice of bits"
    ),
    ("controls: [fixed", "controls: [fixd", "evaluations[0].controls[0]"),
    (
      "controls: [fixed", "corruption: {kind: fog, strength: 1}, controls: [fixed",
      "corruption.kind"
    ),
    (
      "controls: [fixed", "corruption: {kind: jpeg, strength: 6}, controls: [fixed",
      "a strength in 1...5 expected, found 6"
    ),
    ("controls: [fixed", "corruption: {kind: jpeg}, controls: [fixed", "\"strength\" is missing"),
    ("seeds: [1, 2]", "seeds: &a [1, 2]", "line 3: anchors"),
    ("seeds: [1, 2]", "seeds: [1, 2]\nseeds: [1]", "written twice"),
    ("seeds: [1, 2]", "seeds: [1, 2", "line "),
    ("model: tiny.safetensors", "model: \"${NO_SUCH_VARIABLE}\"", "NO_SUCH_VARIABLE"),
  ])
  func mistakes(part: String, replacement: String, expected: String) throws {
    try Workshop.with { workshop in
      let text = Workshop.recipe.replacing(part, with: replacement)
      #expect(text != Workshop.recipe)
      do {
        _ = try workshop.plan(text)
        Issue.record("\(replacement) was accepted")
      } catch {
        #expect("\(error)".contains(expected), "\(error)")
        #expect(!"\(error)".contains("\n"))
      }
    }
  }

  /// Text that is made to break a reader ends in an error of its own.
  @Test(arguments: [
    "", "- 1", "a", String(repeating: "[", count: 5000), String(repeating: "- ", count: 5000),
    "name: x\nnetworks: [" + String(repeating: "{name: a, model: b},", count: 9000) + "]",
    "? [a]\n: 1", "<<: {name: x}\nname: y", "name: \"\\u0007\"\nnetworks: []", "\u{0}",
    String(repeating: "a: 1\n", count: 300_000), "name: x\n\t- y",
  ])
  func hostileText(text: String) {
    #expect(throws: RecipeError.self) { try Recipe(text) }
  }

  @Test func productsAreBounded() {
    let list = "[" + (0..<99).map(String.init).joined(separator: ",") + "]"
    let text = """
      version: 1
      name: x
      networks: [{name: tiny, model: tiny.safetensors}]
      students: [{name: a, each: {a: \(list), b: \(list), c: \(list)}}]
      """
    #expect(throws: RecipeError.tooLarge(what: "students[0].each", limit: 2000, found: 9801)) {
      try Recipe(text)
    }
  }

  @Test func nearestNames() {
    let known = ["imagesPerStep", "steps", "learningRate", "mixup"]
    #expect(NearestName.of("images-per-step", among: known) == "imagesPerStep")
    #expect(NearestName.of("step", among: known) == "steps")
    #expect(NearestName.of("mixups", among: known) == "mixup")
    #expect(NearestName.of("colour", among: known) == nil)
  }
}
