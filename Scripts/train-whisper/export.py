#!/usr/bin/env python3
"""Writes a checkpoint as a model file of whisper.cpp's.

usage: export.py MEL-FILTERS CHECKPOINT FILE [--type f16|q5_0|q5_1|q8_0]

MEL-FILTERS is any of whisper.cpp's model files. The format is that of whisper.cpp's models/convert-pt-to-ggml.py, with what its
loader, whisper_model_load in src/whisper.cpp, asks for: convolutions in f16 also where the other matrices are quantized, their
biases [n, 1], vectors and positions in f32.
"""

import argparse
import os
import struct
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import numpy as np

import mel
import model
import tokens

MAGIC = 0x67676D6C
# ggml's numbers of types of files (with the version of quantized formats, 2) and of tensors.
FILE_TYPES = {"f16": 1, "q8_0": 2007, "q5_0": 2008, "q5_1": 2009}
F32, F16 = 0, 1
TENSOR_TYPES = {"f16": F16, "q5_0": 6, "q5_1": 7, "q8_0": 8}
# The format of the file that is kept with the tests.
KEPT = "q5_0"
# What the tokens that are never used have instead of a bias.
NEVER = -30.0


def quantize(values, kind):
    """Bytes of a matrix whose rows are multiples of 32 long, in one of ggml's formats."""
    blocks = values.astype(np.float32).reshape(-1, 32)
    if kind == "q8_0":
        scale = np.abs(blocks).max(1) / 127
        whole = np.round(blocks * _inverse(scale)).astype(np.int8)
        return _records([scale.astype(np.float16).view(np.uint8).reshape(-1, 2), whole.view(np.uint8)])
    if kind == "q5_0":
        extreme = np.take_along_axis(blocks, np.abs(blocks).argmax(1)[:, None], 1)[:, 0]
        scale = extreme / -16
        whole = np.clip(np.trunc(blocks * _inverse(scale) + 16.5), 0, 31).astype(np.uint8)
        heads = [scale.astype(np.float16)]
    else:
        low = blocks.min(1)
        scale = (blocks.max(1) - low) / 31
        whole = np.clip(np.trunc((blocks - low[:, None]) * _inverse(scale) + 0.5), 0, 31).astype(np.uint8)
        heads = [scale.astype(np.float16), low.astype(np.float16)]
    high = np.packbits(whole >> 4, axis=1, bitorder="little")
    low_bits = (whole[:, :16] & 15) | (whole[:, 16:] & 15) << 4
    return _records([head.view(np.uint8).reshape(-1, 2) for head in heads] + [high, low_bits])


def _inverse(scale):
    return np.divide(1, scale, out=np.zeros_like(scale), where=scale != 0)[:, None]


def _records(parts):
    return np.concatenate(parts, axis=1).tobytes()


def tensors(weights):
    """By whisper.cpp's names, every tensor."""
    yield "encoder.positional_embedding", model.POSITIONS
    for name in ("conv1", "conv2"):
        # From [3 × in, out] to [out, in, 3].
        yield f"encoder.{name}.weight", weights[name].reshape(3, -1, model.WIDTH).transpose(2, 1, 0)
        yield f"encoder.{name}.bias", weights[f"{name}_b"].reshape(-1, 1)
    yield "encoder.ln_post.weight", weights["encoder_g"]
    yield "encoder.ln_post.bias", weights["encoder_b"]
    yield "decoder.positional_embedding", weights["positions"]
    yield "decoder.token_embedding.weight", embedding(weights["embedding"])
    gain, bias = weights["decoder_g"].copy(), weights["decoder_b"].copy()
    gain[0], bias[0] = 0, 1
    yield "decoder.ln.weight", gain
    yield "decoder.ln.bias", bias
    for side in ("encoder", "decoder"):
        for number, block in enumerate(weights[side]):
            prefix = f"{side}.blocks.{number}"
            for kind in [kind for kind in ("attn", "cross_attn") if kind in block]:
                part = block[kind]
                yield f"{prefix}.{kind}_ln.weight", part["ln_g"]
                yield f"{prefix}.{kind}_ln.bias", part["ln_b"]
                for name, key in (("query", "q"), ("key", "k"), ("value", "v"), ("out", "o")):
                    yield f"{prefix}.{kind}.{name}.weight", part[key].T
                    if key != "k":
                        yield f"{prefix}.{kind}.{name}.bias", part[f"{key}_b"]
            part = block["mlp"]
            yield f"{prefix}.mlp_ln.weight", part["ln_g"]
            yield f"{prefix}.mlp_ln.bias", part["ln_b"]
            for number_of_layer, key in ((0, "up"), (2, "down")):
                yield f"{prefix}.mlp.{number_of_layer}.weight", part[key].T
                yield f"{prefix}.mlp.{number_of_layer}.bias", part[f"{key}_b"]


def embedding(rows):
    """The rows of training at whisper.cpp's places, and one that is never chosen everywhere else."""
    whole = np.zeros((tokens.FILE_COUNT, model.WIDTH), np.float32)
    whole[:, 0] = NEVER
    for token in range(tokens.COUNT):
        whole[tokens.file_number(token)] = rows[token]
    whole[: tokens.BYTES] = rows[tokens.BYTE]
    return whole


def write(path, filters, weights, kind):
    with open(path, "wb") as file:
        number = lambda *values: file.write(struct.pack(f"<{len(values)}i", *values))
        file.write(struct.pack("<I", MAGIC))
        number(tokens.FILE_COUNT, tokens.AUDIO_CONTEXT, model.WIDTH, model.HEADS, model.ENCODER_LAYERS)
        number(len(weights["positions"]), model.WIDTH, model.HEADS, model.DECODER_LAYERS, mel.BANDS, FILE_TYPES[kind])
        number(*filters.shape)
        file.write(filters.astype("<f4").tobytes())
        number(len(tokens.TABLE))
        for token in tokens.TABLE:
            number(len(token))
            file.write(token)
        for name, values in tensors(weights):
            values = np.asarray(values, np.float32)
            if values.ndim == 3:
                type_of, data = F16, values.astype("<f2").tobytes()
            elif values.ndim == 2 and "positional" not in name and "bias" not in name:
                type_of = TENSOR_TYPES[kind]
                data = values.astype("<f2").tobytes() if kind == "f16" else quantize(values, kind)
            else:
                type_of, data = F32, values.astype("<f4").tobytes()
            number(values.ndim, len(name), type_of, *reversed(values.shape))
            file.write(name.encode())
            file.write(data)


def load(path):
    """The weights of a checkpoint, as numpy's arrays."""
    like = jax.eval_shape(lambda: model.initial(0))
    file = np.load(path)
    return jax.tree.unflatten(jax.tree.structure(like), [file[f"arr_{i}"] for i in range(len(file.files))])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filters")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--type", choices=FILE_TYPES, default=KEPT)
    options = parser.parse_args()
    write(options.file, mel.filters(options.filters), load(options.checkpoint), options.type)


if __name__ == "__main__":
    main()
