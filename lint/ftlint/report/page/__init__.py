"""A report as one HTML file that opens offline: nothing is loaded, and nothing but its own runs.

Make a `Page` of `parts` and hand it to `html.document`:

    from ftlint.report.page import html, parts
    text = html.document(parts.Page("title", "where from", (parts.Section("Overview", blocks),)))

Text is escaped in one place, `html`; charts are data in a JSON element whose markup is escaped,
drawn by `assets/page.js` with uPlot. uPlot, because it is small (51 kB; ECharts and Plotly are one
and four megabytes), needs nothing else, draws 100,000 points at once, has zoom and shared pointers
built in, and is kept up under the MIT licence; `assets/uplot/LICENSE` is in the wheel and in every
page. The page's policy allows the hashes of these two scripts and no other.
"""
