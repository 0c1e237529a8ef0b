/// What a student does on a set of real images.
public struct EvaluationReport: Sendable, Codable {
  /// The bits one quantized output got.
  public struct LayerBits: Sendable, Codable {
    /// The output's name.
    public var name: String
    /// How many images got each number of bits.
    public var histogram: [Int: Int]
    /// The mean over images.
    public var mean: Double
    /// The standard deviation over images: 0 where every image gets the same bits.
    public var spread: Double
  }

  /// Ways of choosing bits a dynamic student is compared with, on the same images.
  public enum Control: String, Sendable, Codable, CaseIterable {
    /// The same bits for all images at the selector's mean BitOPs.
    case fixed
    /// Every choice drawn from the histogram of all the selector's choices.
    case random
    /// The selector's choices dealt to other images, whole images at a time.
    case shuffled
    /// Each candidate in all layers; a layer without it takes the next more it has.
    case uniform
    /// For each image the cheapest uniform candidate that classifies it as labelled (runs `uniform`
    /// too).
    case oracle
    /// The choice that comes nearest to the float network's answers at the same cost, by the
    /// divergence from them on the measured images: a bound that no student can know. Over uniform
    /// candidates it is the best one (runs `uniform` too); a cascade's levels are dealt to the images
    /// that gain most. Left out where the float network's logits are not known.
    case klOracle
  }

  /// One way of choosing bits.
  public struct Policy: Sendable, Codable {
    /// What chooses the bits.
    public enum Kind: String, Sendable, Codable, CaseIterable {
      /// The student's selector.
      case selector
      /// Nobody: the student has one choice.
      case `static`
      /// The caller of the evaluation.
      case chosen
      /// The control ``Control/fixed``.
      case fixed
      /// The control ``Control/random``.
      case random
      /// The control ``Control/shuffled``.
      case shuffled
      /// The control ``Control/uniform``.
      case uniform
      /// The control ``Control/oracle``.
      case oracle
      /// The control ``Control/klOracle``.
      case klOracle

      func title(bits: Int?) -> String {
        switch self {
        case .selector, .static: rawValue
        case .chosen: "chosen bits"
        case .fixed: "fixed bits, same BitOPs"
        case .random: "random, same histogram"
        case .shuffled: "shuffled between images"
        case .uniform: "all layers at \(bits.map(String.init) ?? "the same") bits"
        case .oracle: "oracle (labels)"
        case .klOracle: "oracle (float network on these images, same BitOPs)"
        }
      }
    }

    /// What chooses the bits.
    public var kind: Kind
    /// The bits of a uniform control, else nil.
    public var bits: Int?
    /// The title in tables.
    public var name: String
    /// The share of images classified as labelled.
    public var accuracy: Double
    /// Half the width of the accuracy's 95 % interval (normal approximation over images).
    public var accuracyInterval: Double
    /// The share of images classified as the teacher does, nil where no teacher was given.
    public var agreement: Double?
    /// Mean BitOPs of an image: MACs x weight bits x activation bits, unquantized numbers as 32
    /// bits, all passes and the selector included where it chooses.
    public var meanBitOPs: Double
    /// The same with unquantized inputs counted at the activations' bits, as published tables do.
    public var familyBitOPs: Double
    /// The MAC-weighted mean of activation bits.
    public var meanActivationBits: Double
    /// The accuracy less the selector's, over the same images, with half the width of the
    /// difference's 95 % interval; nil for the selector itself.
    public var difference: Double?
    /// Half the width of the 95 % interval of `difference`.
    public var differenceInterval: Double?
  }

  /// The data set's name.
  public var dataset: String
  /// The number of images.
  public var imageCount: Int
  /// The teacher's accuracy, nil where no teacher was given.
  public var teacherAccuracy: Double?
  /// The student as it is deployed: its selector, or its one choice of bits.
  public var student: Policy
  /// Controls: what is left without looking at the image.
  public var controls: [Policy]
  /// The bits of each quantized output.
  public var layers: [LayerBits]
  /// BitOPs of the selector, contained in `student.meanBitOPs`.
  public var selectorBitOPs: Double
  /// The standard deviation over images of their mean activation bits.
  public var bitsSpreadOverImages: Double
  /// Spearman's correlation over images of mean activation bits with the teacher's prediction
  /// entropy, nil where it is not defined.
  public var entropyCorrelation: Double?
  /// How well the images that need bits are those that get them; nil for static students, and where no
  /// teacher was given.
  public var decision: DecisionQuality?

  /// The share of images the student classifies as labelled.
  public var accuracy: Double { student.accuracy }
  /// The share of images the student classifies as the teacher does.
  public var agreement: Double? { student.agreement }
  /// Mean BitOPs of an image, the selector included.
  public var meanBitOPs: Double { student.meanBitOPs }
  /// The MAC-weighted mean of activation bits.
  public var meanActivationBits: Double { student.meanActivationBits }
}
