// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "OwnLabels",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "DynaDFQ", path: "../..")],
  targets: [
    .executableTarget(
      name: "OwnLabels", dependencies: [.product(name: "DynaDFQ", package: "DynaDFQ")])
  ]
)
