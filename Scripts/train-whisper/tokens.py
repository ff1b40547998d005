"""The model's tokens: in training numbered without gaps, in whisper.cpp's files at the places that it knows them by."""

from words import WORDS

AUDIO_CONTEXT = 512
TEXT_CONTEXT = 96

EOT = len(WORDS)
SOT, NOT, NOSP, PREV = range(EOT + 1, EOT + 5)
# Stands for any byte; read in prompts, never written.
BYTE = PREV + 1
BYTES = 256
# The time 0; one each 20 ms follows.
TIME = BYTE + 1
COUNT = TIME + AUDIO_CONTEXT + 1

# whisper.cpp's numbers (English), and how many there must be.
FILE_EOT, FILE_SOT, FILE_PREV, FILE_NOSP, FILE_NOT, FILE_TIME = 50256, 50257, 50360, 50361, 50362, 50363
FILE_COUNT = FILE_TIME + AUDIO_CONTEXT + 1
# whisper-cli lets no text begin later than this, in steps of 20 ms: it takes every window to be 30 s long.
LATEST_START = round(1.0 / (30 / AUDIO_CONTEXT))

# The table of tokens: all bytes, then the words with the space before them. A space alone is among the bytes.
TABLE = [bytes([byte]) for byte in range(BYTES)] + [b" " + word.encode() for word in WORDS]


def file_number(token):
    """Where a token of training stands in whisper.cpp's file; that of the first byte for `BYTE`."""
    if token < EOT:
        return BYTES + token
    if token >= TIME:
        return FILE_TIME + token - TIME
    return {EOT: FILE_EOT, SOT: FILE_SOT, NOT: FILE_NOT, NOSP: FILE_NOSP, PREV: FILE_PREV, BYTE: 0}[token]
