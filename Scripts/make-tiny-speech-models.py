#!/usr/bin/env python3
"""Makes the tiny speech models of Tests/LlamaTests/Speech: random weights from a fixed seed, in llama.cpp's two formats.

usage: make-tiny-speech-models.py FOLDER

tiny-qwen3tts: a talker that speaks in codes, a predictor of the other codebooks, a decoder of codes to sound, and an encoder of
speakers. tiny-pockettts: a backbone whose hidden states a flow turns into latents, Mimi's decoder of them to sound, and Mimi's
encoder for speakers. What they say is noise, but noise that depends on the text, the speaker and the seed, at the true rate of
12.5 frames and 24,000 samples a second. The numbers that llama.cpp's code has fixed (3,072 codes, 15 codebooks, eight layers,
strides, kernels) are the true ones; widths are not. Only numpy and the gguf package are needed. The tensors are those that
llama.cpp's src/models/qwen3vl.cpp and pockettts.cpp, and tools/mtmd/clip.cpp, ask for.
"""

import math
import os
import string
import sys

import gguf
import numpy as np

SEED = 20_260_102
WIDTH = 64
CONTEXT = 4096
LAYERS = 2
CODES = 3072


class File:
    """A file with random tensors in the order in which they are asked for; shapes are numpy's, the reverse of ggml's."""

    def __init__(self, folder, name, architecture):
        self.path = os.path.join(folder, f"{name}.gguf")
        self.random = np.random.default_rng([SEED, *name.encode()])
        self.writer = gguf.GGUFWriter(self.path, architecture)
        self.writer.add_name(name)
        self.writer.add_file_type(gguf.LlamaFileType.ALL_F32)

    def add(self, name, array, half=False):
        self.writer.add_tensor(name, np.ascontiguousarray(array, dtype=np.float16 if half else np.float32))

    def normal(self, name, *shape, scale=1.0, half=False):
        """As large as what goes in, where a row of it is multiplied with a vector."""
        fan = math.prod(shape[1:]) if len(shape) > 1 else 1
        self.add(name, self.random.standard_normal(shape) * scale / math.sqrt(fan), half)

    def small(self, name, *shape, center=0.0):
        self.add(name, center + 0.05 * self.random.standard_normal(shape))

    def linear(self, name, out, inner, scale=1.0):
        self.normal(name + ".weight", out, inner, scale=scale)
        self.small(name + ".bias", out)

    def convolution(self, name, out, inner, kernel, scale=1.0, half=True):
        self.normal(name + ".weight", out, inner, kernel, scale=scale, half=half)
        self.small(name + ".bias", out)

    def transposed(self, name, inner, out, kernel, half):
        """Each output is the sum of two steps' parts."""
        self.add(name + ".weight", self.random.standard_normal((inner, out, kernel)) / math.sqrt(2 * inner), half)
        self.small(name + ".bias", out)

    def norm(self, name, width):
        self.small(name + ".weight", width, center=1)
        self.small(name + ".bias", width)

    def close(self):
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()
        print(f"{self.path}: {os.path.getsize(self.path) // 1024} KiB")


LETTERS = ["\u2581"] + list(string.ascii_letters) + list(".,;:!?'-") + list(string.digits)


# MARK: Qwen3-TTS

def qwen_talker(folder):
    file = File(folder, "tiny-qwen3tts", "qwen3tts")
    writer = file.writer
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_key_length(16)
    writer.add_value_length(16)
    writer.add_rope_dimension_sections([3, 3, 2, 0])
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    kinds = [gguf.TokenType.UNKNOWN] + 2 * [gguf.TokenType.CONTROL] + 256 * [gguf.TokenType.BYTE]
    tokens += LETTERS
    kinds += len(LETTERS) * [gguf.TokenType.NORMAL]
    special = ["<|im_start|>", "<|im_end|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>"]
    codes = [f"<|codec_{code}|>" for code in range(CODES)]
    codes[2148:2151] = ["<|codec_pad|>", "<|codec_bos|>", "<|codec_eos_token|>"]
    codes[2154:2158] = ["<|codec_think|>", "<|codec_nothink|>", "<|codec_think_bos|>", "<|codec_think_eos|>"]
    for code, language in [(2050, "english"), (2053, "german"), (2054, "spanish"), (2055, "chinese"), (2058, "japanese")]:
        codes[code] = f"<|codec_language_{language}|>"
    tokens += special + codes
    kinds += (len(special) + len(codes)) * [gguf.TokenType.CONTROL]
    first = len(tokens) - CODES
    end = first + 2150
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_array("tokenizer.ggml.suppress_tokens", [t for t in range(len(tokens) - 1024, len(tokens)) if t != end])
    file.normal("token_embd.weight", len(tokens), WIDTH, scale=1)
    file.small("output_norm.weight", WIDTH, center=1)
    output = 2 * file.random.standard_normal((CODES, WIDTH)) / math.sqrt(WIDTH)
    # The end comes after some two seconds.
    output[2150] *= 5
    file.add("output.weight", output)
    for index in range(LAYERS):
        layer = f"blk.{index}."
        file.small(layer + "attn_norm.weight", WIDTH, center=1)
        file.normal(layer + "attn_q.weight", WIDTH, WIDTH)
        file.normal(layer + "attn_k.weight", WIDTH // 2, WIDTH)
        file.normal(layer + "attn_v.weight", WIDTH // 2, WIDTH)
        file.normal(layer + "attn_output.weight", WIDTH, WIDTH)
        file.small(layer + "attn_q_norm.weight", 16, center=1)
        file.small(layer + "attn_k_norm.weight", 16, center=1)
        file.small(layer + "ffn_norm.weight", WIDTH, center=1)
        file.normal(layer + "ffn_gate.weight", 2 * WIDTH, WIDTH)
        file.normal(layer + "ffn_up.weight", 2 * WIDTH, WIDTH)
        file.normal(layer + "ffn_down.weight", WIDTH, 2 * WIDTH)
    file.close()


def projector(folder, name, kind, audio, generation):
    file = File(folder, f"mmproj-{name}", "clip")
    writer = file.writer
    writer.add_bool("clip.has_audio_encoder", True)
    writer.add_string("clip.audio.projector_type", f"{kind}_spkenc")
    writer.add_bool("clip.has_gen_audio_encoder", True)
    writer.add_string("clip.gen.audio.projector_type", f"{kind}_gen")
    for part, numbers in (("audio", audio), ("gen.audio", generation)):
        writer.add_uint32(f"clip.{part}.projection_dim", WIDTH)
        writer.add_float32(f"clip.{part}.attention.layer_norm_epsilon", 1e-5)
        for key, value in numbers.items():
            writer.add_uint32(f"clip.{part}.{key}", value)
    return file


def qwen_projector(folder):
    width, heads, head = 32, 4, 16
    file = projector(
        folder,
        "tiny-qwen3tts",
        "qwen3tts",
        audio={
            "num_mel_bins": 128, "block_count": 3, "embedding_length": 48, "attention.head_count": 1, "feed_forward_length": 48,
        },
        generation={
            "block_count": 1, "embedding_length": width, "feed_forward_length": 2 * width, "attention.head_count": heads,
            "attention.head_count_kv": heads // 2,
        },
    )
    qwen_speaker(file)
    vocabulary, books = 64, 15
    file.linear("a.gen.code.proj_in", width, WIDTH)
    file.normal("a.gen.code.embd.weight", books, vocabulary, WIDTH, scale=math.sqrt(vocabulary) / 2)
    file.normal("a.gen.code.head.weight", books, vocabulary, width, scale=2 * math.sqrt(vocabulary))
    file.normal("a.gen.code.out_embd.weight", CODES, WIDTH, scale=4)
    file.small("a.gen.code.output_norm.weight", width, center=1)
    for index in range(1):
        layer = f"a.gen.code.blk.{index}."
        file.small(layer + "ln1.weight", width, center=1)
        file.small(layer + "ln2.weight", width, center=1)
        file.normal(layer + "attn_q.weight", heads * head, width)
        file.normal(layer + "attn_k.weight", heads * head // 2, width)
        file.normal(layer + "attn_v.weight", heads * head // 2, width)
        file.normal(layer + "attn_out.weight", width, heads * head)
        file.small(layer + "attn_q_norm.weight", head, center=1)
        file.small(layer + "attn_k_norm.weight", head, center=1)
        file.normal(layer + "ffn_gate.weight", 2 * width, width)
        file.normal(layer + "ffn_up.weight", 2 * width, width)
        file.normal(layer + "ffn_down.weight", width, 2 * width)
    qwen_decoder(file, vocabulary, books)
    file.close()


def qwen_speaker(file):
    wide, narrow, pooled = 32, 8, 48
    file.convolution("a.conv1d.0", wide, 128, 5, scale=0.3)
    for block in (1, 2, 3):
        layer = f"a.blk.{block}."
        file.convolution(layer + "conv_pw1", wide, wide, 1)
        file.convolution(layer + "conv_pw2", wide, wide, 1)
        file.convolution(layer + "se_conv1", narrow, wide, 1)
        file.convolution(layer + "se_conv2", wide, narrow, 1)
        for part in range(7):
            file.convolution(f"{layer}res2.{part}", wide // 8, wide // 8, 3)
    file.convolution("a.conv_out", pooled, 3 * wide, 1)
    file.convolution("a.asp_tdnn", narrow, 3 * pooled, 1)
    file.convolution("a.asp_attn", pooled, narrow, 1)
    file.convolution("mm.a.fc", WIDTH, 2 * pooled, 1)


def qwen_decoder(file, vocabulary, books):
    code, hidden, wide, transformer, heads, head = 8, 16, 16, 16, 16, 4
    for group, shape in (("first", (CODES, code)), ("rest", (books, vocabulary, code))):
        file.normal(f"a.gen.wav.quant.{group}.in_proj.weight", code, hidden)
        file.normal(f"a.gen.wav.quant.{group}.out_proj.weight", hidden, code)
        file.normal(f"a.gen.wav.quant.{group}.codebook.weight", *shape, scale=math.sqrt(math.prod(shape[1:])))
    file.convolution("a.gen.wav.pre_conv", wide, hidden, 3)
    file.linear("a.gen.wav.tfm.in_proj", transformer, wide)
    file.linear("a.gen.wav.tfm.out_proj", wide, transformer)
    file.small("a.gen.wav.tfm.output_norm.weight", transformer, center=1)
    for index in range(8):
        layer = f"a.gen.wav.tfm.blk.{index}."
        for name in ("q", "k", "v"):
            file.normal(f"{layer}attn_{name}.weight", heads * head, transformer, half=True)
        file.normal(layer + "attn_out.weight", transformer, heads * head, half=True)
        for name in ("ln1", "ln2"):
            file.small(f"{layer}{name}.weight", transformer, center=1)
        for name in ("ls1", "ls2"):
            file.small(f"{layer}{name}.weight", transformer, center=0.5)
        file.normal(layer + "ffn_gate.weight", 2 * transformer, transformer)
        file.normal(layer + "ffn_up.weight", 2 * transformer, transformer)
        file.normal(layer + "ffn_down.weight", transformer, 2 * transformer)
    for index in range(2):
        block = f"a.gen.wav.up.blk.{index}."
        file.transposed(block + "conv", wide, wide, 2, half=False)
        file.convolution(block + "dwconv", wide, 1, 7)
        file.norm(block + "norm", wide)
        file.linear(block + "pw1", 2 * wide, wide)
        file.linear(block + "pw2", wide, 2 * wide)
        file.small(block + "gamma", wide, center=0.5)
    widths = [8, 6, 4, 2, 2]
    file.convolution("a.gen.wav.dac.entry", widths[0], wide, 7)
    for index, stride in enumerate((8, 5, 4, 3)):
        block = f"a.gen.wav.dac.blk.{index}."
        inner, out = widths[index : index + 2]
        snake(file, block + "snake", inner)
        file.transposed(block + "conv", inner, out, 2 * stride, half=False)
        for unit in range(3):
            part = f"{block}res.{unit}."
            snake(file, part + "act1", out)
            file.convolution(part + "conv1", out, out, 7, scale=0.5)
            snake(file, part + "act2", out)
            file.convolution(part + "conv2", out, out, 1, scale=0.5)
    snake(file, "a.gen.wav.dac.post_snake", widths[-1])
    file.convolution("a.gen.wav.dac.post_conv", 1, widths[-1], 7, scale=0.05)


def snake(file, name, width):
    file.small(name + ".alpha", width, center=1)
    file.small(name + ".beta", width, center=0.5)


# MARK: Pocket TTS

def pocket_backbone(folder):
    file = File(folder, "tiny-pockettts", "pockettts")
    writer = file.writer
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(2 * WIDTH)
    writer.add_head_count(4)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_eps(1e-5)
    tokens = ["<unk>", "<s>", "</s>", *LETTERS, "<|pad|>", "<|bos_before_voice|>", "<|audio_bos|>"]
    kinds = [gguf.TokenType.UNKNOWN] + 2 * [gguf.TokenType.CONTROL]
    kinds += len(LETTERS) * [gguf.TokenType.NORMAL] + 3 * [gguf.TokenType.CONTROL]
    writer.add_tokenizer_model("t5")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 3 + [-3.0] * len(LETTERS) + [-1000.0] * 3)
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_space_prefix(True)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    file.normal("token_embd.weight", len(tokens), WIDTH, scale=8)
    file.norm("output_norm", WIDTH)
    for index in range(LAYERS):
        layer = f"blk.{index}."
        file.norm(layer + "attn_norm", WIDTH)
        for name in ("q", "k", "v", "output"):
            file.normal(f"{layer}attn_{name}.weight", WIDTH, WIDTH)
        file.norm(layer + "ffn_norm", WIDTH)
        file.normal(layer + "ffn_up.weight", 2 * WIDTH, WIDTH)
        file.normal(layer + "ffn_down.weight", WIDTH, 2 * WIDTH)
    file.close()


STRIDES = (4, 5, 6)
MIMI = 32
LATENT = 8


def pocket_projector(folder):
    numbers = {
        "block_count": LAYERS, "embedding_length": MIMI, "feed_forward_length": 2 * MIMI, "attention.head_count": 2,
    }
    file = projector(folder, "tiny-pockettts", "pockettts", audio=numbers | {"num_mel_bins": 1}, generation=numbers)
    file.writer.add_string("clip.gen.audio.model_variant", "english")
    # The encoder for speakers.
    seanet(file, "a.seanet", [4, 6, 8, 12], inner=1, out=MIMI, last=3, decodes=False)
    file.normal("a.downsample.conv.weight", LATENT, MIMI, 32, half=True)
    file.normal("a.speaker_proj.weight", WIDTH, LATENT)
    mimi_transformer(file, "a")
    # The flow.
    wide, frequencies = 16, 8
    file.linear("a.gen.flow.input_proj", wide, LATENT)
    file.linear("a.gen.flow.cond_embd", wide, WIDTH)
    file.linear("a.gen.flow.final.ada", 2 * wide, wide, scale=0.3)
    file.linear("a.gen.flow.final.proj", LATENT, wide)
    for index in range(2):
        part = f"a.gen.flow.time.{index}."
        file.add(part + "freqs", np.exp(-math.log(10_000) * np.arange(frequencies) / frequencies))
        file.linear(part + "up", wide, 2 * frequencies)
        file.linear(part + "down", wide, wide)
        file.small(part + "norm", wide, center=1)
    for index in range(2):
        block = f"a.gen.flow.blk.{index}."
        file.norm(block + "norm", wide)
        file.linear(block + "up", wide, wide)
        file.linear(block + "down", wide, wide)
        file.linear(block + "ada", 3 * wide, wide, scale=0.3)
    # The end comes where a score is above -4.
    file.normal("a.gen.out_eos.weight", 1, WIDTH, scale=2)
    file.add("a.gen.out_eos.bias", np.array([-7.5]))
    file.normal("a.gen.input_linear.weight", WIDTH, LATENT)
    file.small("a.gen.emb_mean", LATENT)
    file.small("a.gen.emb_std", LATENT, center=1)
    # The decoder to sound.
    file.normal("a.gen.wav.quant_out.weight", MIMI, LATENT)
    file.add("a.gen.wav.upsample.weight", file.random.standard_normal((MIMI, 1, 32)), half=True)
    mimi_transformer(file, "a.gen.wav.tfm")
    seanet(file, "a.gen.wav.seanet", [12, 8, 6, 4], inner=MIMI, out=1, last=3, decodes=True)
    file.close()


def mimi_transformer(file, prefix):
    for index in range(LAYERS):
        layer = f"{prefix}.blk.{index}."
        file.norm(layer + "ln1", MIMI)
        for name in ("q", "k", "v", "out"):
            file.normal(f"{layer}attn_{name}.weight", MIMI, MIMI)
        file.small(layer + "ls1.weight", MIMI, center=0.5)
        file.norm(layer + "ln2", MIMI)
        file.normal(layer + "ffn_up.weight", 2 * MIMI, MIMI)
        file.normal(layer + "ffn_down.weight", MIMI, 2 * MIMI)
        file.small(layer + "ls2.weight", MIMI, center=0.5)


def seanet(file, prefix, widths, inner, out, last, decodes):
    file.convolution(prefix + ".conv_in", widths[0], inner, 7)
    for index in range(3):
        stage = f"{prefix}.blk.{index}."
        before, after = widths[index : index + 2]
        unit = after if decodes else before
        file.convolution(stage + "res_conv1", unit // 2, unit, 3)
        file.convolution(stage + "res_conv2", unit, unit // 2, 1)
        if decodes:
            file.transposed(stage + "scale_conv", before, after, 2 * STRIDES[2 - index], half=True)
        else:
            file.convolution(stage + "scale_conv", after, before, 2 * STRIDES[index])
    file.convolution(prefix + ".conv_out", out, widths[-1], last, scale=0.3 if decodes else 1)


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    for make in (qwen_talker, qwen_projector, pocket_backbone, pocket_projector):
        make(sys.argv[1])


if __name__ == "__main__":
    main()
