// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "CustomObjective",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "DynaDFQ", path: "../..")],
  targets: [
    .executableTarget(
      name: "CustomObjective", dependencies: [.product(name: "DynaDFQ", package: "DynaDFQ")])
  ]
)
