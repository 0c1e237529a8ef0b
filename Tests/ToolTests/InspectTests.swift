import DFQTestSupport
import DynaDFQ
import Foundation
import Testing

/// What `inspect` tells of each kind of file, and the pictures.
@Suite struct InspectTests {
  @Test func students() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let text = try tool.run(["inspect", "student.safetensors"])
    #expect(text.status == 0)
    for word in [
      "mean 0.4850", "weights of 4 bits", "all layers at 5 bits", "selector:", "BitOPs",
      "price of a bit",
    ] {
      #expect(text.output.contains(word), "\(word): \(text.output)")
    }
    let json = try tool.json(["inspect", "student.safetensors", "--layer", "layer1.0.conv1"])
    let student = try #require(json["student"] as? [String: Any])
    #expect((student["costs"] as? [Any])?.count == 3 && student["quantizer"] != nil)
    #expect(student["selector"] != nil && json["preprocessing"] != nil)
    let layer = try #require(json["layer"] as? [String: Any])
    #expect((layer["codes"] as? [Any])?.count == 16 && layer["bits"] as? Int == 4)
  }

  /// Which rule governs which layer.
  @Test func rules() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let made = try tool.run([
      "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors", "--steps", "0",
      "--override", "layer1.*=8", "--ignore", "conv1", "-o", "x",
    ])
    #expect(made.status == 0, "\(made.error)")
    let student = try #require(tool.json(["inspect", "x"])["student"] as? [String: Any])
    let rules = try #require(student["rules"] as? [String: [String]])
    #expect(rules["layer1.*"] == ["layer1.0.conv1", "layer1.0.conv2"], "\(rules)")
    let text = try tool.run(["inspect", "x"])
    #expect(text.output.contains("rule layer1.*: weights of 8 bits"), "\(text.output)")
  }

  /// Transforms and rounding: a smaller network, other codes, and what does not exist.
  @Test func transforms() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let quantize = [
      "quantize", "--model", "tiny.safetensors", "--images", "images.safetensors", "--steps", "0",
      "--fixed", "-o", "x",
    ]
    func layer(_ options: [String]) throws -> (shape: [Int], codes: [Int]) {
      let made = try tool.run(quantize + options)
      #expect(made.status == 0, "\(made.error)")
      let found = try tool.json(["inspect", "x", "--layer", "layer1.0.conv1"])
      let layer = try #require(found["layer"] as? [String: Any])
      return (
        try #require(layer["shape"] as? [Int]), try #require(layer["codes"] as? [Int])
      )
    }
    let plain = try layer([])
    let flipped = try layer(["--rounding", "squant"])
    #expect(flipped.shape == plain.shape && flipped.codes != plain.codes)
    #expect(try layer(["--transform", "udfc:pruning=0.25"]).shape == [3, 3, 16, 12])
    #expect(
      try layer(["--transform", "nagel", "--transform", "spiq:deviations=4,limit=50"]).shape
        == plain.shape)
    try tool.expectRefusal(quantize + ["--transform", "equalise"], naming: "equalise", code: 64)
    try tool.expectRefusal(quantize + ["--transform", "udfc:pruning=2"], naming: "0..<1", code: 64)
  }

  @Test func images() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let text = try tool.run(["inspect", "images.safetensors"])
    #expect(text.status == 0 && text.output.contains("16 synthetic images of 32x32x3"))
    let json = try tool.json(["inspect", "images.safetensors"])
    #expect(json["images"] as? Int == 16 && json["classes"] as? Int == 10)
    try tool.expectRefusal(
      ["inspect", "images.safetensors", "--layer", "conv1"], naming: "--layer", code: 64)
  }

  /// An empty set is no picture.
  @Test func emptySet() throws {
    let tool = try Tool()
    defer { tool.remove() }
    let teacher = try Network(contentsOf: tool.path("tiny.safetensors"))
    try SyntheticImages.noise(count: 0, for: teacher, seed: 1).write(to: tool.path("none"))
    try tool.expectRefusal(
      ["inspect", "tiny.safetensors", "--images", "none", "--picture", "p.png"],
      naming: "no images", code: 1)
    try tool.expectRefusal(
      ["quantize", "--model", "tiny.safetensors", "--images", "none", "-o", "x"], naming: "image",
      code: 1)
  }

  /// The rows above the first image explain the captions: more where a student's bits are shown.
  @Test func picturesHaveALegend() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    var heights: [Int] = []
    for file in ["tiny.safetensors", "student.safetensors"] {
      let result = try tool.run([
        "inspect", file, "--images", "images.safetensors", "--picture", "p.png",
      ])
      #expect(result.status == 0, "\(result.error)")
      let picture = try PixelImage(contentsOf: tool.path("p.png"))
      func ink(_ row: Int) -> Int {
        (0..<picture.width).filter { picture[row, $0, 0] < 128 }.count
      }
      // Noise is dark in half of an image's pixels, text in few.
      let first = try #require(
        (0..<picture.height).first { row in
          (0..<picture.width).filter { picture[row, $0, 0] != 255 }.count > picture.width / 2
        })
      let text = (0..<first).map(ink)
      #expect(text.reduce(0, +) > 500)
      // Lines of text with white between them.
      heights.append(zip(text, text.dropFirst()).filter { $0 > 0 && $1 == 0 }.count)
    }
    #expect(heights[0] >= 1 && heights[1] > heights[0], "\(heights)")
  }

  /// A caption ends before the next image's begins, however long its class's name is.
  @Test func captionsKeepTheirDistance() throws {
    let tool = try Tool()
    defer { tool.remove() }
    try tool.addStudent()
    let names = (0..<10).map { "class-\($0)-" + String(repeating: "m", count: 60) }
    try AtomicFile.write(names.joined(separator: "\n"), to: tool.path("names.txt"))
    let result = try tool.run([
      "inspect", "student.safetensors", "--images", "images.safetensors", "--picture", "p.png",
      "--class-names", "names.txt",
    ])
    #expect(result.status == 0, "\(result.error)")
    let picture = try PixelImage(contentsOf: tool.path("p.png"))
    // Twelve cells in a row, the last columns of each without ink below the legend.
    let width = picture.width / 12
    for cell in 0..<12 {
      for row in 60..<picture.height {
        for column in (cell + 1) * width - 4..<(cell + 1) * width {
          #expect(picture[row, column, 0] == 255, "ink at \(row), \(column)")
        }
      }
    }
    try tool.expectRefusal(
      [
        "inspect", "student.safetensors", "--images", "images.safetensors", "--picture", "q.png",
        "--class-names", "fashion-mnist", "--arch", "resnet8-cifar",
      ], naming: "--arch", code: 64)
  }
}
