// The names are those of dynadfq.h.
// swift-format-ignore-file: AlwaysUseLowerCamelCase
import CDynaDFQ
import DFQFiles
import DFQRuntime
import DFQTensor

/// The version of the interface.
@c @implementation
public func dynadfq_api_version() -> Int32 { DYNADFQ_API_VERSION }

/// The version of the library.
@c @implementation
public func dynadfq_library_version() -> UnsafePointer<CChar>? { libraryVersion[0] }

private let libraryVersion = CStrings([LibraryVersion.current])

/// The rows of an image.
@c @implementation
public func dynadfq_image_height(_ network: OpaquePointer?) -> Int32 { extent(of: network, 0) }

/// The columns of an image.
@c @implementation
public func dynadfq_image_width(_ network: OpaquePointer?) -> Int32 { extent(of: network, 1) }

/// The channels of an image.
@c @implementation
public func dynadfq_image_channels(_ network: OpaquePointer?) -> Int32 { extent(of: network, 2) }

private func extent(of network: OpaquePointer?, _ axis: Int) -> Int32 {
  NetworkHandle.at(network).map { Int32($0.network.imageShape[axis]) } ?? 0
}

/// The number of classes.
@c @implementation
public func dynadfq_class_count(_ network: OpaquePointer?) -> Int32 {
  NetworkHandle.at(network).map { Int32($0.network.classCount) } ?? 0
}

/// The name of a class.
@c @implementation
public func dynadfq_class_name(_ network: OpaquePointer?, _ index: Int32) -> UnsafePointer<CChar>? {
  NetworkHandle.at(network)?.classNames[index]
}

/// The number of quantized outputs.
@c @implementation
public func dynadfq_output_count(_ network: OpaquePointer?) -> Int32 {
  NetworkHandle.at(network).map { Int32($0.outputCount) } ?? 0
}

/// The name of a quantized output.
@c @implementation
public func dynadfq_output_name(_ network: OpaquePointer?, _ index: Int32) -> UnsafePointer<CChar>?
{
  NetworkHandle.at(network)?.outputNames[index]
}
