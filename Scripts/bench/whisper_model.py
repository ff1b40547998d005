"""A whisper model that costs what a trained one of its shape costs, and whose answer does not hang on the sound.

Weights of a trained model can't be had here. What a transcription costs depends on the shapes, and on how many tokens come of each
window. So: upstream's header, filters and vocabulary, random weights from a fixed seed, and positions of the decoder that each
bring the token that comes next, so that every window of a given length is answered with the same text, as many tokens as one
speaks in it, with timestamps at its begin and end.
"""

import struct

import numpy as np

MAGIC = 0x67676D6C
NAMES = (
    "vocabulary audio_context audio_state audio_heads audio_layers text_context text_state text_heads text_layers mels format"
).split()
# Multilingual vocabularies: the end of text, the first timestamp; timestamps are 20 ms apart.
END, TIMESTAMPS = 50257, 50364
# A word of one token each; any would do.
TEXT = list(range(2000, 2400))


def write(header, out, seconds, tokens, seed=1):
    """The model of a header's shapes that answers each window with so many tokens between 0 and so many seconds."""
    data = header.read_bytes()
    magic, *numbers = struct.unpack_from("<12I", data)
    shape = dict(zip(NAMES, numbers))
    if magic != MAGIC or shape["vocabulary"] < 51865:
        raise SystemExit(f"error: {header} is no header of a multilingual whisper model")
    shape["format"] = 1
    random = np.random.default_rng(seed)
    width = shape["text_state"]
    with open(out, "wb") as file:
        file.write(struct.pack("<12I", MAGIC, *(shape[name] for name in NAMES)))
        file.write(data[48:])

        def tensor(name, values, half=False):
            encoded = name.encode()
            file.write(struct.pack("<3i", values.ndim, len(encoded), int(half)))
            file.write(struct.pack(f"<{values.ndim}i", *reversed(values.shape)))
            file.write(encoded)
            file.write(values.astype(np.float16 if half else np.float32).tobytes())

        def normal(*dims, scale):
            return random.standard_normal(dims, dtype=np.float32) * scale

        def matrix(name, *dims, gain):
            tensor(name, normal(*dims, scale=gain / np.sqrt(np.prod(dims[1:]))), half=True)

        def norm(name, gain=1.0):
            tensor(f"{name}.weight", np.full(width, gain, np.float32))
            tensor(f"{name}.bias", np.zeros(width, np.float32))

        def block(name, crosses, gain):
            for part in ["attn", "cross_attn"] if crosses else ["attn"]:
                norm(f"{name}.{part}_ln")
                for each in ["query", "key", "value", "out"]:
                    matrix(f"{name}.{part}.{each}.weight", width, width, gain=gain if each == "out" else 1.0)
                    if each != "key":
                        tensor(f"{name}.{part}.{each}.bias", np.zeros(width, np.float32))
            norm(f"{name}.mlp_ln")
            for place, outputs, inputs in [(0, 4 * width, width), (2, width, 4 * width)]:
                matrix(f"{name}.mlp.{place}.weight", outputs, inputs, gain=gain)
                tensor(f"{name}.mlp.{place}.bias", np.zeros(outputs, np.float32))

        places = np.arange(shape["audio_context"])[:, None]
        angles = places * np.exp(-np.log(10_000) / (width // 2 - 1) * np.arange(width // 2))[None, :]
        tensor("encoder.positional_embedding", np.concatenate([np.sin(angles), np.cos(angles)], axis=1))
        for index, inputs in [(1, shape["mels"]), (2, width)]:
            matrix(f"encoder.conv{index}.weight", width, inputs, 3, gain=1.0)
            tensor(f"encoder.conv{index}.bias", np.zeros((width, 1), np.float32))
        for layer in range(shape["audio_layers"]):
            block(f"encoder.blocks.{layer}", False, 0.5)
        norm("encoder.ln_post")
        rows = normal(shape["vocabulary"], width, scale=1 / np.sqrt(width))
        # The prompt of a window is: start, language, task. What the last of them brings is the first of the answer.
        answer = [TIMESTAMPS, *TEXT[:tokens], TIMESTAMPS + round(seconds * 50), END]
        positions = normal(shape["text_context"], width, scale=0.02)
        for place, token in enumerate(answer):
            positions[2 + place] += 20 * rows[token]
        # Beyond the answer only its end comes.
        positions[2 + len(answer) :] += 20 * rows[END]
        tensor("decoder.positional_embedding", positions)
        tensor("decoder.token_embedding.weight", rows, half=True)
        for layer in range(shape["text_layers"]):
            block(f"decoder.blocks.{layer}", True, 0.02)
        norm("decoder.ln", gain=8.0)
