// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "CustomLabels",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "DynaDFQ", path: "../..")],
  targets: [
    .executableTarget(
      name: "CustomLabels", dependencies: [.product(name: "DynaDFQ", package: "DynaDFQ")])
  ]
)
