import CDynaDFQ
import DFQTestSupport
import DynaDFQ
import Testing

/// A small integer network as a file and as Swift reads it, and images for it.
struct Model: Sendable, CustomStringConvertible {
  let description: String
  /// The file.
  let bytes: [UInt8]
  let network: IntegerNetwork

  static let imageSize = 12 * 12 * 3
  static let classNames = ["zero", "one", "zw\u{f6}lf", "three"]

  /// A student that chooses the bits of each image.
  static let dynamic = Model(
    "dynamic", classNames: classNames, try student(bits: [3, 4, 5], depth: 8))

  /// A cascade whose second level has more quantized outputs, and whose rule ranks batches.
  static let cascade = Model("cascade", rule: .ranked(batch: 50), depths: (8, 14))

  /// A cascade whose first level has more quantized outputs, and whose rule follows the images.
  static let following = Model("following", rule: .streaming(rate: 0.1), depths: (14, 8))

  static let all = [dynamic, cascade, following]

  private init(
    _ description: String, classNames: [String] = [],
    _ student: @autoclosure () throws -> QuantizedNetwork
  ) {
    self.init(description) {
      try IntegerNetwork(student(), classNames: classNames, context: .init(threads: 1))
    }
  }

  private init(_ description: String, rule: CascadeRule, depths: (Int, Int)) {
    self.init(description) {
      let cascade = try StudentCascade(
        levels: [
          Model.student(bits: [3], depth: depths.0), Model.student(bits: [5], depth: depths.1),
        ],
        thresholds: [0.5], shares: [0.3], rule: rule)
      return try IntegerNetwork(cascade, context: .init(threads: 1))
    }
  }

  private init(_ description: String, _ make: () throws -> IntegerNetwork) {
    do {
      let network = try make()
      self.description = description
      self.network = network
      bytes = try withTemporaryDirectory { directory in
        try network.write(to: directory + "/model.dfq")
        return try fileBytes(directory + "/model.dfq")
      }
    } catch { fatalError("\(error)") }
  }

  private static func student(bits: [Int], depth: Int) throws -> QuantizedNetwork {
    let graph = try Architecture(
      .cifarResNet(depth: depth, projection: false), imageShape: [12, 12, 3], classCount: 4
    ).graph()
    var student = try QuantizedNetwork(
      network: .random(graph, seed: UInt64(depth)),
      quantizer: Quantizer(weightBits: 4, activationBits: bits), selector: BitSelector(.perLayer),
      seed: 1)
    var stream = RandomStream(seed: 9, "calibration")
    try student.calibrate(
      batches: [stream.tensor([13, 12, 12, 3])], context: .init(threads: 1))
    for index in student.selectorParameters.indices {
      student.selectorParameters[index] = 0.7 * stream.normal()
    }
    return student
  }

  /// Images of noise of several strengths, N H W C.
  static func pixels(count: Int, seed: UInt64 = 1) -> [UInt8] {
    var stream = RandomStream(seed: seed, "pixels")
    return (0..<count).flatMap { _ in
      let strength = 1 + stream.integer(below: 255)
      return (0..<imageSize).map { _ in UInt8(stream.integer(below: strength)) }
    }
  }

  /// Opens the file through the C interface, and closes it afterwards.
  func withNetwork<Result>(
    threads: Int32 = 2, _ body: (OpaquePointer) throws -> Result
  ) throws -> Result {
    try withTemporaryDirectory { directory in
      try AtomicFile.write(bytes, to: directory + "/model.dfq")
      var network: OpaquePointer?
      #expect(dynadfq_open(directory + "/model.dfq", threads, &network, nil, 0) == DYNADFQ_OK)
      defer { dynadfq_close(network) }
      return try body(try #require(network))
    }
  }
}
