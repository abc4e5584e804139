"""scaling_plot.py: draws what `bench --scaling --json` measured (standard input) as an SVG picture
(standard output): the time of a training step by rows and parameters, over the number of parameters,
a line for each batch; both axes are logarithmic."""

import json
import math
import sys
from html import escape

WIDTH, HEIGHT = 720, 440
LEFT, RIGHT, TOP, BOTTOM = 70, 130, 50, 55
# Okabe and Ito's colours, which colour-blind readers can tell apart, and dashes for print.
LINES = [
    ("#0072B2", ""),
    ("#D55E00", "7 3"),
    ("#009E73", "2 3"),
    ("#CC79A7", "9 3 2 3"),
    ("#56B4E9", "4 2"),
    ("#E69F00", "1 2"),
    ("#000000", ""),
]


def unit_time(cell):
    """Picoseconds of a step by rows and parameters."""
    return 1e12 * cell["seconds_per_step"] / cell["batch"] / cell["parameters"]


class Axis:
    """A logarithmic axis of whole decades from `low` to `high`, drawn from `start` to `end`."""

    def __init__(self, values, start, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.start, self.end = start, end

    def place(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def decades(self):
        return range(self.low, self.high + 1)


def text(x, y, content, anchor="start", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(content)}</text>'


def power_of_ten(exponent):
    return {0: "1", 1: "10", 2: "100"}.get(exponent, f"1e{exponent}")


def grid(across, up):
    parts = []
    for exponent in across.decades():
        x = across.place(10**exponent)
        parts.append(f'<path class="grid" d="M{x:.1f} {up.start}V{up.end}"/>')
        parts.append(text(x, up.start + 18, power_of_ten(exponent), "middle"))
    for exponent in up.decades():
        y = up.place(10**exponent)
        parts.append(f'<path class="grid" d="M{across.start} {y:.1f}H{across.end}"/>')
        parts.append(text(across.start - 8, y + 4, power_of_ten(exponent), "end"))
    parts.append(text((across.start + across.end) / 2, up.start + 42, "parameters", "middle"))
    parts.append(text(16, TOP - 14, "picoseconds by row and parameter"))
    return parts


def line(number, batch, cells, across, up):
    colour, dashes = LINES[number % len(LINES)]
    points = [(across.place(c["parameters"]), up.place(unit_time(c))) for c in cells]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    style = f'stroke="{colour}" stroke-dasharray="{dashes or "none"}"'
    parts = [f'<polyline fill="none" stroke-width="2" {style} points="{path}"/>']
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    y = TOP + 10 + 20 * number
    x = WIDTH - RIGHT + 18
    parts.append(f'<path fill="none" stroke-width="2" {style} d="M{x} {y}h28"/>')
    parts.append(text(x + 36, y + 4, f"batch {batch}"))
    return parts


def picture(cells):
    across = Axis([c["parameters"] for c in cells], LEFT, WIDTH - RIGHT)
    up = Axis([unit_time(c) for c in cells], HEIGHT - BOTTOM, TOP)
    batches = sorted({c["batch"] for c in cells})
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>Time of a training step by rows and parameters</title>",
        "<style>text{font:13px sans-serif;fill:#222}.grid{stroke:#ddd;fill:none}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    parts += grid(across, up)
    for number, batch in enumerate(batches):
        own = sorted((c for c in cells if c["batch"] == batch), key=lambda c: c["parameters"])
        parts += line(number, batch, own, across, up)
    return "\n".join(parts + ["</svg>"])


if __name__ == "__main__":
    measured = json.load(sys.stdin)
    if not measured:
        sys.exit("scaling_plot.py: there is nothing to draw")
    print(picture(measured))
