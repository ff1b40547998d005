#!/usr/bin/env python3
"""Makes a whisper model for tests: upstream's header, filters and vocabulary, random weights from a fixed seed.

usage: make-whisper-models.py HEADER OUT [--width N] [--heads N] [--layers N] [--audio-context N] [--seed N] [--deaf]

HEADER is one of whisper.cpp's models/for-tests-ggml-*.bin. Without options the model has the header's shapes. It writes
nonsense, but nonsense that depends on the sound; its numbers are large enough for one token to be far likelier than the next, and
timestamps and ends come often. With --deaf its decoder does not attend to the sound, so that it writes as much whatever it hears,
in the same time: for benchmarks. Only numpy is needed. The tensors are those that whisper.cpp's convert-pt-to-ggml.py writes, the
matrices in f16.
"""

import argparse
import struct
import sys

import numpy as np

MAGIC = 0x67676D6C
NAMES = [
    "vocabulary", "audio_context", "audio_state", "audio_heads", "audio_layers",
    "text_context", "text_state", "text_heads", "text_layers", "mels", "format",
]


def read_header(path: str) -> tuple[dict[str, int], bytes]:
    """The numbers of a header, and the filters and the vocabulary behind them as they are."""
    with open(path, "rb") as file:
        data = file.read()
    magic, *numbers = struct.unpack_from("<12I", data)
    if magic != MAGIC:
        sys.exit(f"error: {path} is no whisper model")
    return dict(zip(NAMES, numbers)), data[48:]


class Writer:
    """Tensors at the end of a model's file."""

    def __init__(self, file, seed: int) -> None:
        self.file = file
        self.random = np.random.default_rng(seed)

    def write(self, name: str, values: np.ndarray, half: bool = False) -> None:
        """One tensor; its last axis is the fastest."""
        encoded = name.encode()
        self.file.write(struct.pack("<3i", values.ndim, len(encoded), 1 if half else 0))
        self.file.write(struct.pack(f"<{values.ndim}i", *reversed(values.shape)))
        self.file.write(encoded)
        self.file.write(values.astype(np.float16 if half else np.float32).tobytes())

    def normal(self, *shape: int, scale: float) -> np.ndarray:
        return self.random.standard_normal(shape, dtype=np.float32) * scale

    def matrix(self, name: str, *shape: int, gain: float = 1.0) -> None:
        """Outputs first, inputs last."""
        self.write(name, self.normal(*shape, scale=gain / np.sqrt(np.prod(shape[1:]))), half=True)

    def norm(self, name: str, width: int, gain: float = 1.0) -> None:
        self.write(f"{name}.weight", gain * (1 + self.normal(width, scale=0.1)))
        self.write(f"{name}.bias", self.normal(width, scale=0.1))

    def attention(self, name: str, width: int, gain: float) -> None:
        for part in ["query", "key", "value", "out"]:
            self.matrix(f"{name}.{part}.weight", width, width, gain=gain if part == "out" else 1.5)
            if part != "key":
                self.write(f"{name}.{part}.bias", self.normal(width, scale=0.1))

    def block(self, name: str, width: int, crosses: bool, hears: bool = True) -> None:
        self.norm(f"{name}.attn_ln", width)
        self.attention(f"{name}.attn", width, gain=3.0 if crosses else 1.0)
        if crosses:
            self.norm(f"{name}.cross_attn_ln", width)
            self.attention(f"{name}.cross_attn", width, gain=2.0 if hears else 0.0)
        self.norm(f"{name}.mlp_ln", width)
        self.matrix(f"{name}.mlp.0.weight", 4 * width, width)
        self.write(f"{name}.mlp.0.bias", self.normal(4 * width, scale=0.1))
        self.matrix(f"{name}.mlp.2.weight", width, 4 * width)
        self.write(f"{name}.mlp.2.bias", self.normal(width, scale=0.1))


def sinusoids(length: int, width: int) -> np.ndarray:
    scales = np.exp(-np.log(10_000) / (width // 2 - 1) * np.arange(width // 2))
    angles = np.arange(length)[:, None] * scales[None, :]
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def write_model(header: str, out: str, options: argparse.Namespace) -> None:
    numbers, rest = read_header(header)
    width = options.width or numbers["audio_state"]
    for side in ["audio", "text"]:
        numbers[f"{side}_state"] = width
        numbers[f"{side}_heads"] = options.heads or numbers[f"{side}_heads"]
        numbers[f"{side}_layers"] = options.layers or numbers[f"{side}_layers"]
    numbers["audio_context"] = options.audio_context or numbers["audio_context"]
    numbers["format"] = 1
    with open(out, "wb") as file:
        file.write(struct.pack("<12I", MAGIC, *(numbers[name] for name in NAMES)))
        file.write(rest)
        writer = Writer(file, options.seed)
        writer.write("encoder.positional_embedding", sinusoids(numbers["audio_context"], width))
        for index, inputs in [(1, numbers["mels"]), (2, width)]:
            writer.matrix(f"encoder.conv{index}.weight", width, inputs, 3, gain=2.0)
            writer.write(f"encoder.conv{index}.bias", writer.normal(width, 1, scale=0.1))
        for layer in range(numbers["audio_layers"]):
            writer.block(f"encoder.blocks.{layer}", width, crosses=False)
        writer.norm("encoder.ln_post", width)
        writer.write("decoder.positional_embedding", writer.normal(numbers["text_context"], width, scale=1.0))
        # A row's length says how often its token comes: timestamps and the end of text come more often than words.
        # Short rows, and a large gain at the end: else the last token, which is the decoder's input, would be the likeliest.
        rows = writer.normal(numbers["vocabulary"], width, scale=1 / np.sqrt(width))
        is_multilingual = numbers["vocabulary"] >= 51865
        end = 50257 if is_multilingual else 50256
        first_timestamp = 50364 if is_multilingual else 50363
        rows[end] *= 1.5
        rows[first_timestamp:] *= 1.1
        writer.write("decoder.token_embedding.weight", rows, half=True)
        for layer in range(numbers["text_layers"]):
            writer.block(f"decoder.blocks.{layer}", width, crosses=True, hears=not options.deaf)
        writer.norm("decoder.ln", width, gain=8.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("header")
    parser.add_argument("out")
    for name in ["--width", "--heads", "--layers", "--audio-context"]:
        parser.add_argument(name, type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deaf", action="store_true")
    options = parser.parse_args()
    write_model(options.header, options.out, options)


if __name__ == "__main__":
    main()
