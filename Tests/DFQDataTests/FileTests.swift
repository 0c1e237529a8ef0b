internal import DFQData
internal import DFQFiles
internal import Foundation
internal import Testing

@Suite struct FileTests {
  @Test func readsWhatWasWritten() throws {
    try withTemporaryDirectory { place in
      let path = place + "/file"
      try AtomicFile.write([1, 2, 3], to: path)
      #expect(try FileContents.read(path, limit: 3) == [1, 2, 3])
      try AtomicFile.write("text", to: path)
      #expect(try FileContents.read(path, limit: 100) == Array("text".utf8))
      #expect(
        throws: InterchangeError.tooLarge(
          path: path, what: "file size in bytes", limit: 3, found: 4)
      ) { try FileContents.read(path, limit: 3) }
      try AtomicFile.write([], to: path)
      #expect(try FileContents.read(path, limit: 0).isEmpty)
      #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["file"])
    }
  }

  @Test func refusesWhatIsNoFile() throws {
    try withTemporaryDirectory { place in
      #expect(throws: InterchangeError.cannotOpen(path: place, reason: "it is a directory")) {
        try FileContents.read(place, limit: 1)
      }
      #expect(throws: InterchangeError.self) { try FileContents.read(place + "/no", limit: 1) }
      #expect(throws: InterchangeError.self) { try FileContents.read("", limit: 1) }
      #expect(throws: InterchangeError.self) { try FileContents.read("/dev/zero", limit: 1) }
      let pipe = place + "/pipe"
      try #require(mkfifo(pipe, 0o600) == 0)
      #expect(throws: InterchangeError.self) { try FileContents.read(pipe, limit: 1) }
      #expect(throws: InterchangeError.self) { try AtomicFile.write([1], to: pipe) }
    }
  }

  /// What cannot be written is known before the work.
  @Test func checksPlacesOfFiles() throws {
    try withTemporaryDirectory { place in
      try AtomicFile.check(place + "/new")
      try AtomicFile.write([1], to: place + "/old")
      try AtomicFile.check(place + "/old")
      let long = String(repeating: "n", count: 300)
      let bad = [
        "", place, place + "/", place + "/no/file", place + "/old/file", "/dev/full",
        place + "/" + long,
      ]
      for path in bad {
        #expect(throws: InterchangeError.self, "\(path)") { try AtomicFile.check(path) }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["old"])
    }
  }

  @Test func directoriesOfPaths() {
    let cases = [
      ("i", "."), ("name", "."), ("/i", "/"), ("a/i", "a"), ("/a/b/i", "/a/b"), ("./i", "."),
    ]
    for (path, directory) in cases { #expect(AtomicFile.directory(of: path) == directory) }
  }

  /// What a terminal would act on never reaches it, and a megabyte of text is cut.
  @Test func textOnOneLine() {
    #expect("conv1.weight".oneLine == "conv1.weight")
    #expect("a\u{1b}[2Jb\r\nc".oneLine == "a\u{FFFD}[2Jb\u{FFFD}\u{FFFD}c")
    #expect("\u{202e}x\u{85}\u{2028}".oneLine == "\u{FFFD}x\u{FFFD}\u{FFFD}")
    let long = String(repeating: "x", count: 1 << 20)
    #expect(long.oneLine.count == 201 && long.oneLine.hasSuffix("\u{2026}"))
    let error = InterchangeError.missingTensor(path: "a\nb", name: long)
    #expect(!error.description.contains("\n") && error.description.count < 300)
    #expect(error.localizedDescription == error.description)
  }

  @Test func leavesNothingBehindOnFailure() throws {
    try withTemporaryDirectory { place in
      let path = place + "/file"
      try AtomicFile.write([7], to: path)
      // The third call finds the disk full, after part of the bytes were written.
      var calls = 0
      #expect(throws: InterchangeError.cannotWrite(path: path, reason: "No space left on device")) {
        try AtomicFile.write([UInt8](repeating: 1, count: 100), to: path) {
          descriptor, bytes, count in
          calls += 1
          if calls < 3 { return write(descriptor, bytes, min(count, 10)) }
          errno = ENOSPC
          return -1
        }
      }
      #expect(try FileContents.read(path, limit: 10) == [7])
      #expect(throws: InterchangeError.self) { try AtomicFile.write([1], to: place) }
      #expect(throws: InterchangeError.self) { try AtomicFile.write([1], to: place + "/no/file") }
      #expect(throws: InterchangeError.self) { try AtomicFile.write([1], to: place + "/new/") }
      #expect(throws: InterchangeError.self) { try AtomicFile.write([1], to: "") }
      #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["file"])
    }
  }

  @Test func neverReplacesADevice() {
    #expect(throws: InterchangeError.self) { try AtomicFile.write([1], to: "/dev/full") }
    var status = stat()
    #expect(stat("/dev/full", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func writesThroughLinksAndLongNames() throws {
    try withTemporaryDirectory { place in
      let link = place + "/link"
      try AtomicFile.write([1], to: place + "/file")
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "file")
      try AtomicFile.write([2], to: link)
      #expect(try FileContents.read(place + "/file", limit: 1) == [2])
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "file")
      let long = place + "/" + String(repeating: "n", count: 255)
      try AtomicFile.write([3], to: long)
      #expect(try FileContents.read(long, limit: 1) == [3])
    }
  }

  @Test func decompressesWithinABound() throws {
    // gzip of "hello", twice: two members make one file.
    let member: [UInt8] = [
      0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10,
      0x36,
      5, 0, 0, 0,
    ]
    let plain = Array("hello".utf8)
    #expect(try Gzip.decompressed(member, limit: 5, path: "g") == plain)
    #expect(try Gzip.decompressed(member + member, limit: 10, path: "g") == plain + plain)
    #expect(
      throws: InterchangeError.tooLarge(
        path: "g", what: "decompressed size in bytes", limit: 4, found: 5)
    ) { try Gzip.decompressed(member, limit: 4, path: "g") }
    checkTruncations(of: member) { bytes in
      try Gzip.decompressed(bytes, limit: 100, path: "g")
    }
    checkDamage(of: member, seed: 1, rounds: 500) { bytes in
      try Gzip.decompressed(bytes, limit: 100, path: "g")
    }
    #expect(throws: InterchangeError.self) {
      try Gzip.decompressed(member + [0], limit: 100, path: "g")
    }
  }

  @Test func messagesAreOneLine() {
    let error = InterchangeError.missingTensor(
      path: "a\nb", name: "\u{1b}[31m" + String(repeating: "x", count: 1000))
    #expect(!error.description.contains { $0.isNewline || $0 == "\u{1b}" })
    #expect(error.description.count < 500)
  }
}
