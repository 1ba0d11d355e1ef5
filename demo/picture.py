"""Draws a screen of text with ANSI colours as an SVG picture: the README's view of the demo."""

import re
from html import escape

CHARACTER_PX, LINE_PX, MARGIN_PX = 8.4, 19, 16
COLOURS = {"31": "#e06c75", "32": "#98c379", "33": "#e5c07b", "2": "#7f848e", "1": "#ffffff"}
PLAIN, PAPER = "#d7dae0", "#1e2127"
CODE = re.compile(r"\x1b\[(\d+)m")


def _spans(line):
    """[(column, colour, text)]"""
    out, colour, column, end = [], PLAIN, 0, 0
    for match in [*CODE.finditer(line), None]:
        text = line[end:match.start()] if match else line[end:]
        if text.strip():
            out.append((column, colour, text))
        column += len(text)
        if match:
            colour, end = COLOURS.get(match.group(1), PLAIN), match.end()
    return out


def svg(lines, columns=84):
    width = MARGIN_PX * 2 + columns * CHARACTER_PX
    height = MARGIN_PX * 2 + len(lines) * LINE_PX
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
           f'viewBox="0 0 {width:.0f} {height:.0f}" role="img">',
           "<title>printfarm: a farm of eight simulated printers makes an order</title>",
           f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>',
           '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" '
           'xml:space="preserve">']
    for row, line in enumerate(lines):
        for column, colour, text in _spans(line):
            out.append(f'<text x="{MARGIN_PX + column * CHARACTER_PX:.1f}" '
                       f'y="{MARGIN_PX + (row + 0.75) * LINE_PX:.1f}" fill="{colour}" '
                       f'textLength="{len(text) * CHARACTER_PX:.1f}">{escape(text)}</text>')
    return "\n".join([*out, "</g>", "</svg>"]) + "\n"
