// README's program on the public CIFAR-10 weights: a pretrained network in, a dynamically quantized
// network out.
//
// swift run -c release QuickStart resnet20-cifar10.safetensors test_batch.bin
import DynaDFQ

let arguments = CommandLine.arguments.dropFirst()
guard arguments.count == 2, let weights = arguments.first, let data = arguments.last else {
  fatalError("usage: QuickStart WEIGHTS.safetensors CIFAR-TEST.bin")
}

let teacher = try Network(contentsOf: weights)
let images = try SoftLabelSynthesizer(teacher: teacher, configuration: .reduced).synthesize()
let trainer = DynamicTrainer(
  teacher: teacher, quantizer: Quantizer(weightBits: 4, activationBits: [3, 4, 5]),
  selector: BitSelector(.perLayer), configuration: .init(budget: 4))
let student = try trainer.train(on: images) { progress in
  if progress.step % 100 == 0 { print("step \(progress.step) of \(progress.steps)") }
}
let test = try CIFAR(contentsOf: [data], variant: .cifar10)
let report = try student.evaluate(on: test, teacher: teacher)
print("accuracy \(report.accuracy), teacher \(report.teacherAccuracy ?? .nan)")
print("BitOPs \(report.meanBitOPs), mean activation bits \(report.meanActivationBits)")
try student.write(to: "student.safetensors")
