import DFQGraph
public import DFQTensor

/// Distillation: KL(teacher || student) of both softmaxes at temperature T, summed over classes and
/// averaged over the batch (Hinton et al., 2015, section 2).
///
/// The reduction is that of IntraQ (Zhong et al., 2022) and HAST (Li et al., 2023).
public struct Distillation: ImageObjective {
  /// The teacher's logits, N C.
  public let teacherLogits: Tensor
  /// The temperature T.
  public let temperature: Float
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "distillation"

  /// Makes the loss at the logits' node; IntraQ's weight is 20 T^2 = 8000 at T = 20.
  public init(teacherLogits: Tensor, node: Int, temperature: Float = 20, weight: Float = 8000) {
    self.teacherLogits = teacherLogits
    self.node = node
    self.temperature = temperature
    self.weight = weight
  }

  /// Checks that there is a row of targets for every image.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)``.
  public func check(batch: Int, shape: Shape) throws {
    try check(teacherLogits, rowShape: [shape.count], batch: batch)
  }

  /// The loss of one image; adds `scale` times its derivative to `gradient`.
  public func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double {
    let t = Double(temperature)
    let row = image * value.count..<(image + 1) * value.count
    let teacher = Softmax(teacherLogits.elements[row], temperature: t)
    let student = Softmax(value, temperature: t)
    let p = teacher.probabilities
    let q = student.probabilities
    var loss = 0.0
    for c in p.indices where p[c] > 0 {
      loss += p[c] * (teacher.logProbabilities[c] - student.logProbabilities[c])
    }
    for c in p.indices { gradient[c] += scale * Float((q[c] - p[c]) / t) }
    return loss
  }
}
