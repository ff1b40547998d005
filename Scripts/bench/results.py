"""Figures of a run, by round, side and case; kept as JSON, so that the report can be made again without measuring."""

import json
import statistics
from pathlib import Path

from targets import TITLES


class Results:
    def __init__(self, facts):
        # What the figures depend on: the machine, the model, the options of each side.
        self.facts = facts
        # [{side: {case: {figure: value}}}], one a round.
        self.rounds = []

    @classmethod
    def load(cls, path):
        held = json.loads(Path(path).read_text())
        results = cls(held["facts"])
        results.rounds = held["rounds"]
        return results

    def save(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"facts": self.facts, "rounds": self.rounds}, indent=1) + "\n")

    @property
    def sides(self):
        return [side for side in TITLES if any(side in measured for measured in self.rounds)]

    def values(self, side, case, figure):
        """A figure of every round that has it."""
        held = [measured.get(side, {}).get(case, {}) for measured in self.rounds]
        return [figures[figure] for figures in held if figure in figures]

    def last(self, side, case, figure):
        return next(reversed(self.values(side, case, figure)), None)

    def median(self, side, case, figure):
        values = self.values(side, case, figure)
        return statistics.median(values) if values else None

    def ratio(self, row, ours, theirs):
        """How many times better our median is; none where a side is missing or a figure is zero."""
        a, b = self.median(ours, row.case, row.figure), self.median(theirs, row.case, row.figure)
        return row.ratio(a, b) if a and b else None

    def failures(self):
        """What could not be measured: (round, side, case, reason)."""
        for number, measured in enumerate(self.rounds, 1):
            for side, cases in measured.items():
                for case, figures in cases.items():
                    if "failure" in figures:
                        yield number, side, case, figures["failure"]
