// Classifies images with an integer network. A program like this needs neither a BLAS nor codecs
// (`Scripts/check-products` looks at what it links).
//
//   dynadfq compile student.safetensors -o model.dfq
//   swift run -c release Predict model.dfq pixels
import DFQRuntime

let arguments = CommandLine.arguments
guard arguments.count == 3 else { fatalError("usage: Predict MODEL.dfq PIXELS") }

let network = try IntegerNetwork(contentsOf: arguments[1])
let shape = network.imageShape
print("images \(shape[0])x\(shape[1])x\(shape[2]), \(network.classCount) classes")

// The file has 8-bit pixels H W C, image after image; a camera's could stand here.
let pixels = try FileContents.read(arguments[2], limit: 64 << 20)
let images = stride(from: 0, through: pixels.count - shape.count, by: shape.count).map { start in
  PixelImage(
    height: shape[0], width: shape[1], channels: shape[2],
    pixels: Array(pixels[start..<start + shape.count]))
}

let predictions = try network.predict(images)
for image in images.indices {
  let prediction = predictions[image]
  let bits = prediction.bits.map { "\($0)" }.joined(separator: " ")
  print(
    "image \(image): class \(prediction.classIndex) \(prediction.className ?? ""), "
      + "passes \(prediction.passes), bits \(bits)")
}
