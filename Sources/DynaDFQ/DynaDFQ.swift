// The umbrella: everything a user of the library needs, in one import.
@_exported public import DFQData
@_exported public import DFQEngine
@_exported public import DFQEvaluation
@_exported public import DFQFiles
@_exported public import DFQGraph
@_exported public import DFQLinearAlgebra
@_exported public import DFQQuantization
@_exported public import DFQRuntime
@_exported public import DFQSynthesis
@_exported public import DFQTensor
@_exported public import DFQTraining
