#!/usr/bin/env python3
"""Makes Sources/CEncodings/cl100k.bin: the bytes that each token of OpenAI's cl100k_base stands for.

usage: make-cl100k.py ggml-vocab-llama-bpe.gguf OUTPUT

The vocabulary of that file, which llama.cpp's sources hold (models/), begins with the 100,256 tokens of cl100k_base in their
order. Written as tiktoken's own file (a token in base64 and its number on each line) they have the checksum that tiktoken
asks of it, which is checked here. The output has a byte of length and then the bytes of each token. cl100k_base is
published with tiktoken under the MIT licence.
"""

import base64
import hashlib
import sys

import gguf

COUNT = 100_256
# Of cl100k_base.tiktoken, as tiktoken_ext/openai_public.py says.
SHA256 = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"


def bytes_of_characters():
    """GPT-2's table: byte-level vocabularies write each byte as a printable character."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    return table | {chr(256 + place): byte for place, byte in enumerate(others)}


def tokens(path):
    table = bytes_of_characters()
    field = gguf.GGUFReader(path).fields["tokenizer.ggml.tokens"]
    for part in field.data[:COUNT]:
        yield bytes(table[character] for character in bytes(field.parts[part]).decode())


def tiktoken_file(vocabulary):
    return b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for rank, token in enumerate(vocabulary))


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    vocabulary = list(tokens(sys.argv[1]))
    if hashlib.sha256(tiktoken_file(vocabulary)).hexdigest() != SHA256:
        raise SystemExit("error: this vocabulary does not begin with cl100k_base")
    with open(sys.argv[2], "wb") as file:
        for token in vocabulary:
            file.write(bytes([len(token)]) + token)


if __name__ == "__main__":
    main()
