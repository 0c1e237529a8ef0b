// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Cascade",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "DynaDFQ", path: "../..")],
  targets: [
    .executableTarget(
      name: "Cascade", dependencies: [.product(name: "DynaDFQ", package: "DynaDFQ")])
  ]
)
