// A program that depends on the product DFQRuntime needs one import.
@_exported public import DFQFiles
@_exported public import DFQTensor
