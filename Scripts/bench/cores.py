#!/usr/bin/env python3
"""What other work costs a running stream: the stream alone, and beside each kind of work, in turn on one server; with
--other BINARY the same of another build, the two alternating. Writes its table into docs/benchmarks.md unless told not to.

The stream is 200 tokens of a text completion. Beside it the other work is kept going: as soon as a request of it ends, the
next one is sent. Its own rate is measured without the stream, too.
"""

import argparse
import base64
import io
import random
import statistics
import struct
import sys
import tempfile
import time
import wave
import zlib
from pathlib import Path

import projector
import report
import servers
import transcription
import whisper_model
from client import CaseError, Client
from prompts import Prompts

ROOT = servers.ROOT
TOKENS = 200
# The width of the default model's vectors.
EMBEDDING = 576
EMBEDDING_MODEL = ROOT / "models/all-MiniLM-L6-v2.F16.gguf"


class Work:
    """Requests of one kind, so many at once, each followed by the next."""

    def __init__(self, client, make, at_once=1):
        self.client, self.make = client, make
        self.running = [make(client) for _ in range(at_once)]
        self.done = 0

    def keep_going(self):
        for place, exchange in enumerate(self.running):
            if exchange.ended is None:
                continue
            if exchange.status != 200:
                raise CaseError(f"the other work was answered with {exchange.status}: {bytes(exchange.body[:300])!r}")
            self.done += 1
            self.running[place] = self.make(self.client)

    def stop(self):
        for exchange in self.running:
            self.client.leave(exchange)


def embeddings(prompts):
    texts = [prompts.words(24) for _ in range(32)]
    return lambda client: client.send("/v1/embeddings", {"model": "embedding", "input": texts})


def speech(_):
    text = " ".join(["The harbour was quiet when the first boats came in."] * 40)
    return lambda client: client.send("/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": text})


def chat(prompts):
    # Another chat model, of which there may be only the same file under a name of its own.
    return lambda client: client.complete(prompts.words(8), 100, model="other")


def prompt(prompts):
    return lambda client: client.complete(prompts.words(900), 1, model="other")


def recording(seconds):
    def make(_):
        sound = Path(tempfile.gettempdir()) / "bench-recording.wav"
        transcription.repeated(transcription.UPSTREAM / "samples/jfk.wav", seconds, sound)
        body, kind = transcription.form(sound, {"model": "whisper", "language": "en"})
        sound.unlink()
        return lambda client: client.send("/v1/audio/transcriptions", body, content_type=kind)

    return make


def question(part):
    return {"model": "chat", "messages": [{"role": "user", "content": [part, {"type": "text", "text": "What?"}]}], "max_tokens": 1}


def image(_):
    """Noise, another one each time: nothing of it has been encoded before."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    def make(client):
        rows = b"".join(b"\0" + random.randbytes(3 * 128) for _ in range(128))
        header = struct.pack(">IIBBBBB", 128, 128, 8, 2, 0, 0, 0)
        file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
        url = f"data:image/png;base64,{base64.b64encode(file).decode()}"
        return client.send("/v1/chat/completions", question({"type": "image_url", "image_url": {"url": url}}))

    return make


def sound(_):
    """Ten seconds of noise, another one each time, which take as long as half a minute."""

    def make(client):
        file = io.BytesIO()
        with wave.open(file, "wb") as target:
            target.setparams((1, 2, 16_000, 0, "NONE", ""))
            target.writeframes(random.randbytes(10 * 32_000))
        data = base64.b64encode(file.getvalue()).decode()
        return client.send("/v1/chat/completions", question({"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}))

    return make


# name: (the maker of its requests, how many of them at once)
KINDS = {
    "32 texts to embed, two at once": (embeddings, 2),
    "answers of another chat model": (chat, 1),
    "long prompts of another chat model": (prompt, 1),
    "speech (espeak-ng)": (speech, 2),
    "minutes of sound transcribed (whisper-tiny's shapes)": (recording(60), 1),
    "the same, two at once": (recording(60), 2),
    "ten minutes of sound transcribed": (recording(600), 1),
    "images for the same model (SigLIP base's shapes)": (image, 1),
    "sounds for the same model (Whisper base's shapes)": (sound, 1),
}


def stream(client, prompts, work=None):
    """The stream's tokens per second, and its longest gap in milliseconds."""
    exchange = client.complete(prompts.words(8), TOKENS)

    def is_over():
        if work:
            work.keep_going()
        return exchange.ended is not None

    client.run(is_over)
    times = exchange.texts
    gaps = [after - before for before, after in zip(times, times[1:])]
    return len(gaps) / sum(gaps), 1000 * max(gaps)


def alone(client, make, at_once, seconds=4.0):
    """Requests of the other work per second, by itself."""
    work = Work(client, make, at_once)
    start = time.perf_counter()

    def is_over():
        work.keep_going()
        return time.perf_counter() - start > seconds

    client.run(is_over)
    work.stop()
    return work.done / (time.perf_counter() - start)


def measure(server, prompts, kind):
    """Of the stream alone, then beside the work: (rate, gap) each; then the work's share of its own rate."""
    maker, at_once = KINDS[kind]
    client = Client(server.address, servers.KEY)
    try:
        make = maker(prompts)
        client.finish(make(client))  # loads its model
        rate = alone(client, make, at_once)
        by_itself = stream(client, prompts)
        work = Work(client, make, at_once)
        start = time.perf_counter()
        beside = stream(client, prompts, work)
        kept = work.done / (time.perf_counter() - start) / rate if rate else 0.0
        work.stop()
        return by_itself, beside, kept
    finally:
        client.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", type=lambda text: text.split(";"), default=list(KINDS), help="semicolons between")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build/release/inference-server")
    parser.add_argument("--other", type=Path, help="another build, to compare")
    parser.add_argument("--model", type=Path, default=ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--no-write", action="store_true")
    chosen = parser.parse_args()
    binaries = {"": chosen.binary} | ({"the other build: ": chosen.other} if chosen.other else {})
    found = {}
    for number in range(chosen.rounds):
        for name, binary in binaries.items():
            folder = tempfile.TemporaryDirectory()
            for file, model in (("chat", chosen.model), ("other", chosen.model), ("embedding", EMBEDDING_MODEL)):
                (Path(folder.name) / f"{file}.gguf").symlink_to(model)
            header = transcription.UPSTREAM / "models/for-tests-ggml-tiny.bin"
            whisper_model.write(header, Path(folder.name) / "whisper.bin", *transcription.LONG)
            projector.write(Path(folder.name) / "mmproj-chat.gguf", EMBEDDING)
            options = ["--models-dir", folder.name, "--model", "other", "--model", "embedding"]
            server = servers.ours(binary, "chat", "--no-tune", "--ctx-size", "2048", *options)
            try:
                for kind in chosen.kinds:
                    result = measure(server, Prompts(f"{number} {kind}"), kind)
                    found.setdefault(name + kind, []).append(result)
                    (rate, gap), (beside, longest), kept = result
                    print(
                        f"{name}{kind}: {rate:.0f} tok/s and {gap:.0f} ms alone, {beside:.0f} and {longest:.0f} beside it, "
                        f"which keeps {kept:.2f}",
                        file=sys.stderr,
                    )
            finally:
                server.stop()
                folder.cleanup()
    lines = []
    for kind, results in found.items():
        share = statistics.median(beside[0] / by_itself[0] for by_itself, beside, _ in results)
        gap = statistics.median(beside[1] for _, beside, _ in results)
        most = max(beside[1] for _, beside, _ in results)
        kept = statistics.median(kept for *_, kept in results)
        lines.append([kind, f"{share:.2f}", report.number(gap), report.number(most), f"{kept:.2f}" if kept else "–"])
    head = ["beside the stream", "stream's share of its own rate", "longest gap, ms", "worst round", "the other's share of its own"]
    text = "\n".join([f"A stream of {TOKENS} tokens; medians of {chosen.rounds} rounds.", "", *report.table(head, lines)])
    print(text)
    if not chosen.no_write:
        report.write_section(ROOT / "docs/benchmarks.md", "cores", text)


if __name__ == "__main__":
    main()
