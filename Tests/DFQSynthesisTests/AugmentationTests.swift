import DFQTestSupport
import DynaDFQ
import Testing

@Suite struct AugmentationTests {
  @Test(arguments: 0..<8)
  func transposeIsTheAdjoint(seed: Int) throws {
    var stream = RandomStream(seed: UInt64(seed), "augmentation")
    let shape: Shape = [5, 13, 9, 3]
    let x = stream.tensor(shape)
    let y = stream.tensor(shape)
    let map = try Augmentation(batch: shape, stream: &stream)
    let left = dot(map.apply(x).elements, y.elements)
    let right = dot(x.elements, map.transpose(y).elements)
    #expect(abs(left - right) < 1e-4 * max(abs(left), 1), "\(left) \(right)")
  }

  @Test func keepsConstantsAndDirections() throws {
    var stream = RandomStream(seed: 1, "augmentation")
    let shape: Shape = [40, 8, 8, 1]
    let map = try Augmentation(batch: shape, stream: &stream)
    let constant = map.apply(Tensor(shape: shape, repeating: 2))
    #expect(constant.elements.allSatisfy { abs($0 - 2) < 1e-5 })
    // A ramp stays a ramp down the rows; along a row it turns round where the image is mirrored.
    let ramp = Tensor(shape: shape, elements: (0..<shape.count).map { Float($0 / 8 % 8) })
    for image in 0..<40 {
      let column = (0..<8).map { map.apply(ramp).row(image)[$0 * 8] }
      #expect(column == column.sorted())
    }
    let across = map.apply(
      Tensor(shape: shape, elements: (0..<shape.count).map { Float($0 % 8) }))
    let mirrored = (0..<40).filter { across.row($0)[0] > across.row($0)[7] }.count
    #expect((8...32).contains(mirrored))
  }

  @Test func sameStreamSameCrops() throws {
    var first = RandomStream(seed: 1, "a")
    var second = RandomStream(seed: 1, "a")
    let images = Tensor(shape: [2, 6, 6, 1], elements: (0..<72).map(Float.init))
    let cropped = try Augmentation.cropAndFlip(images, stream: &first)
    #expect(try cropped == Augmentation.cropAndFlip(images, stream: &second))
    // The stream has moved, so the next crops are others.
    #expect(try cropped != Augmentation.cropAndFlip(images, stream: &first))
  }

  @Test(arguments: [[4, 4, 3], [1, 0, 4, 3], [1, 4, 0, 3], []] as [Shape])
  func otherShapesThrow(shape: Shape) {
    var stream = RandomStream(seed: 1)
    #expect(throws: SynthesisError.self) { try Augmentation(batch: shape, stream: &stream) }
    #expect(throws: SynthesisError.self) {
      try Augmentation.cropAndFlip(Tensor(shape: shape), stream: &stream)
    }
  }
}
