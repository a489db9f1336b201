// One HTML page that needs nothing else: its style is in it, and it runs no script.

/// Text within HTML.
enum HTMLText {
    /// `text` with what HTML takes for markup escaped, in content and in quoted attributes; control
    /// characters, which no page may hold, become U+FFFD.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\n", "\t": escaped.unicodeScalars.append(scalar)
            default:
                let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                escaped.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
            }
        }
        return escaped
    }

    /// A table; every cell is text.
    ///
    /// The first column is a heading.
    static func table(_ header: [String], _ rows: [[String]]) -> String {
        let head = header.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
        let body = rows.map { row in
            let first = row.first.map { "<th scope=\"row\">\(escaped($0))</th>" } ?? ""
            let rest = row.dropFirst().map { "<td>\(escaped($0))</td>" }.joined()
            return "<tr>\(first)\(rest)</tr>"
        }
        return "<div class=\"wide\"><table><thead><tr>\(head)</tr></thead><tbody>\n"
            + body.joined(separator: "\n") + "\n</tbody></table></div>"
    }
}

/// The frame of a page.
enum HTMLPage {
    /// The page called `title` around `body`, which is markup.
    static func page(title: String, _ body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <title>\(HTMLText.escaped(title))</title>
        <style>
        \(style)
        </style>
        </head>
        <body>
        <main>
        \(body)
        </main>
        </body>
        </html>

        """
    }

    private static let style = """
        :root { --text: #1b1f24; --soft: #57606a; --back: #ffffff; --box: #f6f8fa; --rule: #d0d7de;
          --good: #1a7f37; --bad: #cf222e; --odd: #9a6700;
          --l0: #0969da; --l1: #cf222e; --l2: #8250df; }
        @media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9198a1; --back: #0d1117;
          --box: #151b23; --rule: #3d444d; --good: #3fb950; --bad: #f85149; --odd: #d29922;
          --l0: #58a6ff; --l1: #ff7b72; --l2: #bc8cff; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: var(--text);
          font: 16px/1.5 system-ui, sans-serif; }
        main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
        h1 { font-size: 1.5rem; margin: 0.5rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; }
        .verdict { padding: 0.6rem 0.9rem; border-left: 5px solid var(--good); background: var(--box); }
        .verdict.failed, .verdict.crossed, .verdict.illegal { border-color: var(--bad); }
        .verdict.invalid, .verdict.unknown { border-color: var(--odd); }
        pre { overflow-x: auto; background: var(--box); padding: 0.6rem 0.9rem; line-height: 1.2; }
        .soft, .none { color: var(--soft); }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.6rem; }
        .tile { background: var(--box); border-radius: 6px; padding: 0.6rem 0.8rem; }
        .tile b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
        th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid var(--rule); text-align: right;
          white-space: nowrap; }
        th:first-child { text-align: left; } td.text { text-align: left; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; }
        dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        svg { width: 100%; height: auto; display: block; }
        .grid { stroke: var(--rule); stroke-width: 1; }
        .axis { fill: var(--soft); font: 12px system-ui, sans-serif; }
        .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
        .line.l0 { stroke: var(--l0); } .line.l1 { stroke: var(--l1); } .line.l2 { stroke: var(--l2); }
        .key::before { content: ""; display: inline-block; width: 0.9rem; height: 3px; margin: 0 0.3rem 0.2rem 0; }
        .key.l0::before { background: var(--l0); } .key.l1::before { background: var(--l1); }
        .key.l2::before { background: var(--l2); }
        .legend { display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; color: var(--soft); margin: 0.3rem 0; }
        code { overflow-wrap: anywhere; }
        @media (max-width: 30rem) { main { padding: 0.6rem; } dl { grid-template-columns: 1fr; }
          dd { margin-bottom: 0.4rem; } .axis { font-size: 20px; } }
        """
}
