#!/usr/bin/env python3
"""What another busy program costs: llama-bench with each kind of threads, on an idle box and beside a program that keeps
one core busy, interleaved; and the same of this server. Writes its table into docs/benchmarks.md unless told not to.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import report
import servers
from cases import LONG
from client import Client
from prompts import Prompts

ROOT = servers.ROOT
OPENMP = ROOT / ".native/build-bench/openmp/bin/llama-bench"
POOL = ROOT / ".native/build-bench/pool/bin/llama-bench"
PROMPT, ANSWER = 256, 48

# name: (program, options, environment)
KINDS = {
    "OpenMP, as it comes": (OPENMP, [], {}),
    "OpenMP, GOMP_SPINCOUNT=0": (OPENMP, [], {"GOMP_SPINCOUNT": "0"}),
    "OpenMP, GOMP_SPINCOUNT=1000": (OPENMP, [], {"GOMP_SPINCOUNT": "1000"}),
    "OpenMP, GOMP_SPINCOUNT=10000": (OPENMP, [], {"GOMP_SPINCOUNT": "10000"}),
    "OpenMP, GOMP_SPINCOUNT=100000": (OPENMP, [], {"GOMP_SPINCOUNT": "100000"}),
    "OpenMP, OMP_WAIT_POLICY=passive": (OPENMP, [], {"OMP_WAIT_POLICY": "passive"}),
    "one thread fewer": (OPENMP, ["-t", str(max(1, os.cpu_count() - 1))], {}),
    "own pool, --poll 0": (POOL, ["--poll", "0"], {}),
    "own pool, --poll 50": (POOL, ["--poll", "50"], {}),
}


# This server: by itself, and with the threads held that it starts with.
OURS = {"this server": [], "this server, --threads held": ["--threads", str(os.cpu_count())]}

# It ends with this program, however that ends.
BUSY = f"import os\nwhile os.getppid() == {os.getpid()}: sum(range(100000))"


@contextmanager
def busy_program(is_wanted):
    """Keeps one core busy, in a session of its own as a program from another terminal would be."""
    if not is_wanted:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", BUSY], start_new_session=True)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def llama_bench(kind, model):
    """Tokens per second of prompt and decode; none where it takes more than two minutes."""
    program, more, variables = KINDS[kind]
    command = [program, "-m", model, "-p", str(PROMPT), "-n", str(ANSWER), "-r", "2", "-o", "json"]
    if "-t" not in more:
        command += ["-t", str(os.cpu_count())]
    try:
        done = subprocess.run(
            [*command, *more], env=os.environ | variables, capture_output=True, check=True, timeout=120
        )
    except subprocess.TimeoutExpired:
        return 0.0, 0.0
    rates = {bool(entry["n_gen"]): entry["avg_ts"] for entry in json.loads(done.stdout)}
    return rates[False], rates[True]


def our_server(server, seed):
    """The same of this server: a 1,200-token prompt, and a stream of 200 tokens."""
    client, prompts = Client(server.address, servers.KEY), Prompts(seed)
    (answer,) = client.finish(client.complete(prompts.words(LONG), 1))
    (stream,) = client.finish(client.complete(prompts.words(8), 200))
    times = stream.texts
    return answer.usage["prompt_tokens"] / answer.first_token, (len(times) - 1) / (times[-1] - times[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", type=lambda text: text.split(";"), default=[*KINDS, *OURS], help="semicolons between")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/inference-server")
    parser.add_argument("--model", type=Path, default=ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--no-write", action="store_true")
    chosen = parser.parse_args()
    for kind in chosen.kinds:
        if kind not in KINDS and kind not in OURS:
            parser.error(f"there is no kind '{kind}'; there are {'; '.join([*KINDS, *OURS])}")
    figures = {}  # kind: {is_busy: [(prompt, decode)]}

    def note(kind, is_busy, pair):
        figures.setdefault(kind, {}).setdefault(is_busy, []).append(pair)
        print(f"{'busy' if is_busy else 'idle'}: {kind}: {pair[0]:.0f} and {pair[1]:.0f} tok/s", file=sys.stderr)

    running = {}
    try:
        for kind in chosen.kinds:
            if kind in OURS:
                running[kind] = servers.ours(chosen.binary, chosen.model, *OURS[kind])
        for number in range(chosen.rounds):
            for is_busy in (False, True):
                for kind in chosen.kinds:
                    with busy_program(is_busy):
                        if server := running.get(kind):
                            note(kind, is_busy, our_server(server, f"{number} {is_busy}"))
                        else:
                            note(kind, is_busy, llama_bench(kind, chosen.model))
    finally:
        for server in running.values():
            server.stop()
    lines = []
    for kind, measured in figures.items():
        idle, busy = ([statistics.median(values) for values in zip(*measured[is_busy])] for is_busy in (False, True))
        shares = [f"{after / before:.0%}" if before else "–" for before, after in zip(idle, busy)]
        lines.append([kind, *map(report.number, idle), *map(report.number, busy), *shares])
    head = ["", "prompt, idle", "decode, idle", "prompt, busy", "decode, busy", "prompt kept", "decode kept"]
    text = "\n".join(report.table(head, lines))
    print(text)
    if not chosen.no_write:
        report.write_section(ROOT / "docs/benchmarks.md", "neighbours", text)


if __name__ == "__main__":
    main()
