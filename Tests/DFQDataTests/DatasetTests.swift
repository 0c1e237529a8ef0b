internal import DFQData
internal import DFQFiles
internal import DFQTensor
internal import DFQTestSupport
internal import Foundation
internal import Testing

@Suite struct DatasetTests {
  /// An IDX file of unsigned bytes.
  static func idx(_ dimensions: [Int], _ values: [UInt8]) -> [UInt8] {
    [0, 0, 8, UInt8(dimensions.count)]
      + dimensions.flatMap { extent in [24, 16, 8, 0].map { UInt8(extent >> $0 & 255) } } + values
  }

  @Test func readsIDX() throws {
    let bytes = Self.idx([2, 1, 3], [1, 2, 3, 4, 5, 6])
    let array = try IDX(decoding: bytes)
    #expect(array.dimensions == [2, 1, 3] && array.values == [1, 2, 3, 4, 5, 6])
    checkTruncations(of: bytes) { bytes in try IDX(decoding: bytes) }
    checkDamage(of: bytes, seed: 4, rounds: 500) { bytes in
      try IDX(decoding: bytes)
    }
    #expect(throws: InterchangeError.self) { try IDX(decoding: bytes + [0]) }
    #expect(throws: InterchangeError.self) { try IDX(decoding: [0, 0, 9, 1, 0, 0, 0, 1, 0]) }
    #expect(throws: InterchangeError.self) { try IDX(decoding: [0, 0, 8, 4] + bytes[4...]) }
    let huge = [UInt8](repeating: 255, count: 12)
    #expect(throws: InterchangeError.self) { try IDX(decoding: [0, 0, 8, 3] + huge) }
  }

  @Test func fashionMNISTFilesMustFitTogether() throws {
    try withTemporaryDirectory { place in
      let images = "\(place)/t10k-images-idx3-ubyte"
      let labels = "\(place)/t10k-labels-idx1-ubyte"
      #expect(throws: InterchangeError.self) { try FashionMNIST(.test, directory: place) }
      try AtomicFile.write(Self.idx([2, 28, 28], Array(repeating: 9, count: 1568)), to: images)
      try AtomicFile.write(Self.idx([2], [3, 9]), to: labels)
      let set = try FashionMNIST(.test, directory: place)
      #expect(set.count == 2 && set.label(at: 1) == 9 && set.image(at: 1)[27, 27, 0] == 9)
      try AtomicFile.write(Self.idx([2], [3, 10]), to: labels)
      #expect(throws: InterchangeError.labelOutOfRange(path: labels, label: 10, classes: 10)) {
        try FashionMNIST(.test, directory: place)
      }
      try AtomicFile.write(Self.idx([3], [3, 4, 5]), to: labels)
      #expect(throws: InterchangeError.self) { try FashionMNIST(.test, directory: place) }
      try AtomicFile.write(Self.idx([2], [3, 9]), to: labels)
      try AtomicFile.write(Self.idx([2, 14, 56], Array(repeating: 9, count: 1568)), to: images)
      #expect(throws: InterchangeError.self) { try FashionMNIST(.test, directory: place) }
    }
  }

  @Test(arguments: [(FashionMNIST.Split.train, 60000), (.test, 10000)])
  func readsFashionMNIST(_ split: FashionMNIST.Split, _ count: Int) throws {
    do {
      let set = try FashionMNIST(split)
      #expect(set.count == count && set.classCount == 10)
      for label in 0..<10 { #expect(set.labels.count { $0 == label } == count / 10) }
      let subset = RealSubset(set, first: 3)
      #expect(try subset.count == 3 && subset.image(at: 2) == set.image(at: 2))
      #expect(try set.pixels(at: 0..<2).shape == [2, 28, 28, 1])
    } catch let error as InterchangeError {
      guard case .missingDataset = error else { throw error }
      print("skipped: \(error)")
    }
  }

  @Test func readsCIFAR() throws {
    try withTemporaryDirectory { place in
      let path = place + "/data.bin"
      let planes = [UInt8](repeating: 1, count: 1024) + [UInt8](repeating: 2, count: 1024)
      let record: [UInt8] = [7] + planes + (0..<1024).map { UInt8($0 % 256) }
      try AtomicFile.write(record + record, to: path)
      let set = try CIFAR(contentsOf: [path, path], dataset: .cifar10)
      #expect(set.count == 4 && set.label(at: 3) == 7 && set.classNames[7] == "horse")
      let image = set.image(at: 3)
      #expect(image[0, 5, 0] == 1 && image[31, 31, 1] == 2 && image[1, 3, 2] == 35)
      #expect(throws: InterchangeError.self) {
        try CIFAR(contentsOf: [path], dataset: .cifar100(.fine))
      }
      try AtomicFile.write([10] + record[1...], to: path)
      #expect(throws: InterchangeError.labelOutOfRange(path: path, label: 10, classes: 10)) {
        try CIFAR(contentsOf: [path], dataset: .cifar10)
      }
      for bytes in [[], Array(record.dropLast()), record + [0]] {
        try AtomicFile.write(bytes, to: path)
        #expect(throws: InterchangeError.self) {
          try CIFAR(contentsOf: [path], dataset: .cifar10)
        }
      }
      try AtomicFile.write([19, 99] + record[1...], to: path)
      let fine = try RealDataset.open("cifar100:\(path)")
      #expect(fine.label(at: 0) == 99 && fine.classNames[99] == "worm" && fine.classCount == 100)
      #expect(try fine.classNames == fine.classNames.sorted() && fine.image(at: 0) == image)
      let coarse = try CIFAR(contentsOf: [path], dataset: .cifar100(.coarse))
      #expect(coarse.label(at: 0) == 19 && coarse.classCount == 20)
    }
  }

  @Test func readsImageFolders() throws {
    try withTemporaryDirectory { place in
      #expect(throws: InterchangeError.self) { try ImageFolder(contentsOf: place) }
      #expect(throws: InterchangeError.self) { try ImageFolder(contentsOf: place + "/no") }
      for name in ["b", "a"] {
        try FileManager.default.createDirectory(
          atPath: "\(place)/\(name)", withIntermediateDirectories: false)
      }
      #expect(throws: InterchangeError.self) { try ImageFolder(contentsOf: place) }
      try AtomicFile.write(Fixtures.jpegGray, to: place + "/b/2.JPEG")
      try AtomicFile.write(Fixtures.pngRGBA, to: place + "/b/1.png")
      try AtomicFile.write("not an image", to: place + "/a/1.jpg")
      try AtomicFile.write("ignored", to: place + "/a/.hidden.jpg")
      let set = try ImageFolder(contentsOf: place, shortSide: 16, crop: 8)
      #expect(set.count == 3 && set.classNames == ["a", "b"] && set.labels == [0, 1, 1])
      #expect(set.path(at: 1).hasSuffix("b/1.png"))
      let image = try set.image(at: 2)
      #expect(image.height == 8 && image.width == 8 && image.channels == 3)
      #expect(throws: InterchangeError.self) { try set.image(at: 0) }
      let whole = try ImageFolder(contentsOf: place, shortSide: nil, crop: nil)
      #expect(try whole.image(at: 2).width == 17)
      let large = try ImageFolder(contentsOf: place, shortSide: nil, crop: 64)
      #expect(throws: InterchangeError.self) { try large.image(at: 2) }

      let classes = place + "/classes.txt"
      try AtomicFile.write("2 b second thing\n0 a first\n1 c\n", to: classes)
      let named = try ImageFolder(contentsOf: place)
      #expect(named.classNames == ["first", "c", "second thing"] && named.labels == [0, 2, 2])
      for text in ["", "0 a\n", "0 a\n0 b\n", "0 a\n1 a\n", "0 a\n5 b\n", "x a\n1 b\n", "0\n1\n"] {
        try AtomicFile.write(text, to: classes)
        #expect(throws: InterchangeError.self) { try ImageFolder(contentsOf: place) }
      }
    }
  }

  /// A class without a folder never shifts the labels of the others.
  @Test func absentClassFoldersShiftNothing() throws {
    try withTemporaryDirectory { place in
      func add(_ folder: String) throws {
        try FileManager.default.createDirectory(
          atPath: "\(place)/\(folder)", withIntermediateDirectories: false)
        try AtomicFile.write(Fixtures.jpegColor, to: "\(place)/\(folder)/1.jpg")
      }
      for number in [0, 2, 10] { try add("\(number)") }
      let set = try RealDataset.open("folder:\(place)", fitting: [8, 8, 3], classCount: 12)
      #expect(Set(set.labels) == [0, 2, 10] && set.classCount == 12)
      #expect(try RealDataset.open("folder:\(place)").classCount == 11)
      #expect(throws: InterchangeError.self) {
        try RealDataset.open("folder:\(place)", classCount: 10)
      }
      try add("9223372036854775807")
      #expect(throws: InterchangeError.self) { try RealDataset.open("folder:\(place)") }
      try add("horse")
      #expect(throws: InterchangeError.self) {
        try RealDataset.open("folder:\(place)", classCount: 6)
      }
      #expect(try RealDataset.open("folder:\(place)", classCount: 5).classCount == 5)
    }
  }

  /// Pictures of a folder take the size and the channels of a network's input.
  @Test(arguments: [[32, 32, 3], [28, 28, 1], [96, 96, 3], [8, 12, 3]] as [Shape])
  func foldersFitAnInput(shape: Shape) throws {
    try withTemporaryDirectory { place in
      try FileManager.default.createDirectory(
        atPath: place + "/class", withIntermediateDirectories: false)
      try AtomicFile.write(Fixtures.jpegColor, to: place + "/class/1.jpg")
      let set = try RealDataset.open("folder:\(place)", fitting: shape)
      #expect(try set.pixels(at: [0]).rowShape == shape)
    }
  }

  @Test func imagesInMemory() throws {
    let image = pattern(height: 4, width: 5, channels: 3)
    let set = try LabelledImages([image, image], labels: [1, 0], classNames: ["a", "b"])
    #expect(set.labels == [1, 0] && set.image(at: 1) == image && set.classCount == 2)
    #expect(try LabelledImages([image], classNames: ["a"]).labels == [0])
    #expect(throws: InterchangeError.self) {
      try LabelledImages([image], labels: [2], classNames: ["a", "b"])
    }
    #expect(throws: InterchangeError.self) {
      try LabelledImages([image], labels: [], classNames: ["a", "b"])
    }
  }

  @Test(.enabled(if: Shared.has(Shared.cifarTestName), "CIFAR-10's images are not here"))
  func opensCIFAR() throws {
    let set = try RealDataset.open("cifar10:\(Shared.path(Shared.cifarTestName))")
    #expect(set.count == 1000 && set.classNames[set.label(at: 0)] == "cat")
  }

  @Test(.enabled(if: Shared.has("data/imagenet-sample"), "ImageNet's sample is not here"))
  func opensFolderOfPhotographs() throws {
    let set = try RealDataset.open("folder:\(Shared.path("data/imagenet-sample"))")
    #expect(set.count == 500 && set.classCount == 1000)
    #expect(try set.pixels(at: [0, 499]).shape == [2, 224, 224, 3])
    #expect(set.classNames[set.label(at: 0)] == "tench")
  }

  @Test(arguments: ["", "cifar10", "cifar10:", "fashion-mnist:valid", "mnist:test", "folder:"])
  func refusesUnknownSets(_ text: String) {
    #expect(throws: InterchangeError.unknownDataset(specification: text)) {
      try RealDataset.open(text)
    }
  }
}
