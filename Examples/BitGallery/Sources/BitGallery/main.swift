// Writes a picture of real images in the order of the bits a student gave them: few bits first.
// Which images does it find hard, and was that right? A red frame marks a wrong answer.
//
// swift run -c release BitGallery student.safetensors fashion-mnist:test gallery.png
import DynaDFQ
import Foundation

let arguments = CommandLine.arguments
guard arguments.count == 4 else {
  print("usage: BitGallery STUDENT DATASET PICTURE.png")
  exit(2)
}

let student = try QuantizedNetwork(contentsOf: arguments[1])
let isSmall = ProcessInfo.processInfo.environment["DYNADFQ_EXAMPLE_SMALL"] != nil
let images = RealSubset(try RealDataset.open(arguments[2]), first: isSmall ? 200 : 2000)
let decisions = try student.decisions(on: images)

// Ten rows of sixteen: evenly spaced ranks, so the whole range of bits is seen.
let (rows, columns, scale) = (10, 16, 2)
let order = decisions.indices.sorted { decisions[$0].meanBits < decisions[$1].meanBits }
let shape = student.network.imageShape
let cell = (height: shape[0] * scale + 20, width: shape[1] * scale + 8)
var canvas = ImageCanvas(
  height: rows * cell.height, width: columns * cell.width,
  background: .init(red: 255, green: 255, blue: 255))
for place in 0..<rows * columns {
  let image = order[place * (order.count - 1) / (rows * columns - 1)]
  let decision = decisions[image]
  let (top, left) = (place / columns * cell.height + 2, place % columns * cell.width + 2)
  if decision.prediction != images.label(at: image) {
    canvas.fill(
      .init(
        top: top - 2, left: left - 2, height: shape[0] * scale + 4, width: shape[1] * scale + 4),
      with: .init(red: 220, green: 30, blue: 30))
  }
  canvas.draw(try images.image(at: image), at: (top, left), scale: scale)
  let bits = (decision.meanBits * 100).rounded() / 100
  canvas.drawText(
    "\(bits)", at: (top + shape[0] * scale + 4, left), color: .init(red: 0, green: 0, blue: 0))
}
try canvas.image.writePNG(to: arguments[3])
print("wrote \(arguments[3]): \(decisions.count) images, few bits first")
