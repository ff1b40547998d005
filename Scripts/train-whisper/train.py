#!/usr/bin/env python3
"""Trains the model on a corpus.

usage: train.py CORPUS RUN [--steps N] [--threads N]

RUN is a folder: the state is written there every 250 steps, and training goes on from it. Some checkpoints stay (step-N.npz, averaged
weights as export.py takes them), and losses.csv tells steps, minutes of training and losses. A run can be stopped at any time, and
gone on with under another number of steps: the learning rate falls with the share of steps that are done.
"""

import argparse
import os
import queue
import threading
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("corpus")
parser.add_argument("run", type=Path)
parser.add_argument("--steps", type=int, default=2900)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("XLA_FLAGS", f"--xla_cpu_multi_thread_eigen=true intra_op_parallelism_threads={options.threads}")

import jax
import jax.numpy as jnp
import numpy as np

import batches
import model
import tokens
from mel import SILENCE
from words import WORDS

SEED = 20_261_121
SIZES = {128: 32, 256: 20, 512: 10}
# By the share of steps that are done: how often each length of window comes.
MIXES = [(0.22, {128: 1.0}), (0.65, {128: 0.3, 256: 0.55, 512: 0.15}), (1.01, {128: 0.15, 256: 0.5, 512: 0.35})]
RATE, WARMUP, LAST_RATE = 2e-3, 60, 0.02
BETAS, EPSILON, LARGEST, AVERAGE = (0.9, 0.98), 1e-8, 1.0, 0.995
# Muon's, for the matrices between layers: https://kellerjordan.github.io/posts/muon
MUON_RATE, MOMENTUM, NEWTON = 0.012, 0.95, ((3.4445, -4.7750, 2.0315),) * 5
# What the helping losses count beside the tokens' own.
LOOK, TIME, SPOKEN = 0.4, 0.3, 0.5
# The decoder's layers whose heads are taught where to look; whisper.cpp's alignment can use them.
LOOKING = (1, 2)
SAVE_EVERY, KEEP_EVERY = 250, 250


def spectrograms(logs, noise):
    """What whisper.cpp would make of the sound with the noise."""
    power = 10.0 ** jnp.maximum(logs.astype(jnp.float32), SILENCE) + 10.0 ** noise.astype(jnp.float32)
    logs = jnp.maximum(jnp.log10(power), SILENCE)
    return (jnp.maximum(logs, logs.max((1, 2), keepdims=True) - 8) + 4) / 4


def losses(weights, batch):
    states = model.encode(weights, spectrograms(batch["logs"], batch["noise"]))
    logits, attention = model.decode(weights, states, batch["text"])
    # One embedding stands for every byte.
    weighed = logits.at[..., tokens.BYTE].add(np.log(tokens.BYTES))
    logs = logits - jax.nn.logsumexp(weighed, axis=-1, keepdims=True)
    steps = (batch["share"].sum(-1) > 0).astype(jnp.float32)
    count = steps.sum()
    said = (jnp.take_along_axis(logs, batch["goal"], axis=-1) * batch["share"]).sum(-1)
    said += batch["any_word"] * logs[..., : len(WORDS)].mean(-1)
    text = -said.sum() / count

    times = jax.nn.log_softmax(logits[..., tokens.TIME :])
    timed = batch["time"] >= 0
    time_loss = jnp.take_along_axis(times, jnp.maximum(batch["time"], 0)[..., None], axis=-1)[..., 0]
    time_loss = -jnp.where(timed, time_loss, 0).sum() / jnp.maximum(timed.sum(), 1)

    frames = jnp.arange(states.shape[1])
    first, last = batch["look"][..., :1], batch["look"][..., 1:]
    within = ((frames >= first) & (frames < last)).astype(jnp.float32)
    within *= batch["heed"][..., None] / jnp.maximum(within.sum(-1, keepdims=True), 1)
    look = sum(-(within[:, None] * attention[layer]).sum() for layer in LOOKING)
    look /= len(LOOKING) * model.HEADS * jnp.maximum(((last > first)[..., 0] * batch["heed"]).sum(), 1)

    heard = jax.nn.log_softmax(model.frame_logits(weights, states))
    spoken = -jnp.take_along_axis(heard, batch["spoken"][..., None], axis=-1).mean()
    right = (logits.argmax(-1) == batch["goal"][..., 0]) * (batch["share"][..., 0] > 0.9) * (batch["goal"][..., 0] < tokens.EOT)
    accuracy = right.sum() / jnp.maximum(((batch["share"][..., 0] > 0.9) * (batch["goal"][..., 0] < tokens.EOT)).sum(), 1)
    total = text + LOOK * look + TIME * time_loss + SPOKEN * spoken
    return total, jnp.stack([text, look, time_loss, spoken, accuracy])


def is_inner(path, leaf):
    """Whether Muon moves a leaf: matrices, but for embeddings, positions and the helper."""
    name = jax.tree_util.keystr(path)
    return leaf.ndim == 2 and not any(part in name for part in ("embedding", "positions", "frame_head"))


def orthogonal(matrices):
    """The nearest orthogonal matrices, nearly, by Newton and Schulz: [count, rows, columns], rows no more than columns."""
    matrices /= jnp.linalg.norm(matrices, axis=(1, 2), keepdims=True) + 1e-7
    for a, b, c in NEWTON:
        square = matrices @ matrices.transpose(0, 2, 1)
        matrices = a * matrices + (b * square + c * square @ square) @ matrices
    return matrices


def muon_moves(mean, gradients):
    """By path, how Muon moves each inner matrix, at a rate of 1; those of one shape are computed together."""
    groups = {}
    for (path, m), g in zip(jax.tree_util.tree_leaves_with_path(mean), jax.tree.leaves(gradients)):
        if is_inner(path, m):
            move = g + MOMENTUM * m
            move = move if m.shape[0] <= m.shape[1] else move.T
            groups.setdefault(move.shape, []).append((jax.tree_util.keystr(path), m.shape, move))
    moves = {}
    for group in groups.values():
        for (name, shape, _), move in zip(group, orthogonal(jnp.stack([move for _, _, move in group]))):
            scale = max(1.0, shape[1] / shape[0]) ** 0.5
            moves[name] = scale * (move if move.shape == shape else move.T)
    return moves


@jax.jit
def advance(state, batch, rate):
    """One step: of Muon for the matrices between layers, of Adam for all else."""
    (_, parts), gradients = jax.value_and_grad(losses, has_aux=True)(state["weights"], batch)
    norm = jnp.sqrt(sum((g * g).sum() for g in jax.tree.leaves(gradients)))
    scale = jnp.minimum(1.0, LARGEST / (norm + 1e-9))
    step = state["step"] + 1
    gradients = jax.tree.map(lambda g: g * scale, gradients)
    mean = jax.tree_util.tree_map_with_path(
        lambda path, m, g: MOMENTUM * m + g if is_inner(path, m) else BETAS[0] * m + (1 - BETAS[0]) * g, state["mean"], gradients
    )
    moves = muon_moves(mean, gradients)
    square = jax.tree.map(lambda v, g: BETAS[1] * v + (1 - BETAS[1]) * g**2, state["square"], gradients)

    def moved(path, w, m, v):
        if is_inner(path, w):
            return w - rate * MUON_RATE * moves[jax.tree_util.keystr(path)]
        return w - rate * RATE * (m / (1 - BETAS[0] ** step)) / (jnp.sqrt(v / (1 - BETAS[1] ** step)) + EPSILON)

    weights = jax.tree_util.tree_map_with_path(moved, state["weights"], mean, square)
    share = jnp.minimum(AVERAGE, (step + 1) / (step + 10))
    average = jax.tree.map(lambda a, w: share * a + (1 - share) * w, state["average"], weights)
    return {"weights": weights, "mean": mean, "square": square, "average": average, "step": step}, parts, norm


def rate_at(step):
    """What the rates are multiplied with."""
    done = min(1.0, step / options.steps)
    fall = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + np.cos(np.pi * done))
    return fall * min(1.0, (step + 1) / WARMUP)


def save(path, tree):
    """The leaves of a tree, in order; moved into place when whole."""
    leaves = jax.tree.leaves(tree)
    temporary = path.with_suffix(".tmp.npz")
    np.savez(temporary, *[np.asarray(leaf) for leaf in leaves])
    temporary.rename(path)


def load(path, like):
    file = np.load(path)
    return jax.tree.unflatten(jax.tree.structure(like), [jnp.asarray(file[f"arr_{i}"]) for i in range(len(file.files))])


def produce(corpus, first, channel):
    """Makes the batches of the steps, each from its own seed, so that a run that goes on sees what it would have seen."""
    for step in range(first, options.steps):
        if step % 100 == 0:
            corpus.look()
        random = np.random.default_rng([SEED, step])
        mix = next(mix for end, mix in MIXES if step / options.steps < end)
        context = int(random.choice(list(mix), p=list(mix.values())))
        channel.put(batches.make(corpus, random, SIZES[context], context))


def main():
    options.run.mkdir(parents=True, exist_ok=True)
    corpus = batches.Corpus(options.corpus)
    weights = model.initial(SEED)
    zeros = jax.tree.map(jnp.zeros_like, weights)
    state = {"weights": weights, "mean": zeros, "square": zeros, "average": weights, "step": jnp.zeros((), jnp.int32)}
    latest = options.run / "state.npz"
    table = options.run / "losses.csv"
    minutes = 0.0
    if latest.exists():
        state = load(latest, state)
        rows = [line.split(",") for line in table.read_text().splitlines()[1:]]
        minutes = max([float(row[1]) for row in rows if int(row[0]) <= int(state["step"])], default=0.0)
    else:
        table.write_text("step,minutes,text,look,time,spoken,right,norm\n")
    channel = queue.Queue(4)
    step = int(state["step"])
    threading.Thread(target=produce, args=(corpus, step, channel), daemon=True).start()
    sums, since = [], time.monotonic()
    while step < options.steps:
        state, parts, norm = advance(state, channel.get(), rate_at(step))
        sums.append(np.append(np.asarray(parts), float(norm)))
        step += 1
        if step % 50 == 0:
            minutes += (time.monotonic() - since) / 60
            since = time.monotonic()
            row = f"{step},{minutes:.2f}," + ",".join(f"{value:.4f}" for value in np.mean(sums, axis=0))
            sums = []
            print(row, flush=True)
            with table.open("a") as file:
                file.write(row + "\n")
        if step % SAVE_EVERY == 0 or step == options.steps:
            save(latest, state)
        if step % KEEP_EVERY == 0 or step == options.steps:
            save(options.run / f"step-{step}.npz", state["average"])


if __name__ == "__main__":
    main()
