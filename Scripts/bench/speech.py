#!/usr/bin/env python3
"""What speech costs: this server beside espeak-ng's own program, on the same text, in turn.

Prints a table; writes it into docs/benchmarks.md unless told not to. espeak-ng's program writes a wave file of 22,050 Hz to a
pipe; its time includes its start, as anybody pays it who calls it. The server's first byte is measured from the request's first
byte on an open connection.
"""

import argparse
import http.client
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import report
import servers

ROOT = servers.ROOT
SENTENCES = [
    "The harbour was quiet when the first boats came in.", "Nobody had slept much, and the nets were heavy.",
    "A man on the pier counted the baskets twice.", "He wrote the number down, then he shook his head.",
    "It was less than last year, and last year had been poor.", "Behind him the market began to fill.",
    "Two children ran between the stalls, shouting prices.", "Their mother laughed, but she watched the sky.",
    "By noon the wind had turned to the north.", "Then everybody went home and closed the shutters.",
]
FORMATS = ["pcm", "mp3", "opus", "aac", "flac"]


class Speaker:
    """One connection to the server."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection(*server.address)

    def speak(self, text, name):
        """Seconds to the first byte of the file and to its end, and its bytes."""
        body = json.dumps({"input": text, "response_format": name, "voice": "alloy"})
        start = time.perf_counter()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {servers.KEY}"}
        self.connection.request("POST", "/v1/audio/speech", body, headers)
        response = self.connection.getresponse()
        first = response.read(1)
        first_at = time.perf_counter()
        rest = response.read()
        end = time.perf_counter()
        if response.status != 200:
            raise SystemExit(f"the server answered {response.status}: {(first + rest)[:300]!r}")
        return first_at - start, end - start, len(first + rest)


def program(text):
    """Seconds of espeak-ng's own program, and of its sound."""
    start = time.perf_counter()
    data = subprocess.run(["espeak-ng", "-v", "en-us", "--stdout", text], capture_output=True, check=True).stdout
    return time.perf_counter() - start, (len(data) - 44) / 2 / 22050


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/inference-server")
    parser.add_argument("--model", type=Path, default=ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--no-write", action="store_true")
    chosen = parser.parse_args()
    text = " ".join(SENTENCES)
    has_program = shutil.which("espeak-ng") is not None
    if not has_program:
        print("espeak-ng's program is not installed (apt-get install espeak-ng): left out", file=sys.stderr)
    figures = {name: {"first": [], "whole": [], "factor": [], "short": []} for name in FORMATS}
    theirs, ratios = [], []
    server = servers.ours(chosen.binary, chosen.model, "--no-tune")
    try:
        speaker = Speaker(server)
        seconds = speaker.speak(text, "pcm")[2] / 2 / 24000
        for _ in range(chosen.rounds):
            if has_program:
                taken, made = program(text)
                theirs.append(made / taken)
            for name in FORMATS:
                first, whole, _ = speaker.speak(text, name)
                found = figures[name]
                found["first"].append(first * 1000)
                found["whole"].append(whole * 1000)
                found["factor"].append(seconds / whole)
                found["short"].append(speaker.speak("Yes.", name)[0] * 1000)
                if name == "pcm" and has_program:
                    ratios.append(found["factor"][-1] / theirs[-1])
    finally:
        server.stop()
    head = ["", "times faster than real time", "first byte, ms", "whole file, ms", "first byte of one word, ms"]
    lines = [
        [name] + [report.number(statistics.median(found[key])) for key in ("factor", "first", "whole", "short")]
        for name, found in figures.items()
    ]
    if has_program:
        lines.append(["espeak-ng's program", report.number(statistics.median(theirs)), "–", "–", "–"])
    said = f"{len(SENTENCES)} sentences, {seconds:.1f} s of sound; medians of {chosen.rounds} rounds."
    if has_program:
        said += f" pcm beside espeak-ng's program: {statistics.median(ratios):.2f} times as fast."
    text = "\n".join([said, "", *report.table(head, lines)])
    print(text)
    if not chosen.no_write:
        report.write_section(ROOT / "docs/benchmarks.md", "speech", text)


if __name__ == "__main__":
    main()
