"""A projector whose encoders cost what trained ones of their shapes cost: SigLIP base's for images (384 x 384 pixels in 576 patches,
each a token) and Whisper base's for sound (half a minute, 1,500 positions, 750 tokens), with random weights.

Weights of trained ones can't be had here, and what an encoding costs depends on the shapes alone. gguf comes with llama.cpp's source.
"""

import math
import sys

import numpy as np

import servers

sys.path.append(str(servers.ROOT / ".native/src/llama.cpp/gguf-py"))
import gguf  # noqa: E402


def write(out, embedding, seed=1):
    """For a language model whose vectors have so many numbers."""
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(out, "clip")

    def matrix(name, *shape):
        values = random.standard_normal(shape, dtype=np.float32) / math.sqrt(math.prod(shape[1:]))
        writer.add_tensor(name, values.astype(np.float16))

    def vector(name, *shape, value=0.0):
        writer.add_tensor(name, np.full(shape, value, np.float32))

    def norm(name, width):
        vector(f"{name}.weight", width, value=1.0)
        vector(f"{name}.bias", width)

    def transformer(part, width, layers, biased):
        for layer in (f"{part}.blk.{index}." for index in range(layers)):
            for name in ("q", "k", "v", "out"):
                matrix(f"{layer}attn_{name}.weight", width, width)
                if name in biased:
                    vector(f"{layer}attn_{name}.bias", width)
            for name, outputs, inputs in (("up", 4 * width, width), ("down", width, 4 * width)):
                matrix(f"{layer}ffn_{name}.weight", outputs, inputs)
                vector(f"{layer}ffn_{name}.bias", outputs)
            norm(layer + "ln1", width)
            norm(layer + "ln2", width)
        norm(f"{part}.post_ln", width)

    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_vision_projector_type("mlp")
    writer.add_vision_projection_dim(embedding)
    writer.add_vision_image_size(384)
    writer.add_vision_patch_size(16)
    writer.add_vision_embedding_length(768)
    writer.add_vision_feed_forward_length(3072)
    writer.add_vision_block_count(12)
    writer.add_vision_head_count(12)
    writer.add_vision_attention_layernorm_eps(1e-6)
    writer.add_vision_image_mean([0.5] * 3)
    writer.add_vision_image_std([0.5] * 3)
    writer.add_vision_use_gelu(True)
    matrix("v.patch_embd.weight", 768, 3, 16, 16)
    matrix("v.position_embd.weight", 576, 768)
    transformer("v", 768, 12, ("q", "k", "v", "out"))
    matrix("mm.0.weight", embedding, 768)
    vector("mm.0.bias", embedding)
    matrix("mm.2.weight", embedding, embedding)
    vector("mm.2.bias", embedding)

    writer.add_clip_has_audio_encoder(True)
    writer.add_clip_audio_projector_type("qwen2a")
    writer.add_audio_projection_dim(embedding)
    writer.add_audio_embedding_length(512)
    writer.add_audio_feed_forward_length(2048)
    writer.add_audio_block_count(6)
    writer.add_audio_head_count(8)
    writer.add_audio_attention_layernorm_eps(1e-5)
    writer.add_audio_num_mel_bins(80)
    for index, inputs in ((1, 80), (2, 512)):
        matrix(f"a.conv1d.{index}.weight", 512, inputs, 3)
        vector(f"a.conv1d.{index}.bias", 512, 1)
    vector("a.position_embd.weight", 1500, 512)
    transformer("a", 512, 6, ("q", "v", "out"))
    matrix("mm.a.fc.weight", embedding, 512)
    vector("mm.a.fc.bias", embedding)

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
