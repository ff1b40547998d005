"""whisper's architecture in JAX, with whisper.cpp's details: GELU in its tanh form, keys without bias, tied embeddings.

Channel 0 behind the decoder's last norm is always 1, so that channel 0 of a token's embedding is a bias of its logit: a file gives the
tens of thousands of tokens that are never used a very low one. `frame_head` is a help in training alone, and not exported.
"""

import jax
import jax.numpy as jnp
import numpy as np

import tokens
from mel import BANDS
from words import WORDS

WIDTH, HEADS = 128, 2
HEAD = WIDTH // HEADS
ENCODER_LAYERS, DECODER_LAYERS = 3, 3


def _block(key, cross):
    kinds = ["attn"] + (["cross_attn"] if cross else [])
    keys = iter(jax.random.split(key, 12))
    dense = lambda rows, columns, gain=1.0: gain * jax.random.normal(next(keys), (rows, columns)) / rows**0.5
    block = {}
    for kind in kinds:
        block[kind] = {
            "ln_g": jnp.ones(WIDTH), "ln_b": jnp.zeros(WIDTH),
            "q": dense(WIDTH, WIDTH), "q_b": jnp.zeros(WIDTH), "k": dense(WIDTH, WIDTH),
            "v": dense(WIDTH, WIDTH), "v_b": jnp.zeros(WIDTH), "o": dense(WIDTH, WIDTH, 0.5), "o_b": jnp.zeros(WIDTH),
        }
    block["mlp"] = {
        "ln_g": jnp.ones(WIDTH), "ln_b": jnp.zeros(WIDTH),
        "up": dense(WIDTH, 4 * WIDTH), "up_b": jnp.zeros(4 * WIDTH),
        "down": dense(4 * WIDTH, WIDTH, 0.5), "down_b": jnp.zeros(WIDTH),
    }
    return block


def sinusoids(length, channels):
    """whisper's positions of the encoder."""
    scale = np.exp(-np.log(10_000) / (channels // 2 - 1) * np.arange(channels // 2))
    angles = np.arange(length)[:, None] * scale[None]
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)


def initial(seed):
    """Random weights."""
    keys = jax.random.split(jax.random.key(seed), 8)
    embedding = 0.05 * jax.random.normal(keys[0], (tokens.COUNT, WIDTH))
    return {
        "conv1": jax.random.normal(keys[1], (3 * BANDS, WIDTH)) / (3 * BANDS) ** 0.5, "conv1_b": jnp.zeros(WIDTH),
        "conv2": jax.random.normal(keys[2], (3 * WIDTH, WIDTH)) / (3 * WIDTH) ** 0.5, "conv2_b": jnp.zeros(WIDTH),
        "encoder": [_block(key, False) for key in jax.random.split(keys[3], ENCODER_LAYERS)],
        "encoder_g": jnp.ones(WIDTH), "encoder_b": jnp.zeros(WIDTH),
        "embedding": embedding.at[:, 0].set(0),
        "positions": 0.05 * jax.random.normal(keys[4], (tokens.TEXT_CONTEXT, WIDTH)),
        "decoder": [_block(key, True) for key in jax.random.split(keys[5], DECODER_LAYERS)],
        "decoder_g": jnp.ones(WIDTH), "decoder_b": jnp.zeros(WIDTH),
        "frame_head": jax.random.normal(keys[6], (WIDTH, len(WORDS) + 1)) / WIDTH**0.5,
    }


POSITIONS = sinusoids(tokens.AUDIO_CONTEXT, WIDTH)
_FREE = jnp.ones(WIDTH).at[0].set(0)


def _norm(x, gain, bias):
    x = x - x.mean(-1, keepdims=True)
    return x * jax.lax.rsqrt((x * x).mean(-1, keepdims=True) + 1e-5) * gain + bias


def _attend(weights, x, source, mask=None):
    """Attention of x to the source, and the logarithms of its weights [batch, head, x, source]."""
    split = lambda y: y.reshape(*y.shape[:2], HEADS, HEAD)
    queries = split(x @ weights["q"] + weights["q_b"])
    keys = split(source @ weights["k"])
    values = split(source @ weights["v"] + weights["v_b"])
    scores = jnp.einsum("bqhc,bkhc->bhqk", queries, keys) / HEAD**0.5
    if mask is not None:
        scores = jnp.where(mask, scores, -1e9)
    logs = jax.nn.log_softmax(scores)
    mixed = jnp.einsum("bhqk,bkhc->bqhc", jnp.exp(logs), values)
    return mixed.reshape(x.shape) @ weights["o"] + weights["o_b"], logs


def _feed(weights, x):
    y = _norm(x, weights["ln_g"], weights["ln_b"])
    y = jax.nn.gelu(y @ weights["up"] + weights["up_b"], approximate=True)
    return x + y @ weights["down"] + weights["down_b"]


def _neighbours(x):
    """Each step with the one before and the one behind it."""
    x = jnp.pad(x, ((0, 0), (1, 1), (0, 0)))
    return jnp.concatenate([x[:, :-2], x[:, 1:-1], x[:, 2:]], axis=-1)


def encode(weights, mels):
    """Normalized spectrograms [batch, 2n, 80] to states [batch, n, width]."""
    x = jax.nn.gelu(_neighbours(mels) @ weights["conv1"] + weights["conv1_b"], approximate=True)
    # A stride of 2: what stands around each even step.
    x = jnp.pad(x, ((0, 0), (1, 1), (0, 0)))
    x = jnp.concatenate([x[:, 0:-2:2], x[:, 1:-1:2], x[:, 2::2]], axis=-1)
    x = jax.nn.gelu(x @ weights["conv2"] + weights["conv2_b"], approximate=True)
    x = x + POSITIONS[: x.shape[1]]
    for block in weights["encoder"]:
        part = block["attn"]
        y = _norm(x, part["ln_g"], part["ln_b"])
        x = x + _attend(part, y, y)[0]
        x = _feed(block["mlp"], x)
    return _norm(x, weights["encoder_g"], weights["encoder_b"])


def decode(weights, states, text):
    """Logits [batch, length, tokens] behind each token of a text [batch, length], and each layer's attention to the sound."""
    length = text.shape[1]
    x = weights["embedding"][text] + weights["positions"][:length]
    causal = jnp.tril(jnp.ones((length, length), bool))
    attention = []
    for block in weights["decoder"]:
        part = block["attn"]
        y = _norm(x, part["ln_g"], part["ln_b"])
        x = x + _attend(part, y, y, causal)[0]
        part = block["cross_attn"]
        y, logs = _attend(part, _norm(x, part["ln_g"], part["ln_b"]), states)
        attention.append(logs)
        x = x + y
        x = _feed(block["mlp"], x)
    x = _norm(x, weights["decoder_g"] * _FREE, weights["decoder_b"] * _FREE + (1 - _FREE))
    return x @ weights["embedding"].T, attention


def frame_logits(weights, states):
    """What the helper thinks is spoken in each frame: a word, or (the last) none."""
    return states @ weights["frame_head"]
