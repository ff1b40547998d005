#!/usr/bin/env python3
"""Measures this server against llama-server, built from the same source, on the same model, in turn; at least three rounds.

Prints the table of docs/benchmarks.md and, after a whole run, writes it there with its plots. `--help` lists the options.
"""

import argparse
import os
import random
import shlex
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import gguf_header
import limits
import report
import servers
from cases import CASES
from client import CaseError, Client
from prompts import Prompts
from results import Results
from targets import LLAMA, LLAMA_BEST, LLAMA_TUNED, MEMORY, TITLES, TUNED, UNTUNED

ROOT = servers.ROOT
DOCUMENT = ROOT / "docs/benchmarks.md"
HELD = ROOT / ".native/build-bench/results.json"

SEQUENCES, CONTEXT = 16, 2048
# Small batches bound the gaps that a prompt makes; `--best-flags` tries others.
BEST_FLAGS = ["-b", "64", "-ub", "64", "--kv-unified"]


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: text.split(",")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", type=names, default=list(CASES), help=f"with commas between: {', '.join(CASES)}")
    parser.add_argument("--sides", type=names, default=list(TITLES), help=f"with commas between: {', '.join(TITLES)}")
    parser.add_argument("--minutes", type=float, default=25, help="begin no round that would end later (default: 25)")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/inference-server")
    parser.add_argument("--model", type=Path, default=ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--tuned-file", type=Path, help="what `tune` made of the model (default: what is found beside it)")
    parser.add_argument("--best-flags", type=shlex.split, default=BEST_FLAGS, help="for the best llama-server")
    parser.add_argument("--threads", type=int, default=physical_cores())
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30), help="of the prompts; random by default")
    parser.add_argument("--no-write", action="store_true", help="print only, and leave the document as it is")
    parser.add_argument("--render", action="store_true", help="make the report of the last run again, without measuring")
    chosen = parser.parse_args()
    for given, known, what in ((chosen.cases, CASES, "case"), (chosen.sides, TITLES, "side")):
        for name in given:
            if name not in known:
                parser.error(f"there is no {what} '{name}'; there are {', '.join(known)}")
    if chosen.rounds < 1 or chosen.threads < 1:
        parser.error("rounds and threads start at 1")
    return chosen


def physical_cores():
    listed = subprocess.run(["lscpu", "--parse=CORE,SOCKET"], capture_output=True, text=True, check=True).stdout
    return len({line for line in listed.splitlines() if not line.startswith("#")})


def tuned_file(chosen):
    """The file that `tune` made, or none."""
    if chosen.tuned_file:
        return chosen.tuned_file
    found = sorted(chosen.model.parent.glob(f"{chosen.model.name.removesuffix('.gguf')}*tuned*.gguf"))
    return found[0] if found else None


def sides(chosen):
    """How each side is started: {side: (function, arguments)}."""
    model, tuned = chosen.model, tuned_file(chosen)
    knows_tuning = "--no-tune" in subprocess.run(
        [chosen.binary, "serve", "--help"], capture_output=True, text=True, check=True
    ).stdout
    here = ["--parallel", SEQUENCES, "--ctx-size", CONTEXT, "--threads", chosen.threads]
    there = ["-np", SEQUENCES, "-c", SEQUENCES * CONTEXT, "-t", chosen.threads]
    known = {
        UNTUNED: (servers.ours, [chosen.binary, model, *here, *(["--no-tune"] if knows_tuning else [])]),
        LLAMA: (servers.llama_server, [model, *there]),
        LLAMA_BEST: (servers.llama_server, [tuned or model, *there, *chosen.best_flags]),
    }
    if tuned:
        # A server that knows of tuning finds the file by itself.
        known[TUNED] = (servers.ours, [chosen.binary, model if knows_tuning else tuned, *here])
        known[LLAMA_TUNED] = (servers.llama_server, [tuned, *there])
    for side in chosen.sides:
        if side not in known:
            print(f"left out: {TITLES[side]}; the model has not been tuned (inference-server tune)", file=sys.stderr)
    return {side: known[side] for side in TITLES if side in chosen.sides and side in known}


def shown(start):
    """A side's command line without keys, ports and folders."""
    function, arguments = start
    program = "inference-server --model" if function is servers.ours else "llama-server -m"
    words = arguments[1:] if function is servers.ours else arguments
    return " ".join([program, *(word.name if isinstance(word, Path) else str(word) for word in words)])


class Load:
    """Who took the machine's time: this client, and programs that have no part in the run."""

    def __init__(self):
        self.began = time.perf_counter()
        self.busy = self._busy()
        self.servers = 0.0

    def _busy(self):
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")

    def shares(self):
        """Of one core's time: the client's; of the machine's: that of others."""
        seconds = time.perf_counter() - self.began
        others = self._busy() - self.busy - self.servers - time.process_time()
        return time.process_time() / seconds, max(0.0, others) / seconds / os.cpu_count()


def measure(start, cases, seed, load):
    """One side's figures of one round."""
    function, arguments = start
    server = function(*arguments)
    try:
        client = Client(server.address, servers.KEY)
        # Neither the first request's page faults nor its allocations are the subject.
        warm = Prompts(f"{seed} warm")
        client.finish(client.complete(warm.words(300), 8))
        figures = {}
        for case in cases:
            print(f"  {case} …", end="", file=sys.stderr, flush=True)
            began = time.perf_counter()
            try:
                figures[case] = CASES[case](client, Prompts(f"{seed} {case}"))
            except CaseError as error:
                figures[case] = {"failure": str(error)}
                print(f" failed: {error}", file=sys.stderr, end="")
                client.close()
                client = Client(server.address, servers.KEY)
            print(f" {time.perf_counter() - began:.0f} s", file=sys.stderr)
        figures[MEMORY] = {"resident (MiB)": server.resident}
        load.servers += server.cpu_seconds
        client.close()
        return figures
    finally:
        server.stop()


def run(chosen):
    started = sides(chosen)
    if not started:
        raise SystemExit("error: no side is left to measure")
    processor = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")),
        "unknown processor",
    )
    load, began = Load(), time.monotonic()
    results = Results({
        "machine": f"{processor}, {chosen.threads} threads",
        "model": chosen.model.name,
        "seed": chosen.seed,
        "commands": {side: shown(start) for side, start in started.items()},
    })
    order, longest = list(started), 0.0
    for number in range(chosen.rounds):
        round_began = time.monotonic()
        if number and round_began - began + longest > chosen.minutes * 60:
            print(f"no round after {number}: it would end after {chosen.minutes:g} minutes", file=sys.stderr)
            break
        figures = {}
        for side in order:
            print(f"round {number + 1}, {TITLES[side]}", file=sys.stderr)
            # The same prompts for each side, others in each round.
            figures[side] = measure(started[side], chosen.cases, f"{chosen.seed} {number}", load)
        results.rounds.append(figures)
        # Nobody is always the first.
        order = order[1:] + order[:1]
        longest = max(longest, time.monotonic() - round_began)
    results.facts["client"], results.facts["others"] = load.shares()
    results.facts["limits"] = limits.measure(chosen.threads)
    files = {UNTUNED: chosen.model, TUNED: tuned_file(chosen)}
    results.facts["work"] = {side: asdict(gguf_header.read_work(file)) for side, file in files.items() if side in started}
    return results


def main():
    chosen = options()
    if chosen.render:
        results = Results.load(HELD)
    else:
        results = run(chosen)
        results.save(HELD)
    is_whole = len(results.rounds) >= 3 and all(case in results.rounds[0][side] for side in results.sides for case in CASES)
    is_written = is_whole and not chosen.no_write
    document = DOCUMENT if is_written else HELD.parent / "benchmarks.md"
    text = report.render(results, document.parent / "benchmarks")
    print(text)
    if is_written:
        report.write_section(document, "bench", text)
    else:
        print(f"the plots are in {(HELD.parent / 'benchmarks').relative_to(ROOT)}; docs/benchmarks.md is left as it is", file=sys.stderr)


if __name__ == "__main__":
    main()
