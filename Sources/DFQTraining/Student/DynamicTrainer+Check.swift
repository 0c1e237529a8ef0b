import DFQEngine
import DFQGraph
import DFQQuantization
import DFQSynthesis
import DFQTensor

/// Numbers above these are taken for mistakes: products of them still fit an `Int`.
enum Limit {
  static let steps = 1 << 40
  static let imagesPerStep = 1 << 16
  static let images = 1 << 30
  static let epochs = 1 << 24
  static let shift = 1 << 16
  /// The elements of images that are made at once, 4 GiB.
  static let elements = 1 << 30
}

extension DynamicTrainer.Configuration {
  /// Checks every setting.
  ///
  /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
  func check() throws {
    try demand((0...Limit.steps).contains(steps), "steps in 0...\(Limit.steps)", steps)
    try demand(
      (1...Limit.imagesPerStep).contains(imagesPerStep),
      "images per step in 1...\(Limit.imagesPerStep)", imagesPerStep)
    try demand((0...1).contains(warmup), "a warm-up share in 0...1", warmup)
    try demand((0..<1).contains(holdOut), "a hold-out share in 0..<1", holdOut)
    try demand(
      (1...Limit.images).contains(calibrationImages),
      "calibration images in 1...\(Limit.images)", calibrationImages)
    try demand(checkpointInterval >= 1, "a checkpoint interval of at least 1", checkpointInterval)
    for rate in [learningRate, stepLearningRate, selectorLearningRate] {
      try demand(rate.isFinite && rate >= 0, "learning rates of at least 0", rate)
    }
    try schedule.check()
    try mixup.check()
    try lowPass?.check()
    try perturbation?.check()
    try adaptiveRounding?.check()
    try demand((0..<1).contains(momentum), "a momentum in 0..<1", momentum)
    try demand(
      weightDecay.isFinite && weightDecay >= 0, "a weight decay of at least 0", weightDecay)
    try demand((0..<1).contains(averaging), "a decay of averages in 0..<1", averaging)
    switch budgetRule {
    case .hinge(let weight):
      try demand(weight.isFinite && weight >= 0, "a hinge weight of at least 0", weight)
    case .multiplier(let initial, let rate):
      try demand(initial.isFinite && initial >= 0, "an initial price of at least 0", initial)
      try demand(rate.isFinite && rate >= 0, "a rate of the price of at least 0", rate)
    case .bitRatio(let weight, let growth):
      try demand(weight.isFinite && weight >= 0, "a ratio's weight of at least 0", weight)
      try demand(growth.isFinite && growth >= 0, "a ratio's growth of at least 0", growth)
    }
    if let budget { try demand(budget.isFinite && budget > 0, "a budget above 0 bits", budget) }
  }
}

extension LearningRateSchedule {
  /// - Throws: ``TrainingError/badConfiguration(what:found:)``.
  func check() throws {
    switch self {
    case .constant: break
    case .cosine(let final):
      try demand(final.isFinite && final >= 0, "a final factor of at least 0", final)
    case .milestones(let milestones, let decay):
      for milestone in milestones {
        try demand((0...1).contains(milestone), "milestones in 0...1", milestone)
      }
      try demand(decay.isFinite && decay >= 0, "a decay of at least 0", decay)
    case .oneCycle(let warmup, let final):
      try demand((0...1).contains(warmup), "a share of rising rates in 0...1", warmup)
      try demand(final.isFinite && final >= 0, "a final factor of at least 0", final)
    }
  }
}

extension DynamicTrainer {
  /// Checks everything that can be checked without images; training does so before its first step.
  ///
  /// - Throws: ``TrainingError/badConfiguration(what:found:)``,
  ///   ``TrainingError/budgetOutOfRange(bits:lowest:highest:)``, `QuantizationError` (also for
  ///   transforms that do not apply), and `NetworkError` for objectives' layers and damaged weights.
  public func check() throws {
    try configuration.check()
    for rule in updates { try rule.check() }
    try teacher.checkFinite()
    let student = try QuantizedNetwork(
      network: transformedTeacher().network, quantizer: quantizer, selector: selector)
    try checkBudget(student)
    if let method = configuration.adaptiveRounding { try student.checkReconstruction(method) }
    for count in [configuration.imagesPerStep, configuration.calibrationImages] {
      let (elements, overflow) = teacher.imageShape.count.multipliedReportingOverflow(by: count)
      try demand(
        !overflow && elements <= Limit.elements,
        "images that together have at most \(Limit.elements) values", "\(count) images")
    }
    if configuration.perturbation?.path == .teacher {
      try demand(
        objectives.contains { !$0.teacherLayers(in: teacher).isEmpty },
        "an objective that asks the teacher, for a perturbation through the teacher",
        objectives.map(\.name).joined(separator: ", "))
    }
    var names = Set<String>()
    for objective in objectives {
      try demand(
        objective.weight.isFinite && objective.weight >= 0,
        "a weight of at least 0 for \(objective.name)", objective.weight)
      try demand(
        names.insert(objective.name).inserted, "objectives with different names", objective.name)
      for layer in objective.teacherLayers(in: teacher) + objective.studentLayers(in: teacher) {
        _ = try layer.node(in: teacher)
      }
      try objective.check(for: teacher)
    }
  }

  func check(imageShape: Shape, classCount: Int) throws {
    guard imageShape == teacher.imageShape else {
      throw TrainingError.imagesDoNotFit(
        expected: "images of shape \(teacher.imageShape)", found: "\(imageShape)")
    }
    guard classCount == teacher.classCount else {
      throw TrainingError.imagesDoNotFit(
        expected: "labels over \(teacher.classCount) classes", found: "\(classCount)")
    }
  }
}
