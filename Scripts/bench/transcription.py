#!/usr/bin/env python3
"""What a transcription costs: this server beside whisper-cli, on the same model and the same sound, in turn; 11 seconds, and ten
minutes. Prints a table; writes it into docs/benchmarks.md, and a plot, unless told not to.

The model has the shapes of whisper-tiny and an answer of the length that people speak in a window (whisper_model.py says why and
how). The server's time is that of a whole request, upload and decoding of the file included, with the model loaded. whisper-cli's
time is what it prints as its total, less what loading took: it has the samples, not a file, at its begin.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import wave
from pathlib import Path
from typing import NamedTuple

import report
import servers
import svg
import whisper_model
from client import Client

ROOT = servers.ROOT
CLI = ROOT / ".native/build-whisper/bin/whisper-cli"
UPSTREAM = ROOT / ".native/src/whisper.cpp"
THREADS = os.cpu_count()
# Of a window: jfk.wav holds 27 words and marks in 11 seconds; people speak about as fast for ten minutes.
SHORT, LONG = (11.0, 27), (30.0, 75)


def form(sound, fields):
    """A body of multipart/form-data, and its type."""
    boundary = "bench-boundary-7f3a"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="sound.wav"\r\n'
    parts.append(f"{head}Content-Type: audio/wav\r\n\r\n".encode() + sound.read_bytes() + f"\r\n--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


class Case(NamedTuple):
    name: str
    model: str
    sound: Path
    duration: float
    beams: int = 1
    language: str | None = "en"


def request(client, case):
    """Seconds of one request."""
    fields = {"model": case.model, "response_format": "verbose_json", "temperature": "0"}
    body, kind = form(case.sound, fields | ({"language": case.language} if case.language else {}))
    (answer,) = client.finish(client.send("/v1/audio/transcriptions", body, content_type=kind))
    if answer.status != 200:
        raise SystemExit(f"the server answered {answer.status}: {bytes(answer.body[:300])!r}")
    return answer.ended - answer.started


def command(folder, case):
    """Seconds of whisper-cli, without loading."""
    options = ["-t", str(THREADS), "-l", case.language or "auto", "-bs", str(case.beams), "-bo", "5"]
    files = ["-m", folder / f"{case.model}.bin", "-f", case.sound]
    done = subprocess.run([CLI, *files, *options], capture_output=True, text=True, check=True)
    times = {name: float(value) for name, value in re.findall(r"(load|total) time =\s+([0-9.]+) ms", done.stderr)}
    return (times["total"] - times["load"]) / 1000


def repeated(sound, seconds, out):
    """The sound again and again, for so long."""
    with wave.open(str(sound)) as source:
        frames, setting = source.readframes(source.getnframes()), source.getparams()
    count = int(seconds * setting.framerate) * setting.sampwidth * setting.nchannels
    with wave.open(str(out), "wb") as target:
        target.setparams(setting)
        target.writeframes((frames * (count // len(frames) + 1))[:count])


def plot(found, path):
    """Bars of both sides' times over real time, one row a case."""
    rows = list(found.items())
    drawing = svg.Drawing(720, 60 + 56 * len(rows), "Transcription beside whisper-cli")
    most = max(duration / statistics.median(ours) for duration, ours, _ in found.values()) * 1.15
    drawing.legend(220, 24, [("this server", svg.COLOURS[0]), ("whisper-cli", svg.COLOURS[2])])
    for place, (name, (duration, ours, theirs)) in enumerate(rows):
        top = 44 + 56 * place
        drawing.text(210, top + 22, name, "end")
        for offset, values, colour in [(0, ours, svg.COLOURS[0]), (20, theirs, svg.COLOURS[2])]:
            rate = duration / statistics.median(values)
            drawing.rectangle(220, top + offset, 420 * rate / most, 16, colour)
            drawing.text(226 + 420 * rate / most, top + offset + 13, f"{rate:.1f} times real time")
    drawing.write(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10, help="of the long sound; 0 leaves it out")
    parser.add_argument("--shapes", nargs="*", default=["base", "small"], help="further models for the short sound")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/inference-server")
    parser.add_argument("--model", type=Path, default=ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--no-write", action="store_true")
    chosen = parser.parse_args()
    if not CLI.is_file():
        raise SystemExit(f"error: there is no {CLI}: run Scripts/bench/build-whisper-cli.sh")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "chat.gguf").symlink_to(chosen.model)
        header = UPSTREAM / "models/for-tests-ggml-tiny.bin"
        whisper_model.write(header, folder / "short.bin", *SHORT)
        whisper_model.write(header, folder / "long.bin", *LONG)
        jfk, minutes = UPSTREAM / "samples/jfk.wav", folder / "minutes.wav"
        cases = [
            Case("11 s (jfk.wav), greedy", "short", jfk, 11.0),
            Case("11 s, greedy, of a language to be found", "short", jfk, 11.0, language=None),
            Case("11 s (jfk.wav), beam of 5", "short", jfk, 11.0, beams=5),
        ]
        for shape in chosen.shapes:
            whisper_model.write(UPSTREAM / f"models/for-tests-ggml-{shape}.bin", folder / f"{shape}.bin", *SHORT)
            cases.append(Case(f"11 s, greedy, whisper-{shape}'s shapes", shape, jfk, 11.0))
        if chosen.minutes:
            repeated(jfk, chosen.minutes * 60, minutes)
            cases.append(Case(f"{chosen.minutes:g} minutes, greedy", "long", minutes, chosen.minutes * 60))
        for beams in (1, 5):
            options = ["--models-dir", folder, "--transcription-beams", str(beams), "--threads", str(THREADS)]
            server = servers.ours(chosen.binary, "chat", "--no-tune", "--ctx-size", "512", *options)
            wanted = [case for case in cases if case.beams == beams]
            try:
                client = Client(server.address, servers.KEY)
                for model in {case.model for case in wanted}:
                    request(client, Case("", model, jfk, 11.0))  # loads it
                for case in wanted * chosen.rounds:
                    ours, theirs = request(client, case), command(folder, case)
                    _, mine, others = found.setdefault(case.name, (case.duration, [], []))
                    mine.append(ours)
                    others.append(theirs)
                    print(f"{case.name}: {ours:.2f} s, whisper-cli {theirs:.2f} s", file=sys.stderr)
                client.close()
            finally:
                server.stop()
    lines = [
        [
            name,
            f"{statistics.median(ours):.2f}",
            f"{statistics.median(theirs):.2f}",
            f"{statistics.median(their / our for our, their in zip(ours, theirs)):.2f}",
            f"{duration / statistics.median(ours):.1f}",
        ]
        for name, (duration, ours, theirs) in found.items()
    ]
    head = ["", "this server, s", "whisper-cli, s", "theirs : ours", "times faster than real time"]
    text = "\n".join([f"Medians of {chosen.rounds} rounds, {THREADS} threads.", "", *report.table(head, lines)])
    print(text)
    if not chosen.no_write:
        plot(found, ROOT / "docs/benchmarks/transcription.svg")
        text += "\n\n![transcription](benchmarks/transcription.svg)"
        report.write_section(ROOT / "docs/benchmarks.md", "transcription", text)


if __name__ == "__main__":
    main()
