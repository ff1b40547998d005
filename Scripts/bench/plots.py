"""The plots of docs/benchmarks.md."""

from svg import COLOURS, INK, Drawing, LogScale
from targets import COMPARISONS, LLAMA, ROWS, TITLES


def plain(title):
    return title.replace("`", "")


def colour(side):
    return COLOURS[list(TITLES).index(side)]


def ratios(results, path):
    """How many times better than llama-server, each row a pair of bars, with what is to be reached as a mark."""
    sides = [ours for ours, theirs in COMPARISONS if theirs == LLAMA and ours in results.sides]
    rows = [row for row in ROWS if any(results.ratio(row, side, LLAMA) for side in sides)]
    if not rows:
        return False
    left, top, step = 390, 40, 16 * len(sides) + 10
    drawing = Drawing(900, top + step * len(rows) + 40, "Times better than llama-server")
    highest = max(results.ratio(row, side, LLAMA) or 1 for row in rows for side in sides)
    scale = LogScale(0.5, max(40, highest * 1.1), left, 850)
    for tick in scale.ticks:
        drawing.line(scale(tick), top - 8, scale(tick), top + step * len(rows), stroke=INK if tick == 1 else "#dddddd")
        drawing.text(scale(tick), top + step * len(rows) + 16, f"{tick:g}", "middle", 11)
    for place, row in enumerate(rows):
        y = top + place * step
        drawing.text(left - 8, y + step / 2, row.title, "end", 11)
        for number, side in enumerate(sides):
            ratio = results.ratio(row, side, LLAMA)
            if ratio is None:
                continue
            begin, end = sorted([scale(1), scale(ratio)])
            drawing.rectangle(begin, y + number * 16, end - begin, 13, colour(side))
            drawing.text(max(end, scale(1)) + 4, y + number * 16 + 11, f"{ratio:.2f}" if ratio < 10 else f"{ratio:.0f}", size=10)
            if target := row.target(side, LLAMA):
                drawing.line(scale(target), y + number * 16 - 1, scale(target), y + number * 16 + 14, stroke="black", width=3)
    drawing.legend(left, 18, [(plain(TITLES[side]), colour(side)) for side in sides] + [("to reach", "black")])
    drawing.write(path)
    return True


def timeline(results, path):
    """The gaps of one stream around the arrival of a long prompt, in the last round."""
    found = {side: times for side in results.sides if (times := results.last(side, "stream-gap", "timeline"))}
    if not found:
        return False
    left, right, top, bottom = 70, 870, 40, 320
    drawing = Drawing(900, 370, "Gaps in a stream while a 1,200-token prompt arrives")
    scale = LogScale(2, 10000, bottom, top)
    longest = max(times[-1] for times in found.values()) + 0.2
    def across(seconds):
        return left + (seconds + 0.5) / (longest + 0.5) * (right - left)
    for tick in scale.ticks:
        drawing.line(left, scale(tick), right, scale(tick))
        drawing.text(left - 6, scale(tick) + 4, f"{tick:g} ms", "end", 10)
    for second in range(int(longest) + 1):
        drawing.text(across(second), bottom + 16, f"{second} s", "middle", 10)
    drawing.line(across(0), top, across(0), bottom, stroke=INK, width=1.5)
    drawing.text(across(0) + 4, bottom + 34, "the prompt arrives at 0 s; each dot is a token, its height the time since the one before", size=11)
    for side, times in found.items():
        for before, when in zip(times, times[1:]):
            drawing.dot(across(when), scale(max((when - before) * 1000, 2)), colour(side))
    drawing.legend(left, 18, [(plain(TITLES[side]), colour(side)) for side in found])
    drawing.write(path)
    return True


def cases(results, path):
    """Each row's medians as bars, one small panel a row, with the range of the rounds."""
    rows = [row for row in ROWS if any(results.median(side, row.case, row.figure) for side in results.sides)]
    if not rows:
        return False
    across, width, height = 2, 445, 34 + 18 * len(results.sides)
    drawing = Drawing(across * width + 10, 30 + height * ((len(rows) + 1) // 2), "Medians and ranges of each case")
    drawing.legend(10, 18, [(plain(TITLES[side]), colour(side)) for side in results.sides])
    for place, row in enumerate(rows):
        x, y = 10 + place % across * width, 34 + place // across * height
        drawing.text(x, y + 12, f"{row.title}, {row.figure}" if row.case != "long-prompt" else f"{row.title}: {row.figure}", size=10)
        most = max(max(results.values(side, row.case, row.figure), default=0) for side in results.sides)
        for number, side in enumerate(results.sides):
            values = results.values(side, row.case, row.figure)
            if not values or not most:
                continue
            bar, unit = y + 18 + number * 18, (width - 110) / most
            middle = results.median(side, row.case, row.figure)
            drawing.rectangle(x, bar, middle * unit, 14, colour(side))
            drawing.line(x + min(values) * unit, bar + 7, x + max(values) * unit, bar + 7, stroke=INK)
            drawing.text(x + max(values) * unit + 6, bar + 11, f"{middle:.4g}", size=10)
    drawing.write(path)
    return True
