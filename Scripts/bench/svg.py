"""Just enough of SVG for the plots of the benchmarks: shapes, text, and scales."""

import math
from xml.sax.saxutils import escape

# Told apart without colour vision too (Okabe and Ito).
COLOURS = ["#0072b2", "#56b4e9", "#d55e00", "#e69f00", "#999999", "#009e73", "#cc79a7", "#000000"]
INK, PALE = "#333333", "#dddddd"


class Drawing:
    """A picture of a fixed size, in pixels from its upper left."""

    def __init__(self, width, height, title):
        self.width, self.height = width, height
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            ' font-family="sans-serif" font-size="12">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{width}" height="{height}" fill="white"/>',
        ]

    def rectangle(self, x, y, width, height, fill):
        self._parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" fill="{fill}"/>')

    def line(self, x1, y1, x2, y2, stroke=PALE, width=1):
        self._parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="{width}"/>'
        )

    def dot(self, x, y, fill, radius=2):
        self._parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}"/>')

    def text(self, x, y, text, anchor="start", size=12, fill=INK):
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}">{escape(text)}</text>'
        )

    def legend(self, x, y, entries):
        """Names and colours in one line."""
        for name, colour in entries:
            self.rectangle(x, y - 9, 10, 10, colour)
            self.text(x + 14, y, name)
            x += 30 + 6.5 * len(name)

    def write(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*self._parts, "</svg>"]) + "\n")


class LogScale:
    """From values to pixels, by their logarithms; values outside are drawn at the edge."""

    def __init__(self, low, high, start, end):
        self._low, self._high = math.log10(low), math.log10(high)
        self._start, self._end = start, end

    def __call__(self, value):
        share = (math.log10(max(value, 1e-12)) - self._low) / (self._high - self._low)
        return self._start + min(max(share, 0), 1) * (self._end - self._start)

    @property
    def ticks(self):
        exponents = range(math.floor(self._low), math.ceil(self._high) + 1)
        values = [step * 10.0**exponent for exponent in exponents for step in (1, 2, 5)]
        return [value for value in values if self._low - 1e-9 <= math.log10(value) <= self._high + 1e-9]
