import Foundation

/// One page with everything in it: no script, no font, no picture from elsewhere.
struct HTMLPage {
  var title: String
  var parts: [String] = []

  mutating func heading(_ level: Int, _ text: String) {
    parts.append("<h\(level)>\(Markup.escaped(text))</h\(level)>\n")
  }

  mutating func paragraph(_ text: String, kind: String? = nil) {
    let kind = kind.map { " class=\"\($0)\"" } ?? ""
    parts.append("<p\(kind)>\(Markup.escaped(text))</p>\n")
  }

  mutating func table(_ table: ReportTable) {
    heading(3, table.title)
    parts.append(table.html)
  }

  mutating func figures(_ figures: [ReportFigures.Figure]) {
    guard !figures.isEmpty else { return }
    parts.append("<div class=\"figures\">\n")
    for figure in figures {
      parts.append(
        "<figure>\(figure.plot.svg(style: false))<figcaption>\(Markup.escaped(figure.caption))"
          + "</figcaption></figure>\n")
    }
    parts.append("</div>\n")
  }

  mutating func grid(_ grid: ImageGrid) {
    let data = Data(grid.png).base64EncodedString()
    parts.append(
      "<figure class=\"grid\"><img alt=\"\(Markup.escaped(grid.title))\" "
        + "src=\"data:image/png;base64,\(data)\"/><figcaption>Synthetic images, easy to hard: "
        + "\(Markup.escaped(grid.title)). H is the label's entropy, 0 to 1.</figcaption></figure>\n"
    )
  }

  mutating func command(_ text: String) {
    parts.append("<pre><code>\(Markup.escaped(text))</code></pre>\n")
  }

  /// The whole page.
  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8"/>
    <meta name="viewport" content="width=device-width, initial-scale=1"/>
    <meta name="color-scheme" content="light dark"/>
    <meta http-equiv="Content-Security-Policy" \
    content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"/>
    <title>\(Markup.escaped(title))</title>
    <style>
    \(HTMLPage.style)\(Plot.style)</style>
    </head>
    <body>
    <main>
    <h1>\(Markup.escaped(title))</h1>
    \(parts.joined())</main>
    </body>
    </html>

    """
  }

  private static let style = """
    :root{--page:#fff;--text:#1b1f24;--quiet:#57606a;--rule:#d9dee3;--band:#f5f7f9}
    @media(prefers-color-scheme:dark){:root{--page:#14171a;--text:#e6e9ec;--quiet:#a3abb4;\
    --rule:#343a41;--band:#1c2025}}
    body{margin:0;background:var(--page);color:var(--text);line-height:1.5;\
    font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    main{max-width:1180px;margin:0 auto;padding:1rem}
    h1{font-size:1.7rem;margin:.4rem 0}h2{font-size:1.35rem;margin:2.2rem 0 .4rem;\
    border-bottom:1px solid var(--rule);padding-bottom:.2rem}h3{font-size:1.05rem;margin:1.4rem 0 .4rem}
    .quiet,figcaption{color:var(--quiet);font-size:.88rem}
    .scroll{overflow-x:auto;border:1px solid var(--rule);border-radius:6px}
    table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums;width:100%}
    th,td{padding:.3rem .6rem;text-align:right;white-space:nowrap}
    th{background:var(--band);font-weight:600;vertical-align:bottom;white-space:normal}
    .word{text-align:left}@media(max-width:600px){.word{white-space:normal;min-width:5.5rem}}tbody tr:nth-child(even){background:var(--band)}
    .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,470px),1fr));\
    gap:1rem;margin-top:1rem}
    figure{margin:0 0 .5rem;border:1px solid var(--rule);border-radius:6px;padding:.5rem}
    figure svg{width:100%;height:auto;display:block}
    .grid img{max-width:100%;height:auto;image-rendering:pixelated;background:#fff}
    pre{background:var(--band);border-radius:6px;padding:.6rem;overflow-x:auto}

    """
}
