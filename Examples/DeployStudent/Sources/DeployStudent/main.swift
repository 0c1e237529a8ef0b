// Loads a student, classifies images with it, and compiles it: the integer network needs no BLAS (see
// the example Predict). A program like this needs OpenBLAS and nothing else (`Scripts/check-products`
// looks at what it links).
//
//   swift run -c release DeployStudent student.safetensors model.dfq
import DFQQuantization

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
  fatalError("usage: DeployStudent STUDENT.safetensors MODEL.dfq")
}

let student = try QuantizedNetwork(contentsOf: arguments[1])

// A camera's pixels would stand here: N H W C, normalized as `student.network.preprocessing` says.
var stream = RandomStream(seed: 0, "pixels")
let shape = student.network.imageShape
let images = Tensor(
  shape: [4, shape[0], shape[1], shape[2]], elements: stream.normals(4 * shape.count))
for (image, decision) in try student.decisions(ofInputs: images).enumerated() {
  print("image \(image): class \(decision.prediction), \(decision.meanBits) bits on average")
}

// The same student as a file of packed integers, as `dynadfq compile` writes it.
try IntegerNetwork(student).write(to: arguments[2])
