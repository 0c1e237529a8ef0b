import ArgumentParser
import DynaDFQ

/// The names of a network's classes, for pictures.
struct ClassNames {
  static let help = ArgumentHelp(
    """
    Names of the classes in the picture: fashion-mnist, cifar10, cifar100, or a file with a line \
    for each class. (default: numbers, but for the network that comes with the tool)
    """)

  /// A name per class.
  let names: [String]

  /// The names that an option asks for, those of a known network, or numbers.
  init(_ option: String?, model: String?, _ network: Network) throws {
    let count = network.classCount
    switch option {
    case "fashion-mnist": names = FashionMNIST.classNames
    case "cifar10": names = CIFAR.Dataset.cifar10.classNames
    case "cifar100": names = CIFAR.Dataset.cifar100(.fine).classNames
    case let path?:
      let text = String(decoding: try FileContents.read(path, limit: 16 << 20), as: UTF8.self)
      names = text.split(whereSeparator: \.isNewline).map { Output.clean(String($0), limit: 80) }
    case nil:
      let isPretrained = model == Network.Pretrained.resNet20FashionMNIST.rawValue
      names = isPretrained ? FashionMNIST.classNames : (0..<count).map(String.init)
    }
    guard names.count == count else {
      throw ToolError.usage(
        "--class-names has \(names.count) names for a network of \(count) classes")
    }
  }
}
