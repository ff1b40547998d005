#!/usr/bin/env python3
"""Embeddings beside llama-server on the same file: texts of 8 to 32 words in requests of 32, four at once; and one short
text by itself. The servers take turns; the table goes into docs/benchmarks.md unless told not to.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time
from pathlib import Path

import report
import servers
from client import Client
from prompts import Prompts

ROOT = servers.ROOT
DOCUMENT = ROOT / "docs/benchmarks.md"
TEXTS, REQUEST, AT_ONCE, TURNS = 256, 32, 4, 3
OURS = "this server, tuned"


class Sender(Client):
    def embed(self, texts):
        return self.send("/v1/embeddings", {"input": texts, "model": "text-embedding-3-small", "encoding_format": "float"})


def texts(prompts, count):
    """Of 8 to 32 words, each length as often as the others."""
    return [prompts.words(8 + place * 25 // count) for place in range(count)]


def shuffled(items):
    """In a fixed order in which short and long texts alternate."""
    return [items[place * 89 % len(items)] for place in range(len(items))]


def vectors(exchange):
    if exchange.status != 200:
        raise SystemExit(f"error: a request was answered with {exchange.status}: {bytes(exchange.body[:300])!r}")
    entries = json.loads(bytes(exchange.body))["data"]
    return [entry["embedding"] for entry in sorted(entries, key=lambda entry: entry["index"])]


def throughput(client, wanted):
    """Texts per second, and the vectors: the next request starts when one is answered."""
    waiting = [wanted[start : start + REQUEST] for start in range(0, len(wanted), REQUEST)]
    sent, began = [], time.perf_counter()
    while len(sent) < len(waiting) or any(not exchange.ended for exchange in sent):
        while len(sent) < len(waiting) and sum(not exchange.ended for exchange in sent) < AT_ONCE:
            sent.append(client.embed(waiting[len(sent)]))
        before = sum(not exchange.ended for exchange in sent)
        client.run(lambda: sum(not exchange.ended for exchange in sent) < before)
    rate = len(wanted) / (time.perf_counter() - began)
    return rate, [vector for exchange in sent for vector in vectors(exchange)]


def one_by_one(client, prompts):
    """The time of a text of 16 words by itself, in milliseconds; the median of 20."""
    times = []
    for _ in range(20):
        (exchange,) = client.finish(client.embed([prompts.words(16)]))
        vectors(exchange)
        times.append((exchange.ended - exchange.started) * 1000)
    return statistics.median(times)


def cosine(one, other):
    return sum(map(float.__mul__, one, other)) / math.hypot(*one) / math.hypot(*other)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/inference-server")
    parser.add_argument("--model", type=Path, default=ROOT / "models/all-MiniLM-L6-v2.F16.gguf")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--no-write", action="store_true")
    chosen = parser.parse_args()
    here = ["--models-dir", chosen.model.parent, "--threads", chosen.threads]
    there = ["--embedding", "--pooling", "mean", "-t", chosen.threads]
    tuned = chosen.model.with_suffix(".tuned.gguf")
    sides = {
        OURS: lambda: servers.ours(chosen.binary, chosen.model, *here),
        "this server, `--no-tune`": lambda: servers.ours(chosen.binary, chosen.model, *here, "--no-tune"),
        "llama-server": lambda: servers.llama_server(chosen.model, *there),
        "llama-server, 32 texts a pass": lambda: servers.llama_server(
            chosen.model, *there, "-c", 16384, "-np", 32, "-b", 1024, "-ub", 1024
        ),
        "llama-server, tuned file": lambda: servers.llama_server(tuned, *there),
    }
    if not tuned.exists():
        print("the embedding model has not been tuned (inference-server tune): its sides are left out", file=sys.stderr)
        sides = {side: start for side, start in sides.items() if side not in (OURS, "llama-server, tuned file")}
    rates, singles, found = {side: [] for side in sides}, {side: [] for side in sides}, {}
    order = list(sides)
    for number in range(chosen.rounds):
        for side in order:
            server = sides[side]()
            try:
                client = Sender(server.address, servers.KEY)
                prompts = Prompts(f"embeddings {number}")
                throughput(client, texts(prompts, 64))
                for _ in range(TURNS):
                    rate, found[side] = throughput(client, shuffled(texts(prompts, TEXTS)))
                    rates[side].append(rate)
                singles[side].append(one_by_one(client, prompts))
                client.close()
            finally:
                server.stop()
            print(f"round {number + 1}, {side}: {rates[side][-1]:.0f} texts/s, one {singles[side][-1]:.1f} ms", file=sys.stderr)
        order = order[1:] + order[:1]
    ours = next(iter(sides))
    lines = []
    for side in sides:
        rate, single = statistics.median(rates[side]), statistics.median(singles[side])
        least = min(cosine(one, other) for one, other in zip(found[ours], found[side]))
        cells = [report.number(rate), f"{statistics.median(rates[ours]) / rate:.2f}", report.number(single)]
        lines.append([side, *cells, f"{single / statistics.median(singles[ours]):.2f}", f"{least:.6f}"])
    head = ["", "texts/s", "ours : theirs", "one text, ms", "theirs : ours", "least cosine to ours"]
    text = "\n".join(report.table(head, lines))
    print(text)
    if not chosen.no_write:
        report.write_section(DOCUMENT, "embeddings", text)


if __name__ == "__main__":
    main()
