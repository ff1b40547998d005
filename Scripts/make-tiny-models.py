#!/usr/bin/env python3
"""Makes the tiny models of Tests/LlamaTests/Models: random weights from a fixed seed, one for each kind of memory.

usage: make-tiny-models.py FOLDER

tiny-mamba: recurrent memory alone; tiny-jamba: recurrent and attention layers by turns; tiny-gemma2: sliding windows and
full attention by turns; tiny-llama: full attention, one layer, to draft for another. They answer nonsense, but nonsense that depends on the whole prompt, so that memory that is not
what it should be shows. All numbers are F32, so that what batch shapes change lies far below what a draw decides on. The
vocabulary is 256 bytes and some letters. Only numpy and the gguf package are needed. The tensors are those that
llama.cpp's src/models/mamba.cpp, jamba.cpp, gemma2.cpp and llama.cpp ask for.
"""

import math
import os
import string
import sys

import gguf
import numpy as np

SEED = 20_260_101
WIDTH = 64
STATE = 16
CONVOLUTION = 4
STEP_RANK = 4
CONTEXT = 4096
WINDOW = 32


class Model:
    """A file with a vocabulary, and random tensors in the order in which they are asked for."""

    def __init__(self, folder, architecture, layers):
        self.path = os.path.join(folder, f"tiny-{architecture}.gguf")
        self.random = np.random.default_rng([SEED, len(architecture), layers])
        self.writer = gguf.GGUFWriter(self.path, architecture)
        self.writer.add_name(f"tiny-{architecture}")
        self.writer.add_context_length(CONTEXT)
        self.writer.add_embedding_length(WIDTH)
        self.writer.add_block_count(layers)
        self.writer.add_layer_norm_rms_eps(1e-5)
        self.writer.add_file_type(gguf.LlamaFileType.ALL_F32)
        size = self.vocabulary()
        # Logits whose standard deviation is about 2: a draw has many choices, and each depends on the state.
        self.normal("token_embd.weight", size, WIDTH, scale=2 / math.sqrt(WIDTH))
        self.ones("output_norm.weight", WIDTH)

    def vocabulary(self):
        tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
        kinds = [gguf.TokenType.UNKNOWN] + 2 * [gguf.TokenType.CONTROL] + 256 * [gguf.TokenType.BYTE]
        letters = ["\u2581"] + list(string.ascii_letters)
        tokens += letters
        kinds += len(letters) * [gguf.TokenType.NORMAL]
        self.writer.add_tokenizer_model("llama")
        self.writer.add_token_list(tokens)
        self.writer.add_token_scores([0.0] * len(tokens))
        self.writer.add_token_types(kinds)
        self.writer.add_unk_token_id(0)
        self.writer.add_bos_token_id(1)
        self.writer.add_eos_token_id(2)
        return len(tokens)

    def normal(self, name, *shape, scale=None):
        """Normally distributed; by default so that what comes out is as large as what goes in."""
        scale = 1 / math.sqrt(shape[-1]) if scale is None else scale
        self.add(name, self.random.standard_normal(shape) * scale)

    def ones(self, name, *shape):
        self.add(name, np.ones(shape))

    def add(self, name, array):
        self.writer.add_tensor(name, np.ascontiguousarray(array, dtype=np.float32))

    def ssm_parameters(self):
        self.writer.add_ssm_conv_kernel(CONVOLUTION)
        self.writer.add_ssm_inner_size(2 * WIDTH)
        self.writer.add_ssm_state_size(STATE)
        self.writer.add_ssm_time_step_rank(STEP_RANK)

    def mamba_layer(self, index, norms):
        """A selective state space, initialized as Mamba is: it forgets slowly (Gu and Dao, 2023, section 3.6)."""
        layer = f"blk.{index}."
        inner = 2 * WIDTH
        self.ones(layer + "attn_norm.weight", WIDTH)
        self.normal(layer + "ssm_in.weight", 2 * inner, WIDTH)
        self.normal(layer + "ssm_conv1d.weight", inner, CONVOLUTION)
        self.normal(layer + "ssm_conv1d.bias", inner, scale=0.1)
        self.normal(layer + "ssm_x.weight", STEP_RANK + 2 * STATE, inner)
        self.normal(layer + "ssm_dt.weight", inner, STEP_RANK)
        steps = np.exp(self.random.uniform(math.log(1e-3), math.log(1e-1), inner))
        self.add(layer + "ssm_dt.bias", np.log(np.expm1(steps)))
        self.add(layer + "ssm_a", np.tile(-np.arange(1, STATE + 1), (inner, 1)))
        self.ones(layer + "ssm_d", inner)
        self.normal(layer + "ssm_out.weight", WIDTH, inner)
        if norms:
            self.ones(layer + "ssm_dt_norm.weight", STEP_RANK)
            self.ones(layer + "ssm_b_norm.weight", STATE)
            self.ones(layer + "ssm_c_norm.weight", STATE)

    def attention_layer(self, index, heads, key_value_heads):
        layer = f"blk.{index}."
        key_value_width = WIDTH // heads * key_value_heads
        self.ones(layer + "attn_norm.weight", WIDTH)
        self.normal(layer + "attn_q.weight", WIDTH, WIDTH)
        self.normal(layer + "attn_k.weight", key_value_width, WIDTH)
        self.normal(layer + "attn_v.weight", key_value_width, WIDTH)
        self.normal(layer + "attn_output.weight", WIDTH, WIDTH)

    def feed_forward(self, index):
        layer = f"blk.{index}."
        self.ones(layer + "ffn_norm.weight", WIDTH)
        for name in ("ffn_gate", "ffn_up", "ffn_down"):
            self.normal(f"{layer}{name}.weight", WIDTH, WIDTH)

    def close(self):
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()
        print(f"{self.path}: {os.path.getsize(self.path) // 1024} KiB")


def mamba(folder):
    model = Model(folder, "mamba", 2)
    model.writer.add_head_count(0)
    model.writer.add_feed_forward_length(0)
    model.ssm_parameters()
    for index in range(2):
        model.mamba_layer(index, norms=False)
    model.close()


def jamba(folder):
    key_value_heads = [0, 2, 0]
    model = Model(folder, "jamba", len(key_value_heads))
    model.writer.add_head_count(4)
    model.writer.add_head_count_kv(key_value_heads)
    model.writer.add_feed_forward_length(WIDTH)
    model.ssm_parameters()
    for index, count in enumerate(key_value_heads):
        if count == 0:
            model.mamba_layer(index, norms=True)
        else:
            model.attention_layer(index, 4, count)
        model.feed_forward(index)
    model.close()


def gemma2(folder):
    model = Model(folder, "gemma2", 4)
    model.writer.add_head_count(4)
    model.writer.add_head_count_kv(2)
    model.writer.add_key_length(WIDTH // 4)
    model.writer.add_value_length(WIDTH // 4)
    model.writer.add_feed_forward_length(WIDTH)
    model.writer.add_sliding_window(WINDOW)
    model.writer.add_attn_logit_softcapping(50.0)
    model.writer.add_final_logit_softcapping(30.0)
    for index in range(4):
        model.attention_layer(index, 4, 2)
        model.feed_forward(index)
        model.ones(f"blk.{index}.post_attention_norm.weight", WIDTH)
        model.ones(f"blk.{index}.post_ffw_norm.weight", WIDTH)
    model.close()


def llama(folder):
    model = Model(folder, "llama", 1)
    model.writer.add_head_count(4)
    model.writer.add_head_count_kv(2)
    model.writer.add_feed_forward_length(WIDTH)
    model.writer.add_rope_dimension_count(WIDTH // 4)
    model.attention_layer(0, 4, 2)
    model.feed_forward(0)
    model.close()


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    for make in (mamba, jamba, gemma2, llama):
        make(sys.argv[1])


if __name__ == "__main__":
    main()
