// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "DeployStudent",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "DynaDFQ", path: "../..")],
  targets: [
    // The product for deployment: without LAPACK, libpng, libjpeg and zlib.
    .executableTarget(
      name: "DeployStudent",
      dependencies: [.product(name: "DFQQuantization", package: "DynaDFQ")])
  ]
)
