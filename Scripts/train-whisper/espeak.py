"""espeak-ng's library, as the server uses it: the same voices and parameters, and beside the sound where each word begins."""

import ctypes
import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
VOICES_FILE = ROOT / "Sources/Speech/ESpeak/ESpeakVoices.swift"
# Words a minute: what the server asks for.
RATE = 175
# The server's PieceJoiner: what is quieter is silence, and how much of it stays around a sentence, in seconds.
THRESHOLD = 100
MARGIN = 0.01

# The names of voices' files where they are not their languages' names, as the server finds them.
FILES = {"en-gb": "en"}

_SYNCHRONOUS, _DONT_EXIT, _UTF8 = 2, 0x8000, 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_WORD, _END = 1, 0


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_uint64),
    ]


def openai_voices():
    """By name, what the server gives espeak-ng for it: (voice with variant, pitch, range)."""
    pattern = re.compile(r'voice\("(\w+)", "[^"]*", "(\w+)", pitch: (\d+), range: (\d+)(?:, language: "([\w-]+)")?\)')
    voices = {}
    for name, variant, pitch, pitch_range, language in pattern.findall(VOICES_FILE.read_text()):
        voices[name] = (f"{FILES.get(language, 'en-us')}+{variant}", int(pitch), int(pitch_range))
    assert len(voices) == 13, "the table of voices has another form than this script reads"
    return voices


class ESpeak:
    """The library; one in a process."""

    def __init__(self):
        self.library = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self.library.espeak_Initialize(_SYNCHRONOUS, 0, None, _DONT_EXIT)
        assert self.rate > 0
        self.chosen = None
        self.parts, self.events = [], []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
        self.callback = kind(self._take)
        self.library.espeak_SetSynthCallback(self.callback)

    def _take(self, samples, count, events):
        if samples and count > 0:
            self.parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type != _END:
            event = events[index]
            if event.type == _WORD:
                self.events.append((event.text_position - 1, event.sample))
            index += 1
        return 0

    def speak(self, text, voice, rate=RATE):
        """Speaks a text.

        Returns the samples (16 bits), cut as the server cuts them, and for each word of the text where it begins and ends, in
        seconds. Of words that espeak-ng speaks as one ("in the") it tells the first: the others' places are by their letters.
        """
        name, pitch, pitch_range = voice
        if self.chosen != name:
            assert self.library.espeak_SetVoiceByName(name.encode()) == 0, name
            self.chosen = name
        for parameter, value in ((_RATE, rate), (_PITCH, pitch), (_RANGE, pitch_range)):
            self.library.espeak_SetParameter(parameter, value, 0)
        self.parts, self.events = [], []
        self.library.espeak_Synth(text.encode(), 0, 0, 1, 0, _UTF8, None, None)
        sound = np.concatenate(self.parts)
        heard = np.flatnonzero(np.abs(sound.astype(np.int32)) > THRESHOLD)
        margin = int(MARGIN * self.rate)
        first, last = max(0, heard[0] - margin), min(len(sound), heard[-1] + 1 + margin)
        starts = dict(reversed(self.events))
        words = list(re.finditer(r"\S+", text))
        known = [index for index, word in enumerate(words) if word.start() in starts]
        places = np.interp(
            [word.start() for word in words],
            [words[index].start() for index in known] + [len(text)],
            [starts[words[index].start()] for index in known] + [heard[-1] + 1],
        )
        begins = [max(0.0, float(place - first) / self.rate) for place in places]
        ends = begins[1:] + [float(heard[-1] - first) / self.rate]
        return sound[first:last], list(zip(begins, ends))


if __name__ == "__main__":
    espeak = ESpeak()
    for name, voice in openai_voices().items():
        sound, places = espeak.speak("The red cat found seven apples, near my old garden.", voice)
        print(name, voice, round(len(sound) / espeak.rate, 2), [(round(a, 2), round(b, 2)) for a, b in places])
