#!/usr/bin/env python3
"""Converts all-MiniLM-L6-v2 (safetensors and vocab.txt) to a GGUF file that llama.cpp loads.

usage: convert-minilm.py MODEL_FOLDER OUTPUT.gguf

The architecture is `bert`; matrices are kept in F16, everything else in F32. The pooler, which sentence embeddings do
not use, and position_ids, which llama.cpp computes, are dropped. Only numpy and the gguf package are needed.
"""

import json
import os
import struct
import sys

import gguf
import numpy as np

TOP_LEVEL = {
    "embeddings.word_embeddings.weight": "token_embd.weight",
    "embeddings.position_embeddings.weight": "position_embd.weight",
    "embeddings.token_type_embeddings.weight": "token_types.weight",
    "embeddings.LayerNorm.weight": "token_embd_norm.weight",
    "embeddings.LayerNorm.bias": "token_embd_norm.bias",
}
IN_LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
# llama.cpp adds these row by row to float32 activations and does not take them in F16.
ALWAYS_F32 = {"position_embd.weight", "token_types.weight"}


def gguf_name(name):
    """The GGUF name of a tensor, or None where it is dropped."""
    if name in TOP_LEVEL:
        return TOP_LEVEL[name]
    if name.startswith("encoder.layer."):
        layer, rest = name.removeprefix("encoder.layer.").split(".", 1)
        module, kind = rest.rsplit(".", 1)
        return f"blk.{layer}.{IN_LAYER[module]}.{kind}"
    if name.startswith("pooler.") or name == "embeddings.position_ids":
        return None
    raise SystemExit(f"error: the model holds a tensor that this script does not know: {name}")


def tensors(path):
    """Yields (name, array) of a safetensors file: 8 bytes of header length, a JSON header, then raw data."""
    kinds = {"F32": np.float32, "F16": np.float16, "I64": np.int64}
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + length)
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        yield name, data[start:end].view(kinds[entry["dtype"]]).reshape(entry["shape"])


def vocabulary(folder):
    """WordPiece's words as llama.cpp wants them: continuations bare, beginnings of words marked with U+2581."""
    special = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    tokens, kinds = [], []
    with open(os.path.join(folder, "vocab.txt"), encoding="utf-8") as file:
        for line in file:
            word = line.rstrip("\n")
            if word in special or word.startswith("[unused"):
                tokens.append(word)
                kinds.append(gguf.TokenType.CONTROL if word in special else gguf.TokenType.UNUSED)
            elif word.startswith("##"):
                tokens.append(word[2:])
                kinds.append(gguf.TokenType.NORMAL)
            else:
                tokens.append("\u2581" + word)
                kinds.append(gguf.TokenType.NORMAL)
    return tokens, kinds


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    folder, output = sys.argv[1:]
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)

    writer = gguf.GGUFWriter(output, "bert")
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_license("apache-2.0")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)

    tokens, kinds = vocabulary(folder)
    if len(tokens) != config["vocab_size"]:
        raise SystemExit(f"error: vocab.txt holds {len(tokens)} words, config.json says {config['vocab_size']}")
    writer.add_tokenizer_model("bert")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_type_count(config["type_vocab_size"])
    writer.add_bos_token_id(tokens.index("[CLS]"))
    writer.add_eos_token_id(tokens.index("[SEP]"))
    writer.add_sep_token_id(tokens.index("[SEP]"))
    writer.add_unk_token_id(tokens.index("[UNK]"))
    writer.add_pad_token_id(tokens.index("[PAD]"))
    writer.add_mask_token_id(tokens.index("[MASK]"))
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)

    kept = 0
    for name, array in tensors(os.path.join(folder, "model.safetensors")):
        target = gguf_name(name)
        if target is None:
            continue
        f16 = array.ndim == 2 and target not in ALWAYS_F32
        writer.add_tensor(target, np.ascontiguousarray(array, dtype=np.float16 if f16 else np.float32))
        kept += 1
    if kept != 5 + 16 * config["num_hidden_layers"]:
        raise SystemExit(f"error: {kept} tensors kept, {5 + 16 * config['num_hidden_layers']} expected")

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
