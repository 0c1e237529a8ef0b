// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Predict",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "DynaDFQ", path: "../..")],
  targets: [
    // The product for deployment of integer networks: it links nothing but Swift's own libraries.
    .executableTarget(
      name: "Predict", dependencies: [.product(name: "DFQRuntime", package: "DynaDFQ")])
  ]
)
