// One import is enough to load and run a student.
@_exported public import DFQEngine
@_exported public import DFQFiles
@_exported public import DFQGraph
@_exported public import DFQRuntime
@_exported public import DFQTensor
