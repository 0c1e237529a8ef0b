package import DFQEngine
import DFQGraph

/// What the executor needs to know of grids to compute with codes.
extension QuantizationTransform {
  package func hasCodes(point: Int) -> Bool {
    student.activationGrids[point].allSatisfy { grid in
      let codes = grid.highest - grid.lowest
      return codes <= 255 && 0...codes ~= -(grid.lowest + grid.zero)
    }
  }

  package func codeGrid(point: Int, image: Int) -> CodeGrid {
    let grid = student.activationGrids[point][chosen(image, point)]
    return CodeGrid(levelsPerUnit: grid.levelsPerUnit, offset: Int(grid.lowest + grid.zero))
  }

  package func weightLevels(layer: Int, bank: Int) -> [Float]? { weights.levels[layer]?[bank] }

  package func gather(_ reduction: Reduction) { memory.gather(reduction) }
}
