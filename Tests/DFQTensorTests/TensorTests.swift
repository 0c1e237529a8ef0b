import DFQTestSupport
import DynaDFQ
import Testing

@Suite struct TensorTests {
  @Test func checkedCount() {
    #expect(Shape.checkedCount([], limit: 10) == 1)
    #expect(Shape.checkedCount([2, 3, 4], limit: 24) == 24)
    #expect(Shape.checkedCount([2, 3, 4], limit: 23) == nil)
    #expect(Shape.checkedCount([0, 5], limit: 10) == 0)
    #expect(Shape.checkedCount([-1], limit: 10) == nil)
    #expect(Shape.checkedCount([Int.max, 2], limit: .max) == nil)
    #expect(Shape.checkedCount([1 << 32, 1 << 32], limit: .max) == nil)
    #expect(Shape.checkedCount([-1, -1], limit: 10) == nil)
  }

  @Test func shapesDescribeThemselves() {
    #expect(Shape([32, 32, 3]).description == "32x32x3")
    #expect(Shape([]).description == "scalar")
    #expect(Shape([]).count == 1)
  }

  private let matrix = Tensor(shape: [3, 2], elements: [0, 1, 2, 3, 4, 5])

  @Test func rows() {
    #expect(matrix.row(1) == Tensor(shape: [2], elements: [2, 3]))
    #expect(matrix.rows(1..<3) == Tensor(shape: [2, 2], elements: [2, 3, 4, 5]))
    #expect(matrix.rows(1..<1) == Tensor(shape: [0, 2], elements: []))
    #expect(matrix.rows(at: [2, 0, 2]) == Tensor(shape: [3, 2], elements: [4, 5, 0, 1, 4, 5]))
    #expect(matrix.rowCount == 3)
    #expect(matrix.rowShape == [2])
    var changed = matrix
    changed.setRow(1, to: Tensor(shape: [2], elements: [9, 8]))
    #expect(changed.elements == [0, 1, 9, 8, 4, 5])
    #expect(matrix.elements == [0, 1, 2, 3, 4, 5])
  }

  @Test func concatenation() {
    let parts = [matrix.rows(0..<1), matrix.rows(1..<1), matrix.rows(1..<3)]
    #expect(Tensor.concatenating(parts) == matrix)
  }

  @Test func largestOfRows() {
    let logits = Tensor(shape: [3, 3], elements: [1, 3, 2, 5, 5, 1, -1, -2, -0.5])
    #expect(logits.argmaxOfRows() == [1, 0, 2])
    #expect(Tensor(shape: [0, 3]).argmaxOfRows() == [])
  }

  @Test func finiteness() {
    #expect(matrix.isFinite)
    #expect(!Tensor(shape: [1], elements: [.nan]).isFinite)
    #expect(!Tensor(shape: [1], elements: [-.infinity]).isFinite)
  }
}

@Suite struct TensorTrapsTests {
  @Test func elementsMustFill() async {
    await #expect(processExitsWith: .failure) { _ = Tensor(shape: [2, 2], elements: [1]) }
  }

  @Test func extentsMustNotBeNegative() async {
    await #expect(processExitsWith: .failure) { _ = Shape([2, -1]) }
  }

  @Test func nothingToConcatenate() async {
    await #expect(processExitsWith: .failure) { _ = Tensor.concatenating([]) }
  }

  @Test func rowsOfDifferentShape() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor.concatenating([Tensor(shape: [1, 2]), Tensor(shape: [1, 3])])
    }
  }
}
