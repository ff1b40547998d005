#!/usr/bin/env python3
"""Compares a checkpoint, decoded here, with the model file made of it, decoded by whisper-cli: the same tokens must come.

usage: check.py MEL-FILTERS CHECKPOINT WHISPER-CLI [--count N]
"""

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy as np
from scipy.signal import resample_poly

import export
import mel
import model
import tokens
from espeak import ESpeak, openai_voices
from evaluate import write_wav
from words import WORDS, test_sentences

LENGTH = 28


@jax.jit
def last_logits(weights, states, text, step):
    return model.decode(weights, states, text)[0][0, step]


def greedy(weights, sound, filters):
    """Decodes greedily under whisper.cpp's rules (whisper_process_logits); gives the tokens behind the start token."""
    logs = np.full((2 * tokens.AUDIO_CONTEXT, mel.BANDS), mel.SILENCE, np.float32)
    frames = mel.log_power(sound, filters)[: len(logs)]
    logs[: len(frames)] = frames
    states = jax.jit(model.encode)(weights, jnp.asarray(mel.normalize(logs))[None])
    text = np.full((1, LENGTH), tokens.EOT, np.int32)
    text[0, 0] = tokens.SOT
    said = []
    while len(said) < LENGTH - 1:
        logits = np.array(last_logits(weights, states, text, len(said)))
        logits[[tokens.NOT, tokens.SOT, tokens.NOSP, tokens.PREV, tokens.BYTE]] = -np.inf
        if not said:
            logits[tokens.EOT] = -np.inf
            logits[tokens.TIME + tokens.LATEST_START + 1 :] = -np.inf
        is_time = [token >= tokens.TIME for token in said]
        if is_time and is_time[-1]:
            if len(said) < 2 or is_time[-2]:
                logits[tokens.TIME :] = -np.inf
            else:
                logits[: tokens.EOT] = -np.inf
        times = [token for token in said if token > tokens.TIME]
        if times:
            logits[tokens.TIME : times[-1]] = -np.inf
        logs = logits - np.logaddexp.reduce(logits)
        if np.logaddexp.reduce(logs[tokens.TIME :]) > logs[: tokens.TIME].max():
            logits[: tokens.TIME] = -np.inf
        said.append(int(logits.argmax()))
        if said[-1] == tokens.EOT or (said[-1] > tokens.TIME and 2 * (said[-1] - tokens.TIME) + 10 >= len(frames) - 2):
            break
        text[0, len(said)] = said[-1]
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filters")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("cli")
    parser.add_argument("--count", type=int, default=13)
    options = parser.parse_args()
    filters = mel.filters(options.filters)
    weights = export.load(options.checkpoint)
    espeak, voices = ESpeak(), list(openai_voices().values())
    same = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.bin"
        export.write(path, filters, weights, "f16")
        sounds = []
        for index, words in enumerate(test_sentences()[: options.count]):
            sound, _ = espeak.speak(" ".join(words) + ".", voices[index % len(voices)])
            sound = resample_poly(sound.astype(np.float32) / 32768, 320, 441)
            # As the file holds it.
            sounds.append((np.clip(sound, -1, 1) * 32767).astype("<i2").astype(np.float32) / 32768)
            write_wav(Path(folder) / f"{index}.wav", sound)
        paths = [f"{folder}/{index}.wav" for index in range(len(sounds))]
        flags = ["-m", path, "-t", "1", "-bs", "1", "-bo", "1", "-nf", "-ojf", "-np"]
        subprocess.run([options.cli, *flags, *paths], check=True, capture_output=True)
        for path, sound in zip(paths, sounds):
            told = json.loads(Path(f"{path}.json").read_text(errors="replace"))
            theirs = [token["id"] for segment in told["transcription"] for token in segment["tokens"]]
            ours = [tokens.file_number(token) for token in greedy(weights, sound, filters)]
            ours = [token for token in ours if token < tokens.FILE_EOT]
            theirs = [token for token in theirs if token < tokens.FILE_EOT]
            same += ours == theirs
            text = lambda numbers: " ".join(WORDS[number - tokens.BYTES] for number in numbers if number >= tokens.BYTES)
            print(f"{'same' if ours == theirs else 'other'}: {text(ours)} | {text(theirs)}")
    print(f"{same} of {len(sounds)} the same")


if __name__ == "__main__":
    main()
