// The cascade of README.md: two students, of which the second one, with more bits, computes only images of
// which the first one is not sure.
//
//   swift run -c release Cascade       (about a minute on two cores)
import DynaDFQ
import Foundation

let isSmall = ProcessInfo.processInfo.environment["DYNADFQ_EXAMPLE_SMALL"] != nil
let teacher = try Network.pretrained(.resNet20FashionMNIST)
let images = try SoftLabelSynthesizer(
  teacher: teacher,
  configuration: isSmall
    ? .init(count: 32, imagesPerBatch: 32, steps: 4) : .init(count: 512, steps: 250)
).synthesize()

/// A student with the same bits everywhere.
func student(bits: Int) throws -> QuantizedNetwork {
  try DynamicTrainer(
    teacher: teacher, quantizer: Quantizer(weightBits: bits, activationBits: [bits]),
    configuration: isSmall ? .init(steps: 4, imagesPerStep: 16) : .init(steps: 700)
  ).train(on: images)
}

// The share of the images that continues is fitted on synthetic images, so that the mean cost is the
// budget: here that of 4 bits everywhere.
let budget = try QuantizedNetwork(
  network: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [4])
).bitOPs(activationBits: 4)
let cascade = try StudentCascade.fitted(
  [student(bits: 3), student(bits: 5)], on: images, budget: budget, rule: .ranked(batch: 125))
let report = try cascade.evaluate(
  on: RealSubset(FashionMNIST(.test), first: isSmall ? 200 : 10_000), teacher: teacher,
  controls: [.shuffled])
print("accuracy \(report.accuracy) at \(report.student.meanBitOPs / 1e6) M BitOPs")
for control in report.controls { print("  \(control.name): \(control.accuracy)") }
try cascade.write(to: "cascade.safetensors")
