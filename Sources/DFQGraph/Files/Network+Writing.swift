public import DFQFiles

extension Network {
  /// Returns the network as a safetensors file with the names and layouts of PyTorch checkpoints.
  ///
  /// The metadata names an architecture of the zoo, or carries the graph of any other network.
  ///
  /// - Throws: `EncodingError` where the settings of a layer can't be written as JSON.
  public func file() throws -> SafetensorsFile {
    var file = SafetensorsFile(metadata: try NetworkMetadata.fields(self))
    for entry in parameters.layout.entries {
      file.add(entry.name, entry.toFile(parameters.tensor(entry)))
    }
    return file
  }

  /// Writes the network; the file appears whole or not at all.
  ///
  /// - Throws: `InterchangeError`.
  public func write(to path: String) throws {
    try file().write(to: path)
  }
}
