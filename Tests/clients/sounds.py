"""Files of sound: what ffprobe says of them, and what other decoders than FFmpeg's make of them."""

import array
import io
import json
import math
import subprocess
import tempfile
import wave

RATE = 24000
# What ffprobe calls each format, and its codec.
NAMES = {
    "mp3": ("mp3", "mp3"),
    "opus": ("ogg", "opus"),
    "aac": ("aac", "aac"),
    "flac": ("flac", "flac"),
    "wav": ("wav", "pcm_s16le"),
}
FORMATS = [*NAMES, "pcm"]


def run(arguments, data):
    result = subprocess.run(arguments, input=data, capture_output=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout


def probe(data, name):
    """The container, codec, rate, channels, and the seconds of sound that FFmpeg decodes."""
    options = ["-f", "s16le", "-ar", str(RATE), "-ac", "1"] if name == "pcm" else []
    shown = run(["ffprobe", "-v", "error", *options, "-show_format", "-show_streams", "-of", "json", "-"], data)
    description = json.loads(shown)
    (stream,) = description["streams"]
    raw = run(["ffmpeg", "-v", "error", *options, "-i", "-", "-f", "s16le", "-ar", str(RATE), "-"], data)
    found = description["format"]["format_name"], stream["codec_name"], int(stream["sample_rate"]), stream["channels"]
    return *found, len(raw) / 2 / RATE


def samples(data, name):
    """The samples, by another decoder, of one channel at 24,000 Hz."""
    match name:
        case "pcm":
            raw = data
        case "wav":
            with wave.open(io.BytesIO(data)) as file:
                assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
                raw = file.readframes(file.getnframes())
        case "mp3":
            raw = run(["mpg123", "-q", "-s", "-e", "s16", "-r", str(RATE), "--mono", "-"], data)
        case "flac":
            raw = run(["sox", "-t", "flac", "-", "-t", "raw", "-e", "signed", "-b", "16", "-"], data)
        case "opus":
            raw = run(["opusdec", "--quiet", "--rate", str(RATE), "-", "-"], data)
        case "aac":
            raw = faad(data)
    return array.array("h", raw[: len(raw) // 2 * 2])


def faad(data):
    """It reads no pipe, and may make two channels of one, and twice the rate."""
    with tempfile.NamedTemporaryFile(suffix=".aac") as file:
        file.write(data)
        file.flush()
        header = run(["faad", "-q", "-f", "1", "-w", file.name], b"")
    with wave.open(io.BytesIO(header)) as decoded:
        step = decoded.getnchannels() * decoded.getframerate() // RATE
    return array.array("h", header[44 : 44 + (len(header) - 44) // 2 * 2])[::step].tobytes()


def loudness(sound):
    """The root of the mean square, of a full scale of 1."""
    return math.sqrt(sum(sample * sample for sample in sound) / max(1, len(sound))) / 32768


def pitch(sound):
    """The median fundamental frequency of the voiced parts, in Hz."""
    found = []
    for start in range(0, len(sound) - 1200, 1200):
        frame = sound[start : start + 1200 : 2]
        energy = sum(sample * sample for sample in frame)
        if energy / len(frame) < 500**2:
            continue
        best = max(range(30, 180), key=lambda lag: sum(a * b for a, b in zip(frame, frame[lag:])) / (len(frame) - lag))
        found.append(RATE / 2 / best)
    return sorted(found)[len(found) // 2]
