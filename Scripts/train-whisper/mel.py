"""whisper.cpp's log-mel spectrogram, in numpy: the same filters, frames and padding."""

import struct

import numpy as np

RATE = 16_000
FRAME, STEP = 400, 160
BANDS = 80
# The logarithm of what whisper.cpp takes for no power at all.
SILENCE = -10.0

_HANN = (0.5 * (1 - np.cos(2 * np.pi * np.arange(FRAME) / FRAME))).astype(np.float32)


def filters(path):
    """The mel filters [80, 201] of a model file in whisper.cpp's format, such as its for-tests-ggml-base.en.bin."""
    with open(path, "rb") as file:
        file.seek(4 + 11 * 4)
        bands, bins = struct.unpack("<ii", file.read(8))
        return np.frombuffer(file.read(bands * bins * 4), np.float32).reshape(bands, bins)


def log_power(samples, weights):
    """Logarithms of the power of each band [frames, 80], before they are normalized.

    Samples are floats at 16 kHz, from -1 to 1. Frame i has its middle at sample 160 i; there are as many frames as hold sound.
    """
    half = FRAME // 2
    count = (len(samples) + half) // STEP + 1
    padded = np.zeros(half + max(len(samples), half + 1) + FRAME + STEP, np.float32)
    padded[half : half + len(samples)] = samples
    padded[:half] = padded[half + 1 : 2 * half + 1][::-1]
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::STEP][:count]
    power = np.abs(np.fft.rfft(frames * _HANN, axis=1)).astype(np.float32) ** 2
    return np.log10(np.maximum(power @ weights.T, 10.0**SILENCE))


def normalize(logs):
    """What the encoder sees of such logarithms, those of the silence behind the sound included."""
    return (np.maximum(logs, logs.max() - 8) + 4) / 4
