import DFQGraph
public import DFQTensor

/// The loss of ``Distillation`` as a function of the teacher: KL(teacher || student) at temperature T,
/// with the student's logits fixed.
///
/// Its gradient is what a perturbation of images through the teacher needs. With p and q the softened
/// predictions of teacher and student, the derivative at the teacher's logit j is
/// p_j (log p_j - log q_j - KL) / T.
public struct DistillationAtTeacher: ImageObjective {
  /// The student's logits, N C.
  public let studentLogits: Tensor
  /// The temperature T.
  public let temperature: Float
  /// The position of the node whose output the loss reads.
  public let node: Int
  /// The factor of the loss in the total.
  public let weight: Float
  /// The loss's name in logs.
  public let name = "distillation at the teacher"

  /// Makes the loss at the teacher's logits' node.
  public init(studentLogits: Tensor, node: Int, temperature: Float = 20, weight: Float = 8000) {
    self.studentLogits = studentLogits
    self.node = node
    self.temperature = temperature
    self.weight = weight
  }

  /// Checks that there is a row of logits for every image.
  ///
  /// - Throws: ``NetworkError/targetShape(objective:expected:found:)``.
  public func check(batch: Int, shape: Shape) throws {
    try check(studentLogits, rowShape: [shape.count], batch: batch)
  }

  /// The loss of one image; adds `scale` times its derivative to `gradient`.
  public func evaluate(
    image: Int, value: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>,
    scale: Float
  ) -> Double {
    let t = Double(temperature)
    let row = image * value.count..<(image + 1) * value.count
    let teacher = Softmax(value, temperature: t)
    let student = Softmax(studentLogits.elements[row], temperature: t)
    let p = teacher.probabilities
    func difference(_ c: Int) -> Double {
      teacher.logProbabilities[c] - student.logProbabilities[c]
    }
    var loss = 0.0
    for c in p.indices where p[c] > 0 { loss += p[c] * difference(c) }
    for c in p.indices where p[c] > 0 {
      gradient[c] += scale * Float(p[c] * (difference(c) - loss) / t)
    }
    return loss
  }
}
