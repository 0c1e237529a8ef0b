// The program of README.md in a separate package: a pretrained network in, a dynamically quantized
// network out. Without arguments it runs on the network that comes with the library; with two, on
// the public CIFAR-10 weights.
//
//   swift run -c release QuickStart [resnet20-cifar10.safetensors test_batch.bin]
import DynaDFQ
import Foundation

let arguments = CommandLine.arguments
let isCIFAR = arguments.count == 3
let isSmall = ProcessInfo.processInfo.environment["DYNADFQ_EXAMPLE_SMALL"] != nil

let teacher =
  isCIFAR ? try Network(contentsOf: arguments[1]) : try .pretrained(.resNet20FashionMNIST)
let images = try SoftLabelSynthesizer(
  teacher: teacher,
  configuration: isSmall
    ? .init(count: 32, imagesPerBatch: 32, steps: 4) : .init(count: 512, steps: 250)
).synthesize()
let trainer = DynamicTrainer(
  teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
  selector: BitSelector(.perLayer),
  configuration: isSmall ? .init(budget: 4, steps: 4, imagesPerStep: 16) : .init(budget: 4))
let student = try trainer.train(on: images) { progress in
  if progress.step % 100 == 0 { print("step \(progress.step) of \(progress.steps)") }
}
let test: any RealImages =
  isCIFAR ? try CIFAR(contentsOf: [arguments[2]], dataset: .cifar10) : try FashionMNIST(.test)
let report = try student.evaluate(on: test, teacher: teacher)
print(report.accuracy, report.meanBitOPs, report.meanActivationBits)
try student.write(to: "student.safetensors")
