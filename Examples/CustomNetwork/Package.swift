// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "CustomNetwork",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "DynaDFQ", path: "../..")],
  targets: [
    .executableTarget(
      name: "CustomNetwork", dependencies: [.product(name: "DynaDFQ", package: "DynaDFQ")])
  ]
)
