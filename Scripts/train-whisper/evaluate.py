#!/usr/bin/env python3
"""Reads sentences that nothing was trained on with whisper-cli, and counts what is wrong.

usage: evaluate.py WHISPER-CLI MODEL [--count N] [--threads N]

Prints the share of wrong words (substituted, left out, put in), of all and by voice; what silence and noise give; and how far the
beginnings of words that whisper.cpp tells (of its token timestamps) are from where espeak-ng spoke them, in milliseconds.
"""

import argparse
import json
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

import mel
from espeak import ESpeak, openai_voices
from words import errors, test_sentences


def write_wav(path, sound):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, mel.RATE, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def transcribe(cli, model, paths, threads):
    """What whisper-cli makes of files: for each, words with their beginnings in seconds."""
    options = ["-m", model, "-t", str(threads), "-bs", "1", "-bo", "1", "-ojf", "-np"]
    subprocess.run([cli, *options, *map(str, paths)], check=True, capture_output=True)
    results = []
    for path in paths:
        told = json.loads(Path(f"{path}.json").read_text(errors="replace"))
        words = []
        for segment in told["transcription"]:
            for token in segment["tokens"]:
                if token["text"].startswith(" "):
                    words.append([token["text"].strip(), token["offsets"]["from"] / 1000])
                elif words and not token["text"].startswith("[_"):
                    words[-1][0] += token["text"]
        results.append(words)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cli")
    parser.add_argument("model")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--errors", action="store_true", help="print the sentences that are read wrongly")
    options = parser.parse_args()
    espeak, voices = ESpeak(), openai_voices()
    names = list(voices)
    random = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        paths, truths = [], []
        for index, words in enumerate(test_sentences()[: options.count]):
            voice = names[index % len(names)]
            sound, places = espeak.speak(" ".join(words) + ".", voices[voice])
            paths.append(Path(folder) / f"{index}.wav")
            write_wav(paths[-1], resample_poly(sound.astype(np.float32) / 32768, 320, 441))
            truths.append((voice, [word.lower() for word in words], [begin for begin, _ in places]))
        quiet = [np.zeros(mel.RATE * seconds) for seconds in (1, 3, 10)]
        quiet += [random.normal(0, level, mel.RATE * 4) for level in (0.0003, 0.003, 0.02)]
        for index, sound in enumerate(quiet):
            paths.append(Path(folder) / f"quiet-{index}.wav")
            write_wav(paths[-1], sound)
        results = transcribe(options.cli, options.model, paths, options.threads)
    wrong, total, away = dict.fromkeys(names, 0), dict.fromkeys(names, 0), []
    for (voice, said, begins), heard in zip(truths, results):
        read = [word.lower() for word, _ in heard]
        wrong[voice] += errors(said, read)
        total[voice] += len(said)
        if read == said:
            away += [abs(time - begin) * 1000 for (_, time), begin in zip(heard, begins)]
        elif options.errors:
            print(f"{voice}: {' '.join(said)}\n    {' '.join(read)}")
    print(f"wrong words: {100 * sum(wrong.values()) / sum(total.values()):.2f}% of {sum(total.values())}")
    print("by voice: " + ", ".join(f"{name} {100 * wrong[name] / total[name]:.1f}" for name in names))
    print("quiet: " + str([" ".join(word for word, _ in heard) for heard in results[len(truths) :]]))
    if away:
        print("words' beginnings, ms away: " + ", ".join(f"{p}%: {np.percentile(away, p):.0f}" for p in (50, 90, 95, 99, 100)))


if __name__ == "__main__":
    main()
