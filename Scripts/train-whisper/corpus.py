#!/usr/bin/env python3
"""Makes what the model is trained on: sentences in the voices of this server, as spectrograms, with the place of each word.

usage: corpus.py MEL-FILTERS FOLDER [--parts N]

MEL-FILTERS is any of whisper.cpp's model files. Into the folder go parts, part-N.npz: `mels` (all frames one after the other, float16,
logarithms of power before normalization), and per clip its first frame, how many; its words, and where they begin and end in seconds.
"""

import argparse
import multiprocessing
import random
import subprocess
from pathlib import Path

import numpy as np
from scipy.signal import firwin, resample_poly

import mel
from espeak import RATE, ESpeak, openai_voices
from words import WORDS, training_sentences

# Shares of clips that are spoken at another speed, and that go through a lossy codec.
OTHER_SPEED = 0.35
CODED = 0.06
CODECS = [("mp3", ["-c:a", "libmp3lame", "-b:a", "64k"]), ("ogg", ["-c:a", "libopus", "-b:a", "32k"])]
# Words in a sentence longer than this are of no use: it would not fit in the model's window.
LONGEST = 9.0
# Clips in a part. The first part has each word alone in some voices, besides.
PART = 3000
ALONE = 4
SEED = 11
ESPEAK_RATE = 22_050

# Of espeak-ng's 22,050 Hz to whisper's 16,000.
_UP, _DOWN = 320, 441
_FILTER = firwin(2 * 10 * _DOWN + 1, 1 / _DOWN, window=("kaiser", 5.0)).astype(np.float32)

_state = {}


def text_of(words, pick):
    """A sentence as it is written, now and then with marks that change its melody and pauses."""
    words = list(words)
    if len(words) > 4 and pick.random() < 0.12:
        place = pick.randrange(1, len(words) - 1)
        words[place] += ","
    return " ".join(words) + pick.choices([".", "", "?", "!"], [84, 6, 6, 4])[0]


def coded(sounds, rate, suffix, options):
    """Sounds (16 bits) through a codec and back, as floats at 16 kHz: all in one file, one behind the other."""
    gap = np.zeros(rate // 2, np.int16)
    whole = np.concatenate([piece for sound in sounds for piece in (sound, gap)]).tobytes()
    quiet = ["ffmpeg", "-v", "error"]
    there = quiet + ["-f", "s16le", "-ar", str(rate), "-ac", "1", "-i", "-", "-ar", "24000"] + options + ["-f", suffix, "-"]
    back = quiet + ["-f", suffix, "-i", "-", "-f", "s16le", "-ar", str(mel.RATE), "-ac", "1", "-"]
    whole = subprocess.run(there, input=whole, capture_output=True, check=True).stdout
    whole = subprocess.run(back, input=whole, capture_output=True, check=True).stdout
    whole = np.frombuffer(whole, "<i2").astype(np.float32) / 32768
    first, parts = 0, []
    for sound in sounds:
        at = round(first / rate * mel.RATE)
        parts.append(whole[at : at + round(len(sound) / rate * mel.RATE)])
        first += len(sound) + len(gap)
    return parts


def frames_of(sound, filters):
    return mel.log_power(sound.astype(np.float32), filters).astype(np.float16)


def start(filter_path):
    _state["espeak"] = ESpeak()
    _state["voices"] = openai_voices()
    _state["filters"] = mel.filters(filter_path)


def make(job):
    """One clip: (frames, word ids, begins, ends), or None where it is of no use; instead of frames the sound, where it is to be coded."""
    index, words, voice_name = job
    pick = random.Random(SEED * 1_000_003 + index)
    espeak = _state["espeak"]
    rate = RATE if pick.random() >= OTHER_SPEED else round(RATE * pick.uniform(0.8, 1.3))
    sound, places = espeak.speak(text_of(words, pick), _state["voices"][voice_name], rate)
    if len(sound) > LONGEST * espeak.rate:
        return None
    if pick.random() < CODED:
        frames = sound
    else:
        frames = frames_of(resample_poly(sound.astype(np.float32) / 32768, _UP, _DOWN, window=_FILTER), _state["filters"])
    identifiers = [WORDS.index(word) for word in words]
    return frames, identifiers, [begin for begin, _ in places], [end for _, end in places]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filters")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", type=int, default=6)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with multiprocessing.Pool(2, start, (options.filters,)) as pool:
        for part in range(options.parts):
            path = options.folder / f"part-{part}.npz"
            if not path.exists():
                clips = [clip for clip in pool.imap(make, jobs_of(part), chunksize=32) if clip is not None]
                write(path, with_codecs(clips, mel.filters(options.filters)))


def with_codecs(clips, filters):
    """The clips, all with frames: those that are sound yet go through the codecs."""
    clips = list(clips)
    sounds = [index for index, clip in enumerate(clips) if clip[0].ndim == 1]
    for number, codec in enumerate(CODECS):
        mine = sounds[number :: len(CODECS)]
        for index, sound in zip(mine, coded([clips[index][0] for index in mine], ESPEAK_RATE, *codec)):
            clips[index] = (frames_of(sound, filters), *clips[index][1:])
    return clips


def jobs_of(part):
    """What is to be spoken in a part: a number of its own, words, and the voice, for each."""
    voices = list(openai_voices())
    sentences = training_sentences(PART, seed=100 + part)
    if part == 0:
        sentences += [[word] for word in WORDS for _ in range(ALONE)]
    return [(1_000_000 * part + index, words, voices[index % len(voices)]) for index, words in enumerate(sentences)]


def write(path, clips):
    lengths = np.array([len(clip[0]) for clip in clips])
    counts = np.array([len(clip[1]) for clip in clips])
    temporary = path.with_suffix(".tmp.npz")
    np.savez(
        temporary,
        mels=np.concatenate([clip[0] for clip in clips]),
        first=np.cumsum(lengths) - lengths,
        length=lengths,
        first_word=np.cumsum(counts) - counts,
        count=counts,
        word=np.concatenate([clip[1] for clip in clips]).astype(np.int16),
        begin=np.concatenate([clip[2] for clip in clips]).astype(np.float32),
        end=np.concatenate([clip[3] for clip in clips]).astype(np.float32),
    )
    temporary.rename(path)
    print(f"{path.name}: {len(clips)} clips, {lengths.sum() / 360_000:.2f} hours, {counts.sum()} words", flush=True)


if __name__ == "__main__":
    main()
