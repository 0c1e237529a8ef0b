// swift-tools-version: 6.1
import PackageDescription

// Apart from the library, because libFuzzer brings its own `main`: see Scripts/fuzz.
let package = Package(
  name: "Fuzzing",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "DynaDFQ", path: "..")],
  targets: [
    .executableTarget(
      name: "FuzzModels", dependencies: [.product(name: "DFQRuntime", package: "DynaDFQ")],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])]),
    .executableTarget(
      name: "FuzzONNX",
      dependencies: [
        .product(name: "DFQONNX", package: "DynaDFQ"),
        .product(name: "DFQQuantization", package: "DynaDFQ"),
      ],
      swiftSettings: [.unsafeFlags(["-parse-as-library"])]),
  ]
)
