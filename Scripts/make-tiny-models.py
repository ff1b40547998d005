#!/usr/bin/env python3
"""Makes the tiny models of Tests/LlamaTests/Models: random weights from a fixed seed, one for each kind of memory, a reranker,
and models that see images and hear sound with their projectors.

usage: make-tiny-models.py FOLDER

tiny-mamba: recurrent memory alone; tiny-jamba: recurrent and attention layers by turns; tiny-gemma2: sliding windows and
full attention by turns; tiny-llama: full attention, one layer, to draft for another; tiny-rerank: BERT with a classifier's head,
beside which a file has the scores that numpy computes of a few pairs; tiny-smolvlm: an image is cut into slices of one size;
tiny-qwen2vl: an image has as many tokens as it has squares, and fewer positions; the projector of tiny-llama is Gemma 3's, whose
images are attended to as a whole; tiny-omni sees as tiny-qwen2vl does and hears as Qwen2-Audio does, 750 tokens for 30 seconds; two more projectors
of sound are for tiny-llama: Ultravox's (187 tokens for 30 seconds) and Qwen3-ASR's (13 tokens for each second). They answer nonsense, but nonsense that depends on the whole prompt, so that memory that is not
what it should be shows. All numbers are F32, so that what batch shapes change lies far below what a draw decides on. The
vocabulary is 256 bytes and some letters. Only numpy and the gguf package are needed. The tensors are those that
llama.cpp's src/models/mamba.cpp, jamba.cpp, gemma2.cpp, llama.cpp and qwen2vl.cpp, and tools/mtmd/clip.cpp, ask for.
"""

import json
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

    def __init__(self, folder, architecture, layers, name=None, special=()):
        name = name or architecture
        self.path = os.path.join(folder, f"tiny-{name}.gguf")
        self.random = np.random.default_rng([SEED, len(name), layers])
        self.writer = gguf.GGUFWriter(self.path, architecture)
        self.writer.add_name(f"tiny-{name}")
        self.writer.add_context_length(CONTEXT)
        self.writer.add_embedding_length(WIDTH)
        self.writer.add_block_count(layers)
        self.writer.add_layer_norm_rms_eps(1e-5)
        self.writer.add_file_type(gguf.LlamaFileType.ALL_F32)
        size = self.vocabulary(special)
        # Logits whose standard deviation is about 2: a draw has many choices, and each depends on the state.
        self.normal("token_embd.weight", size, WIDTH, scale=2 / math.sqrt(WIDTH))
        self.ones("output_norm.weight", WIDTH)
        if special:
            # Greedy answers would repeat one token for ever where the output is the embedding.
            self.normal("output.weight", size, WIDTH, scale=2 / math.sqrt(WIDTH))

    def vocabulary(self, special):
        tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
        kinds = [gguf.TokenType.UNKNOWN] + 2 * [gguf.TokenType.CONTROL] + 256 * [gguf.TokenType.BYTE]
        letters = ["\u2581"] + list(string.ascii_letters)
        tokens += letters
        kinds += len(letters) * [gguf.TokenType.NORMAL]
        tokens += special
        kinds += len(special) * [gguf.TokenType.CONTROL]
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


CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CHAT_TOKENS = ["<|im_start|>", "<|im_end|>"]


def smolvlm(folder):
    special = CHAT_TOKENS + ["\n\n", "<fake_token_around_image>", "<global-img>"]
    special += [f"<row_{row}_col_{column}>" for row in (1, 2) for column in (1, 2)]
    model = Model(folder, "llama", 2, "smolvlm", special)
    model.writer.add_chat_template(CHAT_TEMPLATE)
    model.writer.add_head_count(4)
    model.writer.add_head_count_kv(2)
    model.writer.add_feed_forward_length(WIDTH)
    model.writer.add_rope_dimension_count(WIDTH // 4)
    for index in range(2):
        model.attention_layer(index, 4, 2)
        model.feed_forward(index)
    model.close()
    # Slices of 4 x 4 patches, of which 2 x 2 become one token; as many as an image of 64 pixels in its longer side has.
    projector = Projector(folder, "smolvlm", seed=(len("idefics3"), 8))
    projector.add_eyes("idefics3", image=32, patch=8)
    projector.writer.add_vision_projector_scale_factor(2)
    projector.writer.add_vision_preproc_image_size(64)
    projector.position_embedding()
    projector.normal("mm.model.fc.weight", WIDTH, 4 * projector.width, scale=PROJECTED / math.sqrt(4 * projector.width))
    projector.close()


def qwen2vl(folder):
    model = Model(folder, "qwen2vl", 2, special=CHAT_TOKENS + ["<|vision_start|>", "<|vision_end|>"])
    grid_attention(model)
    projector = Projector(folder, "qwen2vl", seed=(len("qwen2vl_merger"), 4))
    projector.add_eyes("qwen2vl_merger", image=32, patch=4)
    merged_squares(projector)
    projector.close()


def grid_attention(model):
    """Two layers whose positions have two dimensions."""
    model.writer.add_chat_template(CHAT_TEMPLATE)
    model.writer.add_head_count(4)
    model.writer.add_head_count_kv(2)
    model.writer.add_feed_forward_length(WIDTH)
    model.writer.add_rope_dimension_count(WIDTH // 4)
    model.writer.add_rope_dimension_sections([2, 3, 3, 0])
    for index in range(2):
        model.attention_layer(index, 4, 2)
        model.feed_forward(index)
    model.close()


def merged_squares(projector):
    """A token for each square of 8 x 8 pixels."""
    wide = 4 * projector.width
    projector.normal("v.patch_embd.weight.1", projector.width, 3, 4, 4, scale=1 / math.sqrt(96))
    projector.normal("mm.0.weight", wide, wide)
    projector.normal("mm.0.bias", wide, scale=0.1)
    projector.normal("mm.2.weight", WIDTH, wide, scale=2 * PROJECTED / math.sqrt(wide))
    projector.normal("mm.2.bias", WIDTH, scale=0.01)


def omni(folder):
    special = ["<|vision_start|>", "<|vision_end|>", "<|audio_bos|>", "<|audio_eos|>"]
    model = Model(folder, "qwen2vl", 2, "omni", CHAT_TOKENS + special)
    grid_attention(model)
    projector = Projector(folder, "omni", seed=(4, 4))
    projector.add_eyes("qwen2vl_merger", image=32, patch=4, is_alone=False)
    merged_squares(projector)
    projector.add_ears("qwen2a", is_alone=False)
    projector.half_minutes()
    projector.normal("mm.a.fc.weight", WIDTH, projector.width, scale=PROJECTED / math.sqrt(projector.width))
    projector.normal("mm.a.fc.bias", WIDTH, scale=0.01)
    projector.close()


def ultravox_projector(folder):
    # A width that is no power of two: ggml rounds to the eight frames of a token by masking, and the 1,500 frames of half a
    # minute become 187 tokens with this one as with Ultravox's own, which is 32 times as much.
    projector = Projector(folder, "ultravox", seed=(8, 8), width=40)
    projector.add_ears("ultravox")
    projector.writer.add_audio_stack_factor(8)
    projector.half_minutes()
    stacked, hidden = 8 * projector.width, 2 * projector.width
    projector.ones("mm.a.norm_pre.weight", stacked)
    projector.normal("mm.a.mlp.1.weight", 2 * hidden, stacked)
    projector.ones("mm.a.norm_mid.weight", hidden)
    projector.normal("mm.a.mlp.2.weight", WIDTH, hidden, scale=PROJECTED / math.sqrt(hidden))
    projector.close()


def qwen3_asr_projector(folder):
    projector = Projector(folder, "qwen3a", seed=(6, 100))
    projector.add_ears("qwen3a")
    projector.seconds()
    for index, wide in ((1, projector.width), (2, WIDTH)):
        scale = (1 if index == 1 else PROJECTED) / math.sqrt(projector.width)
        projector.normal(f"mm.a.mlp.{index}.weight", wide, projector.width, scale=scale)
        projector.normal(f"mm.a.mlp.{index}.bias", wide, scale=0.01)
    projector.close()


def gemma3_projector(folder):
    # 16 tokens, whatever the image's size.
    projector = Projector(folder, "llama", seed=(len("gemma3"), 4))
    projector.add_eyes("gemma3", image=32, patch=4)
    projector.writer.add_vision_projector_scale_factor(2)
    projector.position_embedding()
    projector.ones("mm.soft_emb_norm.weight", projector.width)
    projector.normal("mm.input_projection.weight", projector.width, WIDTH, scale=PROJECTED / math.sqrt(projector.width))
    projector.close()


# How large an image's vectors are beside those of tokens.
PROJECTED = 2 / math.sqrt(WIDTH)


class Projector(Model):
    """Transformers of two layers that see or hear; what follows them is for their kind to add."""

    heads, layers, mels = 2, 2, 80

    def __init__(self, folder, name, seed, width=32):
        self.width = width
        self.path = os.path.join(folder, f"mmproj-tiny-{name}.gguf")
        self.random = np.random.default_rng([SEED, *seed])
        self.writer = gguf.GGUFWriter(self.path, "clip")
        self.writer.add_name(f"mmproj-tiny-{name}")
        self.writer.add_file_type(gguf.LlamaFileType.ALL_F32)

    def add_eyes(self, kind, image, patch, is_alone=True):
        self.patches = (image // patch) ** 2
        self.writer.add_clip_has_vision_encoder(True)
        (self.writer.add_clip_projector_type if is_alone else self.writer.add_clip_vision_projector_type)(kind)
        self.writer.add_vision_projection_dim(WIDTH)
        self.writer.add_vision_image_size(image)
        self.writer.add_vision_patch_size(patch)
        self.writer.add_vision_embedding_length(self.width)
        self.writer.add_vision_feed_forward_length(2 * self.width)
        self.writer.add_vision_block_count(self.layers)
        self.writer.add_vision_head_count(self.heads)
        self.writer.add_vision_attention_layernorm_eps(1e-6)
        self.writer.add_vision_image_mean([0.5] * 3)
        self.writer.add_vision_image_std([0.5] * 3)
        self.writer.add_vision_use_gelu(True)
        self.normal("v.patch_embd.weight", self.width, 3, patch, patch, scale=2 / math.sqrt(3 * patch * patch))
        self.transformer("v")

    def add_ears(self, kind, is_alone=True):
        self.writer.add_clip_has_audio_encoder(True)
        (self.writer.add_clip_projector_type if is_alone else self.writer.add_clip_audio_projector_type)(kind)
        self.writer.add_audio_projection_dim(WIDTH)
        self.writer.add_audio_embedding_length(self.width)
        self.writer.add_audio_feed_forward_length(2 * self.width)
        self.writer.add_audio_block_count(self.layers)
        self.writer.add_audio_head_count(self.heads)
        self.writer.add_audio_attention_layernorm_eps(1e-5)
        self.writer.add_audio_num_mel_bins(self.mels)
        # Whisper's keys have no bias.
        self.transformer("a", biased=("q", "v", "out"))

    def transformer(self, part, biased=("q", "k", "v", "out")):
        for index in range(self.layers):
            layer = f"{part}.blk.{index}."
            for attention in ("q", "k", "v", "out"):
                self.normal(f"{layer}attn_{attention}.weight", self.width, self.width)
                if attention in biased:
                    self.normal(f"{layer}attn_{attention}.bias", self.width, scale=0.1)
            self.normal(layer + "ffn_up.weight", 2 * self.width, self.width)
            self.normal(layer + "ffn_up.bias", 2 * self.width, scale=0.1)
            self.normal(layer + "ffn_down.weight", self.width, 2 * self.width)
            self.normal(layer + "ffn_down.bias", self.width, scale=0.1)
            self.norm(layer + "ln1")
            self.norm(layer + "ln2")
        self.norm(f"{part}.post_ln")

    def half_minutes(self):
        """Whisper's way into its encoder: 1,500 positions for 30 seconds."""
        for index, wide in ((1, self.mels), (2, self.width)):
            self.kernel(f"a.conv1d.{index}.weight", self.width, wide, 3)
            self.normal(f"a.conv1d.{index}.bias", self.width, 1, scale=0.1)
        self.normal("a.position_embd.weight", 1500, self.width, scale=0.5)

    def seconds(self):
        """Three convolutions over pictures of a second each, 100 frames of all mels: 13 positions."""
        for index, wide in ((1, 1), (2, self.width), (3, self.width)):
            self.kernel(f"a.conv2d.{index}.weight", self.width, wide, 3, 3)
            self.normal(f"a.conv2d.{index}.bias", self.width, scale=0.1)
        self.normal("a.conv_out.weight", self.width, self.width * self.mels // 8)
        self.normal("a.position_embd.weight", 1500, self.width, scale=0.5)

    def kernel(self, name, *shape):
        """A convolution's, as large as keeps what goes through: F16, since ggml takes no other."""
        array = self.random.standard_normal(shape) * (2 / math.sqrt(math.prod(shape[1:])))
        self.writer.add_tensor(name, np.ascontiguousarray(array, dtype=np.float16))

    def norm(self, name):
        self.ones(name + ".weight", self.width)
        self.add(name + ".bias", np.zeros(self.width))

    def position_embedding(self):
        self.normal("v.position_embd.weight", self.patches, self.width, scale=0.5)


class Reranker:
    """BERT of one layer whose first token's vector goes through a classifier (src/models/bert.cpp, build_pooling)."""

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"\u2581{letter}" for letter in string.ascii_lowercase), "\u2581?", "\u2581."]
    heads, layer, epsilon = 4, "blk.0.", 1e-12

    def __init__(self, folder):
        self.folder = folder
        random = np.random.default_rng(SEED)
        square, wide = (WIDTH, WIDTH), (2 * WIDTH, WIDTH)
        shapes = {
            "token_embd.weight": (len(self.words), WIDTH), "position_embd.weight": (64, WIDTH), "token_types.weight": (2, WIDTH),
            **{f"{self.layer}attn_{name}.weight": square for name in ("q", "k", "v", "output")},
            f"{self.layer}ffn_up.weight": wide, f"{self.layer}ffn_down.weight": wide[::-1],
            "cls.weight": square, "cls.output.weight": (1, WIDTH),
        }
        self.tensors = {name: random.standard_normal(shape) / math.sqrt(shape[-1]) for name, shape in shapes.items()}
        sizes = {f"{self.layer}ffn_up": 2 * WIDTH, "cls.output": 1}
        for name in [name.removesuffix(".weight") for name in shapes if "." in name.removesuffix(".weight") or name == "cls.weight"]:
            self.tensors[name + ".bias"] = random.standard_normal(sizes.get(name, WIDTH)) * 0.1
        for name in ("token_embd_norm", self.layer + "attn_output_norm", self.layer + "layer_output_norm"):
            self.tensors |= {name + ".weight": np.ones(WIDTH), name + ".bias": np.zeros(WIDTH)}
        self.tensors = {name: array.astype(np.float32) for name, array in self.tensors.items()}

    def write(self):
        writer = gguf.GGUFWriter(os.path.join(self.folder, "tiny-rerank.gguf"), "bert")
        writer.add_name("tiny-rerank")
        writer.add_context_length(64)
        writer.add_embedding_length(WIDTH)
        writer.add_feed_forward_length(2 * WIDTH)
        writer.add_block_count(1)
        writer.add_head_count(self.heads)
        writer.add_layer_norm_eps(self.epsilon)
        writer.add_causal_attention(False)
        writer.add_pooling_type(gguf.PoolingType.RANK)
        writer.add_classifier_output_labels(["relevance"])
        writer.add_file_type(gguf.LlamaFileType.ALL_F32)
        writer.add_tokenizer_model("bert")
        writer.add_token_list(self.words)
        writer.add_token_types([gguf.TokenType.CONTROL] * 4 + [gguf.TokenType.NORMAL] * (len(self.words) - 4))
        writer.add_token_type_count(2)
        writer.add_pad_token_id(0)
        writer.add_unk_token_id(1)
        writer.add_bos_token_id(2)
        writer.add_eos_token_id(3)
        writer.add_sep_token_id(3)
        for name, array in self.tensors.items():
            writer.add_tensor(name, np.ascontiguousarray(array))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()

    def dense(self, x, name):
        return x @ self.tensors[name + ".weight"].T + self.tensors[name + ".bias"]

    def norm(self, x):
        return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + self.epsilon)

    def score(self, query, document):
        def ids(text):
            return [self.words.index("\u2581" + word) for word in text.split()]

        tokens = [2, *ids(query), 3, *ids(document), 3]
        x = self.tensors["token_embd.weight"][tokens] + self.tensors["token_types.weight"][0]
        x = self.norm(x + self.tensors["position_embd.weight"][: len(tokens)])
        query, key, value = (
            self.dense(x, f"{self.layer}attn_{name}").reshape(len(x), self.heads, -1).swapaxes(0, 1) for name in ("q", "k", "v")
        )
        weights = np.exp(query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1]))
        weights /= weights.sum(-1, keepdims=True)
        x = self.norm(x + self.dense((weights @ value).swapaxes(0, 1).reshape(len(x), -1), self.layer + "attn_output"))
        hidden = self.dense(x, self.layer + "ffn_up")
        hidden *= 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (hidden + 0.044715 * hidden**3)))
        x = self.norm(x + self.dense(hidden, self.layer + "ffn_down"))
        return float(self.dense(np.tanh(self.dense(x[0], "cls")), "cls.output")[0])


def rerank(folder):
    model = Reranker(folder)
    model.write()
    query, documents = "a b c ?", ["a b", "c c c .", "x y z", "q", "b a d e f g h i j k l m n o p ."]
    pairs = [{"document": document, "score": round(model.score(query, document), 5)} for document in documents]
    with open(os.path.join(folder, "tiny-rerank.json"), "w", encoding="utf-8") as file:
        json.dump({"query": query, "pairs": pairs}, file, indent=1)
        file.write("\n")


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    for make in (mamba, jamba, gemma2, llama, rerank, smolvlm, qwen2vl, omni):
        make(sys.argv[1])
    for make in (gemma3_projector, ultravox_projector, qwen3_asr_projector):
        make(sys.argv[1])


if __name__ == "__main__":
    main()
