import DFQGraph
import DFQTensor

/// A graph while it is read: the layers so far, their parameters, and what each name stands for.
struct GraphImport {
  let file: ONNXFile
  var opset: Int { file.opset }
  private(set) var builder: GraphBuilder
  private(set) var values: [String: ImportedValue] = [:]
  /// The parameters by their full names, in the layouts of layers.
  private(set) var parameters: [String: [Float]] = [:]
  /// What the reader did that its user should know.
  var notes: [String] = []
  private var names: Set<String> = ["input"]
  /// The last number behind each name that several layers ask for.
  private var numbers: [String: Int] = [:]
  private var budget: ImportBudget
  /// The extent of the batch in shapes that the graph computes with.
  let batch: Int
  /// Whether the file is made for one image at a time, so that its batch is an axis of extent 1 like any other.
  let isSingleImage: Bool

  /// Begins with the input and the tensors of a file; a batch that the file leaves open is nil.
  init(
    _ file: ONNXFile, input: String, imageShape: Shape, axes: [Feature.Axis], batch: Int?,
    budget: ImportBudget = ImportBudget()
  ) throws {
    self.budget = budget
    self.file = file
    self.batch = batch ?? 1
    isSingleImage = batch == 1
    builder = GraphBuilder(input: imageShape)
    for tensor in file.model.graph.initializer {
      let constant = try file.tensor(tensor)
      self.budget.found(constant.count)
      values[tensor.name] = .constant(constant)
    }
    values[input] = .feature(Feature(position: 0, axes: axes))
  }

  // MARK: Values

  mutating func set(_ name: String, _ value: ImportedValue) { values[name] = value }

  mutating func set(_ name: String, _ position: Int, _ axes: [Feature.Axis]) {
    values[name] = .feature(Feature(position: position, axes: axes))
  }

  /// The constant at an input; nil where there is none or it is a layer's output.
  func constant(_ node: ImportNode, _ place: Int) -> ONNXTensor? {
    guard node.hasInput(place), case .constant(let tensor)? = values[node.inputs[place]] else {
      return nil
    }
    return tensor
  }

  /// The constant at an input.
  ///
  /// - Throws: ``ONNXError/badNode(path:node:expected:found:)`` where it depends on the image.
  func demandConstant(_ node: ImportNode, _ place: Int, _ what: String) throws -> ONNXTensor {
    guard let tensor = constant(node, place) else {
      throw refuse(node, "\(what) that don't depend on the image", "others")
    }
    return tensor
  }

  /// The output of a layer at an input.
  ///
  /// - Throws: ``ONNXError/badNode(path:node:expected:found:)``.
  mutating func feature(_ node: ImportNode, _ place: Int = 0) throws -> Feature {
    try settled(unsettled(node, place), node)
  }

  /// The same with a step and a padding that are no layers yet.
  func unsettled(_ node: ImportNode, _ place: Int = 0) throws -> Feature {
    guard node.hasInput(place), let value = values[node.inputs[place]] else {
      throw refuse(node, "an input \(place)", "none")
    }
    guard case .feature(let feature) = value else {
      throw refuse(node, "an input that depends on the image", "a constant")
    }
    return feature
  }

  /// A value with its step and its padding as layers.
  mutating func settled(_ feature: Feature, _ node: ImportNode) throws -> Feature {
    var position = feature.position
    if feature.step != Size2D(1) {
      guard feature.step.height == feature.step.width else {
        throw refuse(node, "one step for rows and columns", "\(feature.step)")
      }
      let layer = PadChannels(stride: feature.step.height, before: 0, after: 0)
      position = try add("\(node.name).strided", layer, [position], node)
    }
    if let padding = feature.padding {
      position = try add("\(node.name).padding", PadMap(padding), [position], node)
    }
    return Feature(position: position, axes: feature.axes)
  }

  /// The shape of a layer's output.
  func shape(_ feature: Feature) throws -> Shape { try builder.shape(feature.position) }

  /// The extents of a value as ONNX has them.
  func extents(_ feature: Feature) throws -> [Int] {
    let shape = try shape(feature)
    let around = feature.padding ?? Padding(0)
    func extent(_ place: Int, _ step: Int, _ more: Int) -> Int {
      (shape[place] - 1) / step + 1 + more
    }
    return feature.axes.map { axis in
      switch axis {
      case .batch: batch
      case .height: extent(0, feature.step.height, around.top + around.bottom)
      case .width: extent(1, feature.step.width, around.left + around.right)
      case .channel: shape.dimensions[shape.rank - 1]
      case .unit: 1
      case .part(let number, let extents): extents[number]
      case .flattened: shape.count
      }
    }
  }

  /// A map in the usual order, a vector becoming a map of one pixel.
  ///
  /// - Throws: ``ONNXError/badNode(path:node:expected:found:)`` for a value that is neither.
  mutating func map(_ node: ImportNode, _ place: Int = 0) throws -> Feature {
    let feature = try feature(node, place)
    if feature.isMap { return feature }
    let shape = try shape(feature)
    if shape.rank == 1, feature.axes == [.batch, .channel, .unit, .unit] {
      let position = try add(
        "\(node.name).pixel", Reshape([1, 1, shape[0]]), [feature.position], node)
      return Feature(position: position, axes: Feature.map)
    }
    throw refuse(node, "a map N C H W", "axes \(feature.axes)")
  }

  // MARK: Layers

  /// Adds a layer with parameters in its own layouts; names are made unique.
  @discardableResult
  mutating func add(
    _ name: String, _ layer: any Layer, _ inputs: [Int], _ node: ImportNode,
    _ values: [String: [Float]] = [:]
  ) throws -> Int {
    let name = unique(name)
    let position: Int
    do {
      position = try builder.add(name, layer, inputs: inputs)
    } catch NetworkError.shapeMismatch(_, let expected, let found) {
      throw refuse(node, expected, found)
    }
    let shapes = try inputs.map { try builder.shape($0) }
    for parameter in layer.parameters(of: shapes) {
      guard let numbers = values[parameter.name] else { continue }
      guard numbers.count == parameter.shape.count else {
        throw refuse(
          node, "\(parameter.shape.count) numbers of \(parameter.name)", "\(numbers.count)")
      }
      try spend(numbers.count, as: .parameters, node)
      parameters["\(name).\(parameter.name)"] = numbers
    }
    return position
  }

  /// A name for a layer: that of its weights where they have one, as `layer1.0.conv1` of `layer1.0.conv1.weight`.
  func layerName(_ node: ImportNode, weights place: Int? = nil) -> String {
    if let place, node.hasInput(place) {
      let name = node.inputs[place]
      for suffix in [".weight", "/weight", ".gamma", "/kernel", ".kernel"]
      where name.hasSuffix(suffix) && name.utf8.count > suffix.utf8.count {
        return String(name.dropLast(suffix.count))
      }
    }
    return node.name
  }

  private mutating func unique(_ name: String) -> String {
    var base = String(name.prefix(200))
    if base.isEmpty { base = "layer" }
    if base.hasPrefix("quantization.") || base.hasPrefix("training.") { base = "node." + base }
    var result = base
    var number = numbers[base] ?? 1
    while !names.insert(result).inserted {
      number += 1
      result = "\(base)_\(number)"
    }
    // A thousand layers of one name try a thousand names, not the sum of all numbers up to it.
    numbers[base] = number
    return result
  }

  // MARK: Limits

  /// Counts numbers that the file holds.
  mutating func found(_ count: Int) { budget.found(count) }

  /// How many elements a constant may have that a node makes.
  var largestConstant: Int { budget.largest }

  /// Counts numbers that a node makes, or uses otherwise.
  ///
  /// - Throws: ``ONNXError/badNode(path:node:expected:found:)`` where they are too many for the file.
  mutating func spend(
    _ count: Int, as use: ImportBudget.Use = .made, _ node: ImportNode
  ) throws {
    guard budget.spend(count, as: use) else {
      throw refuse(node, "at most \(budget.allowed) numbers made from the file's", "more")
    }
  }

  // MARK: Notes and errors

  /// Adds a sentence to the notes, once.
  mutating func note(_ text: String) {
    if !notes.contains(text) { notes.append(text) }
  }

  func refuse(_ node: ImportNode, _ expected: String, _ found: String) -> ONNXError {
    .badNode(
      path: file.path, node: "\(node.name) (\(node.operation))", expected: expected, found: found)
  }
}
