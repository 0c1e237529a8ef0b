// swift-tools-version: 6.1
import PackageDescription

// A separate package, so that users of the library do not resolve the dependencies of benchmarks. `traits:
// []` leaves out the allocator interposer, which counts allocations and cannot be built everywhere.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "DynaDFQ", path: ".."),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "Steps",
      dependencies: [
        .product(name: "DynaDFQ", package: "DynaDFQ"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/Steps",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ]
)
