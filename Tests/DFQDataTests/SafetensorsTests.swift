internal import DFQData
internal import DFQFiles
internal import DFQTensor
internal import DFQTestSupport
internal import Foundation
internal import Testing

@Suite struct SafetensorsTests {
  static func sample() -> SafetensorsFile {
    var file = SafetensorsFile(metadata: ["b": "\"quoted\"\n\u{1}\\ü😀", "a": ""])
    file.add("codes", [3], uint8s: [1, 2, 255])
    file.add("weights", Tensor(shape: [2, 2], elements: [1, -0.0, .infinity, 0.1]))
    file.add("steps", [2], int64s: [.max, -1])
    file.add("bias", Tensor(shape: [1], elements: [4]))
    file.add("scalar", Tensor(shape: [], elements: [5]))
    file.add("nothing", Tensor(shape: [0, 7], elements: []))
    return file
  }

  @Test func roundTrip() throws {
    let bytes = Self.sample().encoded()
    #expect(bytes == Self.sample().encoded())
    let file = try SafetensorsFile(decoding: bytes)
    #expect(file.metadata == Self.sample().metadata)
    #expect(file.names == ["steps", "weights", "bias", "scalar", "nothing", "codes"])
    #expect(file.names == Self.sample().names)
    #expect(file.contains("bias") && !file.contains("__metadata__"))
    #expect(try file.tensor("weights").elements == [1, -0.0, .infinity, 0.1])
    #expect(try file.tensor("scalar").shape == [])
    #expect(try file.tensor("nothing").shape == [0, 7])
    #expect(try file.uint8s("codes") == [1, 2, 255])
    #expect(try file.tensor("codes").elements == [1, 2, 255])
    #expect(try file.int64s("codes") == [1, 2, 255])
    #expect(try file.int64s("steps") == [.max, -1])
    #expect(try file.bytes("bias") == [0, 0, 128, 64])
    #expect(try file.dataType(of: "steps") == .i64)
    #expect(try file.shape(of: "weights") == [2, 2])
    #expect(file.encoded() == bytes)
    let headerLength = Int(bytes[0]) + Int(bytes[1]) << 8
    #expect(headerLength.isMultiple(of: 8))
  }

  @Test func writesFiles() throws {
    try withTemporaryDirectory { place in
      try Self.sample().write(to: place + "/a.safetensors")
      let file = try SafetensorsFile(contentsOf: place + "/a.safetensors")
      #expect(file.names == Self.sample().names)
      #expect(throws: InterchangeError.self) { try Self.sample().write(to: place + "/no/a") }
    }
  }

  @Test func accessErrorsNameTheTensor() throws {
    let file = try SafetensorsFile(decoding: Self.sample().encoded(), path: "f")
    #expect(throws: InterchangeError.missingTensor(path: "f", name: "no")) {
      try file.tensor("no")
    }
    #expect(
      throws: InterchangeError.wrongShape(
        path: "f", tensor: "weights", expected: [4], found: [2, 2])
    ) { try file.tensor("weights", shape: [4]) }
    #expect(
      throws: InterchangeError.notRepresentable(
        path: "f", tensor: "steps", position: 0, value: "9223372036854775807")
    ) { try file.tensor("steps") }
    #expect(
      throws: InterchangeError.wrongType(
        path: "f", tensor: "bias", expected: "U8 or BOOL", found: "F32")
    ) { try file.uint8s("bias") }
    #expect(throws: InterchangeError.self) { try file.int64s("bias") }
  }

  /// A file of one tensor "t" with the given type, shape and bytes.
  static func file(_ type: String, _ shape: String, _ data: [UInt8]) -> [UInt8] {
    raw(
      "{\"t\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[0,\(data.count)]}}", data)
  }

  /// A file of the given header and bytes.
  static func raw(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
    (0..<8).map { UInt8(header.utf8.count >> (8 * $0) & 255) } + Array(header.utf8) + data
  }

  @Test func convertsElementTypes() throws {
    func floats(_ type: String, _ count: Int, _ bytes: [UInt8]) throws -> [Float] {
      try SafetensorsFile(decoding: Self.file(type, "[\(count)]", bytes)).tensor("t").elements
    }
    #expect(
      try floats("F16", 6, [0, 0x3c, 0, 0xc0, 1, 0, 0xff, 0x7b, 0, 0x7c, 0, 0x80])
        == [1, -2, 0x1p-24, 65504, .infinity, -0.0])
    #expect(try floats("F16", 1, [1, 0x7e])[0].isNaN)
    #expect(try floats("BF16", 2, [0x80, 0x3f, 0x20, 0xc0]) == [1, -2.5])
    let doubles = [0.1, -.infinity].flatMap { value in
      (0..<8).map { UInt8(value.bitPattern >> (8 * $0) & 255) }
    }
    #expect(try floats("F64", 2, doubles) == [0.1, -.infinity])
    #expect(try floats("BOOL", 2, [0, 1]) == [0, 1])
    #expect(try floats("I8", 2, [255, 127]) == [-1, 127])
    #expect(try floats("I16", 1, [0xfe, 0xff]) == [-2])
    #expect(try floats("U16", 1, [0xfe, 0xff]) == [65534])
    #expect(try floats("I32", 1, [0, 0, 0, 0x80]) == [-2_147_483_648])
    #expect(try floats("U32", 1, [0, 0, 0, 0x80]) == [2_147_483_648])
    #expect(try floats("I64", 1, [0, 0, 0, 1, 0, 0, 0, 0]) == [0x1p24])
    #expect(throws: InterchangeError.self) { try floats("I32", 1, [1, 0, 0, 1]) }
    #expect(throws: InterchangeError.self) {
      try floats("F64", 1, [0, 0, 0, 0, 0, 0, 0xe0, 0x7f])
    }
  }

  @Test func acceptsHeadersInAnyOrder() throws {
    let file = try SafetensorsFile(
      decoding: Self.raw(
        """
        {"b":{"shape":[1],"data_offsets":[1,2],"dtype":"U8"},
         "\\u0061\\ud83d\\ude00":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}   
        """, [7, 8]))
    #expect(file.names == ["a😀", "b"])
    #expect(try file.uint8s("b") == [8])
  }

  @Test(arguments: [
    "", "[]", "1", "\"t\"", "{", "{}}", "{\"t\":1}", "{\"t\":{}}", "nul", "{\"a\":true}", "{\"a\"}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":1}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[1]}}",
    "{\"t\":{\"dtype\":\"X9\",\"shape\":[1],\"data_offsets\":[0,1]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,1]}}",
    "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,1]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[01],\"data_offsets\":[0,1]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,0]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,1]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[0,9223372036854775807,9],\"data_offsets\":[0,0]}}",
    "{\"t\":{\"dtype\":\"F64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[99999999999999999999],\"data_offsets\":[0,1]}}",
    "{\"t\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],"
      + "\"data_offsets\":[0,9223372036854775807]}}",
    "{\"__metadata__\":[],\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
    "{\"__metadata__\":{\"a\":1},\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
    "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"},\"t\":{\"dtype\":\"U8\",\"shape\":[1],"
      + "\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],"
      + "\"data_offsets\":[0,1]},\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],"
      + "\"data_offsets\":[0,0]},\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
    "{\"\\ud83d\":1}", "{\"\\q\":1}", "{\"a\nb\":1}", "{\"a\":1,}", "[[[[[[[[[[[[",
  ])
  func refusesHostileHeaders(_ header: String) {
    #expect(throws: InterchangeError.self) {
      try SafetensorsFile(decoding: Self.raw(header, [0]))
    }
  }

  @Test func refusesHostileLengths() {
    for declared: UInt64 in [9, 100_000_001, .max, 1 << 63] {
      let bytes = (0..<8).map { UInt8(declared >> (8 * $0) & 255) } + Array("{}".utf8)
      #expect(throws: InterchangeError.self) { try SafetensorsFile(decoding: bytes) }
    }
    #expect(throws: InterchangeError.self) {
      try SafetensorsFile(decoding: [1, 0, 0, 0, 0, 0, 0, 0, 0xff])
    }
  }

  @Test func survivesDamage() {
    let bytes = Self.sample().encoded()
    checkTruncations(of: bytes) { bytes in
      try SafetensorsFile(decoding: bytes)
    }
    checkDamage(of: bytes, seed: 2, rounds: 3000) { bytes in
      let file = try SafetensorsFile(decoding: bytes)
      for name in file.names { _ = try file.tensor(name) }
    }
  }

  @Test func readsPublicModel() throws {
    let file = try Goldens.file("resnet20-cifar10")
    #expect(file.metadata["arch"]?.isEmpty == false)
    for name in file.names { #expect(try file.tensor(name).isFinite) }
  }

  @Test func readsEveryGoldenFile() throws {
    let place = Goldens.path("")
    let names = try FileManager.default.contentsOfDirectory(atPath: place)
      .filter { $0.hasSuffix(".safetensors") }
    #expect(names.count == 5)
    for name in names {
      let file = try SafetensorsFile(contentsOf: "\(place)/\(name)")
      for tensor in file.names { #expect(try file.tensor(tensor).shape.count > 0) }
      let again = try SafetensorsFile(decoding: file.encoded())
      #expect(again.names == file.names)
    }
  }
}
