"""What a GGUF file says of the work that one token makes: bytes that are read, and multiply-adds.

Only the header is read; the format is described in ggml's docs/gguf.md. Kept to what the standard library holds, so that
`make bench` needs no Python packages.
"""

import math
import struct
from dataclasses import dataclass

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9


@dataclass
class Work:
    layers: int
    # Of queries, all heads together.
    attention_width: int
    # Bytes of weights that a decode step reads: all but the rows of embeddings it looks up.
    bytes: int
    # Weights that each token of a prompt is multiplied with, and those that make logits.
    body: int
    output: int

    def prompt(self, tokens):
        """Multiply-adds of a prompt with logits for its last token."""
        attention = 2 * self.layers * self.attention_width * tokens * tokens / 2
        return self.body * tokens + attention + self.output

    def step(self, sequences, context):
        """Multiply-adds of one token for each of these sequences, which hold so many tokens each."""
        return sequences * (self.body + self.output + 2 * self.layers * self.attention_width * context)


def read_work(path):
    with open(path, "rb") as file:

        def read(form):
            return struct.unpack("<" + form, file.read(struct.calcsize("<" + form)))[0]

        def value(kind):
            if kind == STRING:
                return file.read(read("Q")).decode(errors="replace")
            if kind == ARRAY:
                kind, count = read("I"), read("Q")
                return [value(kind) for _ in range(count)]
            return read(SCALARS[kind])

        if file.read(4) != b"GGUF" or read("I") < 2:
            raise ValueError(f"{path} is no GGUF file of version 2 or later")
        tensors, pairs = read("Q"), read("Q")
        metadata = {}
        for _ in range(pairs):
            name = value(STRING)
            metadata[name] = value(read("I"))
        sizes, offsets = {}, {}
        for _ in range(tensors):
            name = value(STRING)
            sizes[name] = math.prod(read("Q") for _ in range(read("I")))
            _, offsets[name] = read("I"), read("Q")
        header = file.tell()
        end = file.seek(0, 2)
    alignment = metadata.get("general.alignment", 32)
    data = end - (header + alignment - 1) // alignment * alignment
    order = sorted(offsets, key=offsets.get)
    ends = [offsets[name] for name in order[1:]] + [data]
    stored = {name: end - offsets[name] for name, end in zip(order, ends)}
    embeddings = sizes.get("token_embd.weight", 0)
    has_output = "output.weight" in sizes
    architecture = metadata["general.architecture"]
    return Work(
        layers=metadata[f"{architecture}.block_count"],
        attention_width=metadata[f"{architecture}.embedding_length"],
        bytes=sum(stored.values()) - (stored["token_embd.weight"] if has_output else 0),
        body=sum(sizes.values()) - embeddings - sizes.get("output.weight", 0),
        output=sizes.get("output.weight", embeddings),
    )
