// swift-tools-version: 6.1
import PackageDescription

// One module per layer of abstraction; arrows point one way (Documentation/Architecture.md).
// C is imported only by DFQTensor (kernels), DFQEngine (BLAS), DFQLinearAlgebra (LAPACK) and DFQData
// (codecs).

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "DynaDFQ",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "DynaDFQ", targets: ["DynaDFQ"]),
    .library(name: "DFQQuantization", targets: ["DFQQuantization"]),
    .library(name: "DFQRuntime", targets: ["DFQRuntime"]),
    .library(name: "DFQONNX", targets: ["DFQONNX"]),
    .library(name: "DFQDistributed", targets: ["DFQDistributed"]),
    .executable(name: "dynadfq", targets: ["dynadfq"]),
  ],
  traits: [
    .trait(
      name: "MPI",
      description: "DFQDistributed with the MPI library of this machine, and the tool with it.")
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"])]),
    .target(name: "CDFQKernels"),
    .target(
      name: "CDFQCodecs",
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("jpeg"), .linkedLibrary("z")]),

    .target(name: "DFQTensor", dependencies: ["CDFQKernels"], swiftSettings: strict),
    .target(name: "DFQFiles", dependencies: ["DFQTensor"], swiftSettings: strict),
    .target(name: "DFQData", dependencies: ["DFQFiles", "CDFQCodecs"], swiftSettings: strict),
    .target(
      name: "DFQGraph", dependencies: ["DFQFiles"], resources: [.copy("Zoo/Weights")],
      swiftSettings: strict),
    .target(name: "DFQRuntime", dependencies: ["DFQFiles"], swiftSettings: strict),
    .target(
      name: "DFQEngine",
      dependencies: [
        "DFQGraph", .target(name: "CBLAS", condition: .when(platforms: [.linux])),
      ],
      swiftSettings: strict),
    .target(
      name: "DFQQuantization", dependencies: ["DFQEngine", "DFQRuntime"], swiftSettings: strict),
    .target(
      name: "DFQLinearAlgebra",
      dependencies: [.target(name: "CLAPACKE", condition: .when(platforms: [.linux]))],
      swiftSettings: strict),
    .target(
      name: "DFQSynthesis", dependencies: ["DFQEngine", "DFQLinearAlgebra"], swiftSettings: strict),
    .target(
      name: "DFQEvaluation", dependencies: ["DFQQuantization", "DFQLinearAlgebra"],
      swiftSettings: strict),
    .target(
      name: "DFQTraining", dependencies: ["DFQQuantization", "DFQSynthesis"], swiftSettings: strict),
    .target(
      name: "DynaDFQ", dependencies: ["DFQData", "DFQEvaluation", "DFQTraining"],
      swiftSettings: strict),
    .target(
      name: "DFQONNX",
      dependencies: [
        "DFQGraph", "DFQRuntime", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["Protobuf/onnx.proto"], swiftSettings: strict),
    .target(
      name: "CDFQMPI", cSettings: [.define("DFQ_MPI", .when(traits: ["MPI"]))],
      linkerSettings: [.linkedLibrary("mpi", .when(traits: ["MPI"]))]),
    .target(
      name: "DFQDistributed", dependencies: ["CDFQMPI", "DFQTensor"], swiftSettings: strict),
    .target(name: "DFQBenchmarks", dependencies: ["DFQEngine"], swiftSettings: strict),
    .target(
      name: "DFQExperiments",
      dependencies: ["DynaDFQ", "DFQONNX", .product(name: "Yams", package: "Yams")],
      swiftSettings: strict),
    .executableTarget(
      name: "dynadfq",
      dependencies: [
        "DynaDFQ", "DFQBenchmarks", "DFQDistributed", "DFQExperiments", "DFQONNX",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/dynadfq-tool",
      packageAccess: false,
      swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),

    .target(
      name: "DFQTestSupport", dependencies: ["DynaDFQ"], path: "Tests/DFQTestSupport",
      exclude: ["Goldens"], swiftSettings: strict),
    .testTarget(name: "DFQTensorTests", dependencies: ["DFQTestSupport"], swiftSettings: strict),
    .testTarget(name: "DFQDataTests", dependencies: ["DFQTestSupport"], swiftSettings: strict),
    .testTarget(name: "DFQGraphTests", dependencies: ["DFQTestSupport"], swiftSettings: strict),
    .testTarget(name: "DFQEngineTests", dependencies: ["DFQTestSupport"], swiftSettings: strict),
    .testTarget(
      name: "DFQQuantizationTests", dependencies: ["DFQTestSupport"], swiftSettings: strict),
    .testTarget(name: "DFQRuntimeTests", dependencies: ["DFQTestSupport"], swiftSettings: strict),
    .testTarget(name: "DFQSynthesisTests", dependencies: ["DFQTestSupport"], swiftSettings: strict),
    .testTarget(
      name: "DFQEvaluationTests", dependencies: ["DFQTestSupport"], swiftSettings: strict),
    .testTarget(name: "DFQTrainingTests", dependencies: ["DFQTestSupport"], swiftSettings: strict),
    .testTarget(
      name: "DFQExperimentsTests", dependencies: ["DFQTestSupport", "DFQExperiments"],
      swiftSettings: strict),
    .testTarget(
      name: "DFQONNXTests", dependencies: ["DFQTestSupport", "DFQONNX"], swiftSettings: strict),
    .testTarget(name: "ToolTests", dependencies: ["DFQTestSupport"], swiftSettings: strict),
  ]
)

// The C interface, libdynadfq-c: its compiler checks the functions against dynadfq.h from 6.3 on.
#if compiler(>=6.3)
  package.products.append(
    .library(name: "dynadfq-c", type: .dynamic, targets: ["DFQRuntimeC", "CDynaDFQ"]))
  package.targets += [
    .target(name: "CDynaDFQ"),
    .target(
      name: "DFQRuntimeC", dependencies: ["DFQRuntime", "CDynaDFQ"], swiftSettings: strict),
    .testTarget(
      name: "DFQRuntimeCTests", dependencies: ["DFQTestSupport", "DFQRuntimeC", "CDynaDFQ"],
      swiftSettings: strict),
  ]
#endif

// Builds for sanitizers leave out what their tests do not need: DYNADFQ_TESTS names the test targets, separated by commas.
if let names = Context.environment["DYNADFQ_TESTS"]?.split(separator: ",").map(String.init) {
  package.targets.removeAll { $0.type == .test && !names.contains($0.name) }
}

// Scripts build the programs in Examples beside the library, which is then compiled once for both. DYNADFQ_EXAMPLES names each with
// the product it imports, such as "Predict:DFQRuntime", separated by commas.
for example in Context.environment["DYNADFQ_EXAMPLES"]?.split(separator: ",") ?? [] {
  let parts = example.split(separator: ":").map(String.init)
  package.targets.append(
    .executableTarget(
      name: parts[0], dependencies: [.byName(name: parts[1])], path: "Examples/\(parts[0])/Sources",
      packageAccess: false))
}
