"""Grouped bars with whiskers as one SVG, for loadtest/compare."""
import xml.sax.saxutils

COLORS = ["#2f6fb2", "#c2542d", "#7a5ba6", "#5f6b73"]
WIDTH, LEFT, TOP, ROW, BAR = 860, 240, 64, 18, 14


def bars(title, unit, groups, names):
    """`groups`: (label, {name: (middle, low, high)}); one bar each, in the order of `names`."""
    top = max((high for _, group in groups for _, _, high in group.values()), default=1) or 1
    scale = (WIDTH - LEFT - 110) / top
    rows = sum(len(group) * ROW + 14 for _, group in groups)
    height = TOP + rows + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="24" font-size="15" font-weight="bold">{escape(title)}</text>',
        f'<text x="16" y="44" fill="#555555">{escape(unit)}; bar: median, whisker: 95 % interval</text>',
    ]
    y = TOP
    for label, group in groups:
        for row, name in enumerate(name for name in names if name in group):
            middle, low, high = group[name]
            color = COLORS[names.index(name) % len(COLORS)]
            center = y + BAR / 2
            if row == 0:
                parts.append(text(16, y + 11, label))
            parts.append(text(LEFT - 8, y + 11, name, anchor="end"))
            parts.append(
                f'<rect x="{LEFT}" y="{y}" width="{middle * scale:.1f}" height="{BAR}" fill="{color}"/>'
            )
            parts.append(
                f'<path d="M{LEFT + low * scale:.1f} {center}H{LEFT + high * scale:.1f}" stroke="#111111"/>'
            )
            parts.append(text(LEFT + max(middle, high) * scale + 6, y + 11, figure(middle)))
            y += ROW
        y += 14
    return "\n".join([*parts, "</svg>"]) + "\n"


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def escape(words):
    return xml.sax.saxutils.escape(words, {'"': "&quot;"})


def figure(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
