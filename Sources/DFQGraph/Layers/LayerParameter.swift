public import DFQTensor

/// A parameter of a layer: its name within the layer, its role and its shape.
public struct LayerParameter: Hashable, Sendable {
  /// The name within the layer, such as `weight` or `running_mean`.
  public let name: String
  /// What the parameter is for.
  public let role: ParameterLayout.Role
  /// The shape: KH KW I/groups O for convolution weights, I O for linear weights, C otherwise.
  public let shape: Shape
  /// The value a new parameter starts with, or nil for the usual value of its role.
  public let initialValue: Float?

  /// Creates a parameter.
  public init(
    _ name: String, _ role: ParameterLayout.Role, _ shape: Shape, initialValue: Float? = nil
  ) {
    self.name = name
    self.role = role
    self.shape = shape
    self.initialValue = initialValue
  }
}
