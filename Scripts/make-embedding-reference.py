#!/usr/bin/env python3
"""Computes the vectors of Tests/LlamaTests/Embeddings/reference.json anew: all-MiniLM-L6-v2 in plain numpy.

usage: make-embedding-reference.py MODEL_FOLDER REFERENCE.json

MODEL_FOLDER holds model.safetensors, config.json and vocab.txt, as Scripts/fetch-models.sh unpacks them. REFERENCE.json is a
list of objects with a `text` each; to add a text, add such an object. Everything is computed in float64 from the F32 weights:
BERT's tokenizer and WordPiece, the encoder, the mean over tokens, length 1. It shares nothing with llama.cpp, which the
tests compare with these vectors. They are written as float32, least significant byte first, in base64. Takes some minutes.
"""

import base64
import json
import math
import os
import struct
import sys
import unicodedata

import numpy as np


def tensors(path):
    """A safetensors file: 8 bytes of header length, a JSON header, then raw data."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], np.float32).reshape(entry["shape"]).astype(np.float64)
        for name, entry in header.items()
        if entry["dtype"] == "F32"
    }


class Tokenizer:
    """BERT's, lower-casing: Devlin and others, 2018."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.ids = {line.rstrip("\n"): number for number, line in enumerate(file)}

    def __call__(self, text):
        words = [piece for word in self.words(text) for piece in self.pieces(word)]
        return [self.ids[token] for token in ["[CLS]", *words, "[SEP]"]]

    @staticmethod
    def is_punctuation(character):
        in_ascii = character.isascii() and character.isprintable() and not character.isalnum() and character != " "
        return in_ascii or unicodedata.category(character).startswith("P")

    @staticmethod
    def is_ideograph(character):
        ranges = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0xF900, 0xFAFF)]
        return any(first <= ord(character) <= last for first, last in ranges)

    def words(self, text):
        word = ""
        for character in unicodedata.normalize("NFD", text.lower()):
            if unicodedata.category(character) == "Mn":
                continue
            if character.isspace():
                yield from [word] if word else []
                word = ""
            elif unicodedata.category(character) in ("Cc", "Cf") or character == "\ufffd":
                continue
            elif self.is_punctuation(character) or self.is_ideograph(character):
                yield from [word] if word else []
                yield character
                word = ""
            else:
                word += character
        yield from [word] if word else []

    def pieces(self, word):
        """The longest piece first, again and again; all of it unknown where that fails."""
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.ids:
                    break
            else:
                return ["[UNK]"]
            found.append(piece)
            start = end
        return found


class Encoder:
    def __init__(self, folder):
        self.weights = tensors(os.path.join(folder, "model.safetensors"))
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        self.layers, self.heads = config["num_hidden_layers"], config["num_attention_heads"]
        self.epsilon = config["layer_norm_eps"]

    def norm(self, x, name):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + self.epsilon)
        return x * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def dense(self, x, name):
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def attention(self, x, layer):
        def split(name):
            return self.dense(x, f"{layer}attention.self.{name}").reshape(len(x), self.heads, -1).swapaxes(0, 1)

        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        return (scores @ value).swapaxes(0, 1).reshape(len(x), -1)

    def __call__(self, ids):
        table = self.weights
        x = table["embeddings.word_embeddings.weight"][ids] + table["embeddings.token_type_embeddings.weight"][0]
        x = self.norm(x + table["embeddings.position_embeddings.weight"][: len(ids)], "embeddings.LayerNorm")
        for number in range(self.layers):
            layer = f"encoder.layer.{number}."
            attended = self.dense(self.attention(x, layer), layer + "attention.output.dense")
            x = self.norm(x + attended, layer + "attention.output.LayerNorm")
            hidden = self.dense(x, layer + "intermediate.dense")
            hidden *= 0.5 * (1 + erf(hidden / math.sqrt(2)))
            x = self.norm(x + self.dense(hidden, layer + "output.dense"), layer + "output.LayerNorm")
        mean = x.mean(0)
        return mean / np.linalg.norm(mean)


def erf(x):
    return np.frompyfunc(math.erf, 1, 1)(x).astype(np.float64)


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    folder, path = sys.argv[1:]
    tokenizer, encoder = Tokenizer(os.path.join(folder, "vocab.txt")), Encoder(folder)
    entries = []
    with open(path, encoding="utf-8") as file:
        texts = [entry["text"] for entry in json.load(file)]
    for text in texts:
        ids = tokenizer(text)
        vector = encoder(ids).astype("<f4").tobytes()
        entries.append({"text": text, "tokens": len(ids), "vector": base64.b64encode(vector).decode()})
    with open(path, "w", encoding="utf-8") as file:
        json.dump(entries, file, ensure_ascii=False, indent=0)
        file.write("\n")


if __name__ == "__main__":
    main()
