import DFQTestSupport
import DynaDFQ
import Testing

@Suite struct SyntheticImagesTests {
  @Test func subsetAndConcatenating() throws {
    let set = smallSet()
    let part = try set.subset([4, 1])
    #expect(part.anchors == [0, 1] && part.isEasy == [true, false])
    #expect(part.images.row(0) == set.images.row(4))
    for bad in [-1, set.count, Int.max] {
      #expect(throws: SynthesisError.self) { try set.subset([0, bad]) }
    }
    let joined = try SyntheticImages.concatenating([part, set])
    #expect(joined.count == 8 && joined.images.row(2) == set.images.row(0))
    #expect(joined.droppedCount == 4)
    for sets in [
      [], [set, .random(2, shape: [3, 3, 2])], [set, .random(2, shape: [3, 3, 1], classes: 3)],
    ] {
      #expect(throws: SynthesisError.self) { try SyntheticImages.concatenating(sets) }
    }
  }

  @Test func holdOut() throws {
    let set = smallSet(10)
    let (training, held) = try set.holdOut(share: 0.3, seed: 1)
    #expect(training.count == 7 && held.count == 3)
    let all = Set((training.images.elements + held.images.elements).map(\.bitPattern))
    #expect(all == Set(set.images.elements.map(\.bitPattern)))
    #expect(try set.holdOut(share: 0.3, seed: 1).heldOut.images == held.images)
    #expect(try set.holdOut(share: 0, seed: 1).heldOut.count == 0)
    #expect(try set.holdOut(share: 1, seed: 1).training.count == 0)
    for share in [-0.1, 1.1, .nan] {
      #expect(throws: SynthesisError.self) { try set.holdOut(share: share, seed: 1) }
    }
  }

  @Test(arguments: [0, 6])
  func fileRoundTrip(count: Int) throws {
    try withDirectory { directory in
      let set = smallSet(count)
      try set.write(to: "\(directory)/set.safetensors")
      let read = try SyntheticImages(contentsOf: "\(directory)/set.safetensors")
      #expect(read.images == set.images && read.labels == set.labels)
      #expect(read.isEasy == set.isEasy && read.anchors == set.anchors)
      #expect(read.difficulty == set.difficulty && read.droppedCount == 2)
      #expect(read.provenance == set.provenance)
    }
  }

  /// What replaces a tensor of a good file, and a word the error must have.
  struct Damage: Sendable, CustomTestStringConvertible {
    let field: String
    let word: String
    let tensor: @Sendable (inout SafetensorsFile) -> Void
    var testDescription: String { "\(field): \(word)" }
  }

  static func floats(_ field: String, _ word: String, _ tensor: Tensor) -> Damage {
    Damage(field: field, word: word) { $0.add(field, tensor) }
  }

  static let damages: [Damage] = [
    floats("images", "finite images", Tensor(shape: [2, 1, 1, 1], elements: [.nan, 0])),
    floats("images", "images N H W C", Tensor(shape: [2, 1, 1])),
    floats("images", "images N H W C", Tensor(shape: [2, 0, 1, 1])),
    floats("images", "labels of 3", Tensor(shape: [3, 1, 1, 1])),
    floats("labels", "labels of 2", Tensor(shape: [2, 0])),
    floats("labels", "sum to 1", Tensor(shape: [2, 2], elements: [1, 0, 0.5, 0.4])),
    floats("labels", "sum to 1", Tensor(shape: [2, 2], elements: [1, 0, 1.5, -0.5])),
    floats("labels", "sum to 1", Tensor(shape: [2, 2], elements: [1, 0, .nan, 1])),
    floats("difficulty", "difficulty", Tensor(shape: [2, 2])),
    floats("difficulty", "difficulty in", Tensor(shape: [2, 3], repeating: .nan)),
    floats("difficulty", "difficulty in", Tensor(shape: [2, 3], repeating: 7)),
    Damage(field: "anchors", word: "anchors in") { $0.add("anchors", [2], int64s: [0, 2]) },
    Damage(field: "anchors", word: "anchors in") { $0.add("anchors", [2], int64s: [0, .min]) },
    Damage(field: "anchors", word: "anchors of 2") { $0.add("anchors", [1], int64s: [0]) },
    Damage(field: "dropped", word: "dropped") { $0.add("dropped", [1], int64s: [-1]) },
    Damage(field: "dropped", word: "dropped") { $0.add("dropped", [0], int64s: []) },
    Damage(field: "easy", word: "easy of 2") { $0.add("easy", [3], uint8s: [0, 1, 1]) },
    Damage(field: "easy", word: "easy of 0 or 1") { $0.add("easy", [2], uint8s: [0, 9]) },
    Damage(field: "easy", word: "easy") { _ in },
    Damage(field: "format", word: "format") { $0.metadata["format"] = "another" },
  ]

  @Test(arguments: damages)
  func hostileFiles(damage: Damage) throws {
    try withDirectory { directory in
      let path = "\(directory)/bad.safetensors"
      var file = SafetensorsFile(metadata: ["format": "dynadfq synthetic images 1"])
      let good: [(String, (inout SafetensorsFile) -> Void)] = [
        ("images", { $0.add("images", Tensor(shape: [2, 1, 1, 1])) }),
        ("labels", { $0.add("labels", Tensor(shape: [2, 2], elements: [1, 0, 0.5, 0.5])) }),
        ("difficulty", { $0.add("difficulty", Tensor(shape: [2, 3])) }),
        ("anchors", { $0.add("anchors", [2], int64s: [0, 1]) }),
        ("dropped", { $0.add("dropped", [1], int64s: [0]) }),
        ("easy", { $0.add("easy", [2], uint8s: [1, 0]) }),
      ]
      for (field, add) in good where field != damage.field { add(&file) }
      damage.tensor(&file)
      try file.write(to: path)
      do {
        _ = try SyntheticImages(contentsOf: path)
        Issue.record("accepted")
      } catch {
        #expect("\(error)".contains(path) && "\(error)".contains(damage.word), "\(error)")
        #expect(!"\(error)".contains("\n"))
      }
    }
  }
}
