import DynaDFQ

/// Many sets of images under the same students, in rows and columns.
struct ImageComparison {
  let network: String
  let evaluation: String
  /// Names of image sets, the set whose students are the most accurate first.
  let images: [String]
  /// Names of students, in the order of the tables.
  let students: [String]
  private let rows: [[String]: ReportData.Row]

  /// Where there are at least three sets and two students that most of them have.
  static func all(of section: ReportData.Section) -> [ImageComparison] {
    var places: [[String]] = []
    for row in section.rows where row.label.images != nil {
      let place = [row.label.network, row.label.evaluation ?? ""]
      if !places.contains(place) { places.append(place) }
    }
    return places.compactMap { place in
      let rows = section.rows.filter {
        [$0.label.network, $0.label.evaluation ?? ""] == place && $0.label.images != nil
          && !$0.isUpperBound
      }
      let comparison = ImageComparison(place, rows)
      return comparison.images.count > 2 && comparison.students.count > 1 ? comparison : nil
    }
  }

  private init(_ place: [String], _ rows: [ReportData.Row]) {
    (network, evaluation) = (place[0], place[1])
    var sets: [String] = []
    var names: [String] = []
    var table: [[String]: ReportData.Row] = [:]
    for row in rows {
      let set = row.label.images ?? ""
      if !sets.contains(set) { sets.append(set) }
      if !names.contains(row.name) { names.append(row.name) }
      table[[set, row.name]] = row
    }
    let students = names.filter { name in
      2 * sets.count { table[[$0, name]] != nil } > sets.count
    }
    // Sets that are not measured to the end would be ranked by the students that they have.
    func rank(_ set: String) -> Double {
      students.reduce(0) { $0 + (table[[set, $1]]?.accuracy.mean ?? 0) }
    }
    images = sets.sorted { (rank($1), $0) < (rank($0), $1) }
    self.students = students
    self.rows = table
  }

  /// The row of the tables; nil where it is not measured.
  func row(images: String, student: String) -> ReportData.Row? { rows[[images, student]] }
}

extension ReportTables {
  /// Accuracy and agreement of every student on every set of images.
  static func images(_ comparison: ImageComparison) -> ReportTable {
    ReportTable(
      title: "Images by student: accuracy % (agreement %)",
      header: ["network", "evaluation", "images"] + comparison.students,
      rows: comparison.images.map { images in
        [comparison.network, comparison.evaluation, images]
          + comparison.students.map { student in
            guard let row = comparison.row(images: images, student: student) else { return "-" }
            let accuracy = ReportNumbers.spread(row.accuracy, scale: 100, digits: 1)
            let agreement = row.agreement.map { " (\(ReportNumbers.fixed(100 * $0.mean, 1)))" }
            return accuracy + (agreement ?? "")
          }
      }, wordColumns: 3)
  }
}

extension ReportFigures {
  /// The accuracy of every student by its images.
  static func images(_ comparison: ImageComparison, recipe: String) -> Figure {
    let series = comparison.students.prefix(8).map { student in
      Plot.Series(
        name: student,
        points: comparison.images.enumerated().compactMap { place, images in
          comparison.row(images: images, student: student).map { row in
            Plot.Point(
              Double(place), 100 * row.accuracy.mean,
              deviation: row.accuracy.deviation.map { 100 * $0 }, name: images)
          }
        }, hasLine: false)
    }
    let stem = file([recipe, comparison.network, comparison.evaluation].joined(separator: "-"))
    return Figure(
      file: "\(stem)-images.svg",
      plot: Plot(
        title: "Accuracy by images (\(comparison.network), \(comparison.evaluation))", xTitle: "",
        yTitle: "accuracy, %", series: Array(series), xNames: comparison.images),
      caption: "Accuracy on real images of the same students on every set of images, best set "
        + "first; bars are the standard deviation over seeds.")
  }
}
