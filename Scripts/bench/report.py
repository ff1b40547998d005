"""The report of a run: tables in Markdown between markers of docs/benchmarks.md, and plots beside it."""

from pathlib import Path

import plots
from limits import Limits
from targets import COMPARISONS, FURTHER, LLAMA, ROWS, TITLES, TUNED, UNTUNED

def number(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(head, lines, alignment="---:"):
    rule = ["---"] + [alignment] * (len(head) - 1)
    return ["| " + " | ".join(cells) + " |" for cells in [head, rule, *lines]]


def figures(results, rows):
    """Medians of each side."""
    sides = results.sides
    lines = []
    for row in rows:
        unit = row.figure[row.figure.rfind("(") + 1 : -1] if row.figure.endswith(")") else ""
        medians = [results.median(side, row.case, row.figure) for side in sides]
        if any(median is not None for median in medians):
            lines.append([f"{row.title}{', ' + unit if unit else ''}", *map(number, medians)])
    return table(["median", *(TITLES[side] for side in sides)], lines)


def judged(results, row, ours, theirs):
    """The ratio, what it is to reach, and whether it does."""
    ratio, target = results.ratio(row, ours, theirs), row.target(ours, theirs)
    if ratio is None:
        return "–"
    cell = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"
    if target is None:
        return cell
    is_met = ratio >= target
    if row.limit is not None and theirs == LLAMA:
        is_met = is_met and results.median(ours, row.case, row.figure) <= row.limit
    return f"{cell} of {target:.2f} {'✓' if is_met else '✗'}"


def ratios(results):
    """How many times better, against what is to be reached."""
    pairs = [pair for pair in COMPARISONS if set(pair) <= set(results.sides)]
    lines = []
    for row in ROWS:
        cells = [judged(results, row, *pair) for pair in pairs]
        if any(cell != "–" for cell in cells):
            lines.append([row.title, *cells])
    head = [f"{TITLES[ours]} : {TITLES[theirs]}" for ours, theirs in pairs]
    return table(["times better, of what is to be reached", *head], lines)


def limits(results):
    """How far the better of our sides is from what the machine can do."""
    if not results.facts.get("limits") or not results.facts.get("work"):
        return []
    side = TUNED if TUNED in results.sides else UNTUNED
    if side not in results.sides:
        return []
    from gguf_header import Work

    bounds = Limits(results.facts["limits"], Work(**results.facts["work"][side]))
    lines = []
    for row in ROWS:
        bound, median = bounds.of(row.case, row.figure), results.median(side, row.case, row.figure)
        if bound and median:
            share = median / bound if row.more_is_better else bound / median
            lines.append([row.title, number(median), number(bound), f"{share:.0%}"])
    return table(["", TITLES[side], "limit", "reached"], lines)


def render(results, folder):
    """The report's Markdown; writes the plots into the folder, whose name it links to."""
    facts = results.facts
    lines = [
        f"{facts['machine']}; {facts['model']}; {len(results.rounds)} rounds, the servers started in turn in each, medians. "
        f"The client shares the cores: it took {facts['client']:.0%} of one. Other programs took {facts['others']:.0%} of the "
        "machine's time.",
        "",
    ]
    lines += table(["", "started with"], [[TITLES[side], f"`{command}`"] for side, command in facts["commands"].items()], "---")
    lines += ["", *ratios(results), "", *figures(results, ROWS), "", "Further figures:", "", *figures(results, FURTHER)]
    for name, draw in (("ratios", plots.ratios), ("timeline", plots.timeline), ("cases", plots.cases)):
        if draw(results, folder / f"{name}.svg"):
            lines += ["", f"![{name}]({folder.name}/{name}.svg)"]
    for round_number, side, case, reason in results.failures():
        lines += ["", f"Not measured: {case} of {TITLES[side]} in round {round_number}: {reason}"]
    if bounds := limits(results):
        measured = facts["limits"]
        rates = ", ".join(f"{name} {value:,}" for name, value in measured.items() if name != "threads")
        lines += [
            "",
            "### Physical limits",
            "",
            f"Measured with `Scripts/bench/limits.c`, {measured['threads']} threads: {rates}. A step reads the weights at "
            "least once, and multiplies each token with them: the slower of the two, with the fastest number format that "
            "the CPU has, is the limit. It counts nothing else: no softmax, no sampling, no HTTP.",
            "",
            *bounds,
        ]
    return "\n".join(lines)


def write_section(path: Path, name, text):
    """Puts text between the markers of this name, which the document must have."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    held = path.read_text()
    if held.count(begin) != 1 or held.count(end) != 1:
        raise SystemExit(f"error: {path.name} must hold the lines {begin} and {end} once each")
    before, _, rest = held.partition(begin)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}")
