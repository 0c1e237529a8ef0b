import DynaDFQ

extension ReportTables {
  /// How hard image sets are for the float network: deciles of entropies and gradient norms of
  /// synthetic sets (with their own labels) and of the real images that were measured; nil where
  /// nothing is known.
  static func difficulty(_ section: ReportData.Section, _ data: ReportData) -> ReportTable? {
    var rows: [[String]] = []
    var seen = Set<[String]>()
    func add(_ network: String, _ images: String, _ sets: [[Difficulty]]) {
      let all = sets.flatMap { $0 }
      guard !all.isEmpty else { return }
      rows.append(
        [network, images, "\(all.count)", "\(sets.count)"]
          + deciles(all.map(\.predictionEntropy)) + deciles(all.map(\.gradientNorm)))
    }
    for row in section.rows where !row.isCascade && !row.isTeacher {
      let keys = row.records.compactMap { record -> String? in
        guard case .string(let key)? = record.settings["student"]?["images"] else { return nil }
        return key
      }
      let name = (row.label.images ?? "") + (row.label.ablation.map { " (\($0))" } ?? "")
      guard !keys.isEmpty, seen.insert([row.label.network] + keys).inserted else { continue }
      add(
        row.label.network, name,
        keys.compactMap { key in
          // Nobody measured the difficulty of noise.
          (try? SyntheticImages(contentsOf: "\(data.store.path)/artefacts/\(key).safetensors"))
            .flatMap { $0.provenance["method"] == "noise" ? nil : $0.difficulty }
        })
    }
    for row in section.rows where row.isTeacher {
      guard let results = row.records.first.flatMap({ data.images($0) }),
        let difficulties = try? results.difficulties()
      else { continue }
      add(row.label.network, "\(row.label.evaluation ?? ""), real", [difficulties])
    }
    guard !rows.isEmpty else { return nil }
    let ranks = ["mean", "10 %", "50 %", "90 %"]
    return ReportTable(
      title: "Difficulty of images for the float network",
      header: ["network", "images", "count", "seeds"]
        + ranks.map { "entropy / log C, \($0)" } + ranks.map { "gradient norm, \($0)" },
      rows: rows, wordColumns: 2)
  }

  /// The mean, the tenth, the fiftieth and the ninetieth percentile.
  private static func deciles(_ values: [Float]) -> [String] {
    let ordered = values.sorted()
    let ranks = [0.1, 0.5, 0.9].map { ordered[Int($0 * Double(ordered.count - 1))] }
    let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
    return ([mean] + ranks.map(Double.init)).map { ReportNumbers.fixed($0, 3) }
  }
}

extension PerImageResults {
  /// How hard the images are for the float network, with their one-hot labels; empty where its logits
  /// were not kept.
  func difficulties() throws -> [Difficulty] {
    guard !teacherLogits.isEmpty else { return [] }
    let classes = teacherLogits.count / labels.count
    return try Difficulty.of(
      logits: Tensor(shape: [labels.count, classes], elements: teacherLogits),
      labels: .oneHot(labels, classCount: classes))
  }
}
