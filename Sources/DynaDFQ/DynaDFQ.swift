// The umbrella: everything a user of the library needs, in one import.
@_exported public import DFQInterchange
@_exported public import DFQNetwork
@_exported public import DFQQuantization
@_exported public import DFQSynthesis
@_exported public import DFQTensor
@_exported public import DFQTraining
