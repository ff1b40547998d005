#!/usr/bin/env python3
"""Measures the checkpoints of a run with whisper-cli, and draws word errors against minutes of training.

usage: curve.py MEL-FILTERS WHISPER-CLI RUN CSV SVG [--count N]

Checkpoints that the CSV has already are not measured again.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import export
import mel

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "bench"))

from svg import COLOURS, Drawing, LogScale


def measure(filters, cli, checkpoint, count):
    """The share of wrong words, in percent, of a checkpoint as the file of the format that is kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.bin"
        export.write(path, filters, export.load(checkpoint), export.KEPT)
        told = subprocess.run(
            [sys.executable, HERE / "evaluate.py", cli, path, "--count", str(count)], capture_output=True, text=True, check=True
        ).stdout
    print(checkpoint.name, told, flush=True)
    return float(re.search(r"wrong words: ([\d.]+)%", told)[1])


def draw(rows, path):
    left, right, top, bottom = 70, 620, 40, 300
    drawing = Drawing(650, 350, "Word errors of unseen sentences while training")
    lowest = min(error for _, _, error in rows)
    scale = LogScale(min(1, lowest / 1.5 or 0.1), 150, bottom, top)
    longest = max(minutes for _, minutes, _ in rows)
    across = lambda minutes: left + minutes / (longest * 1.03) * (right - left)
    for tick in scale.ticks:
        drawing.line(left, scale(tick), right, scale(tick))
        drawing.text(left - 6, scale(tick) + 4, f"{tick:g}%", "end", 10)
    for minutes in range(0, int(longest) + 1, 10):
        drawing.text(across(minutes), bottom + 16, f"{minutes} min", "middle", 10)
    points = [(across(minutes), scale(max(error, lowest, 0.1))) for _, minutes, error in rows]
    for (x, y), (other_x, other_y) in zip(points, points[1:]):
        drawing.line(x, y, other_x, other_y, stroke=COLOURS[0], width=2)
    for x, y in points:
        drawing.dot(x, y, COLOURS[0])
    drawing.text(left, 22, "wrong words of unseen sentences in the 13 voices, read by whisper-cli, by minutes of training", size=11)
    drawing.write(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("filters", "cli", "run", "csv", "svg"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--count", type=int, default=104)
    options = parser.parse_args()
    lines = options.csv.read_text().splitlines()[1:] if options.csv.exists() else []
    rows = [(int(step), float(minutes), float(error)) for step, minutes, error in (line.split(",") for line in lines)]
    times = {}
    for line in (options.run / "losses.csv").read_text().splitlines()[1:]:
        step, minutes = line.split(",")[:2]
        times[int(step)] = float(minutes)
    for checkpoint in sorted(options.run.glob("step-*.npz"), key=lambda path: int(path.stem[5:])):
        step = int(checkpoint.stem[5:])
        if step not in [row[0] for row in rows] and step in times:
            rows.append((step, times[step], measure(mel.filters(options.filters), options.cli, checkpoint, options.count)))
            rows.sort()
            options.csv.write_text("step,minutes,word errors in percent\n" + "".join(f"{s},{m:.1f},{e}\n" for s, m, e in rows))
    draw(rows, options.svg)


if __name__ == "__main__":
    main()
