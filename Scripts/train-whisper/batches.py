"""Batches of the corpus: clips laid into windows, and what the model should say of them."""

from pathlib import Path

import numpy as np

import tokens
from mel import BANDS, SILENCE
from words import WORDS

# Spectrogram frames a second, and encoder frames.
FRAMES, STEPS = 100, 50
# Shares of windows: nothing spoken; silence before; the very beginning cut off; words of a prompt; without times.
SILENT, LATE, CLIPPED, PROMPTED, TIMELESS = 0.05, 0.3, 0.1, 0.2, 0.45
# How often one more sentence follows, by the length of the window; and how often one that goes beyond the window stays.
JOINED, CUT = {128: 0.5, 256: 0.5, 512: 0.8}, 0.5
# Encoder frames before and behind the end of the last word that it is to be seen in, as a file may end with the word; and how much
# more that counts than where a word is.
BEFORE, TAIL, HEED = 2, 1, 4
# How much of a word's step is given to the time where it begins: whisper.cpp reads the places of words from that.
TIME_MASS = 0.03
LENGTHS = {128: 22, 256: 32, 512: 92}


class Corpus:
    """What corpus.py made, and what it makes yet: `look` finds parts that have come since."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.parts = []
        random = np.random.default_rng(5)
        # The logarithm of noise's power varies so from band to band and from frame to frame.
        self.noise = np.log10(random.standard_exponential((20_000, BANDS))).astype(np.float32)
        self.look()
        assert self.parts, f"{folder} has no part of a corpus"

    def look(self):
        paths = sorted(self.folder.glob("part-*.npz"), key=lambda path: path.name)
        for path in [path for path in paths if ".tmp" not in path.name][len(self.parts) :]:
            self.parts.append(dict(np.load(path)))
        self.clips = [(part, clip) for part in range(len(self.parts)) for clip in range(len(self.parts[part]["length"]))]
        self.lengths = np.concatenate([part["length"] for part in self.parts])
        self.counts = np.concatenate([part["count"] for part in self.parts])
        self.fitting = {context: np.flatnonzero(self.lengths <= 2 * context - 8) for context in LENGTHS}
        # The long windows are for long sentences, above all.
        self.fitting[512] = np.flatnonzero(self.lengths > 150)

    def clip(self, number):
        """Of a clip: its frames, its words, and where they begin and end in seconds."""
        part, clip = self.clips[number]
        part = self.parts[part]
        words = slice(part["first_word"][clip], part["first_word"][clip] + part["count"][clip])
        frames = part["mels"][part["first"][clip] : part["first"][clip] + part["length"][clip]]
        return frames, part["word"][words], part["begin"][words], part["end"][words]


class Batch:
    """Windows of one length, filled one by one."""

    def __init__(self, size, context):
        length = LENGTHS[context]
        self.context, self.length = context, length
        self.logs = np.full((size, 2 * context, BANDS), SILENCE, np.float16)
        self.noise = np.full((size, 2 * context, BANDS), -20, np.float16)
        self.text = np.full((size, length), tokens.EOT, np.int32)
        # Up to three tokens a step, with their shares; and the share of all words together.
        self.goal = np.zeros((size, length, 3), np.int32)
        self.share = np.zeros((size, length, 3), np.float32)
        self.any_word = np.zeros((size, length), np.float32)
        # Where a step should look, in encoder frames, from and to; and the time that it should think of (-1: none).
        self.look = np.zeros((size, length, 2), np.int32)
        self.heed = np.ones((size, length), np.float32)
        self.time = np.full((size, length), -1, np.int32)
        self.spoken = np.full((size, context), len(WORDS), np.int32)
        self.random = None

    def arrays(self):
        return {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}


def _expect(batch, row, step, *goals):
    for index, (token, share) in enumerate(goals):
        batch.goal[row, step, index] = token
        batch.share[row, step, index] = share


def _expect_time(batch, row, step, time):
    token = tokens.TIME + time
    _expect(batch, row, step, (token, 0.8), (max(tokens.TIME, token - 1), 0.1), (min(tokens.COUNT - 1, token + 1), 0.1))
    batch.time[row, step] = time


def _prompt(batch, row, needed, random):
    """Puts what was said before in front, sometimes, with times as whisper.cpp leaves them in; gives the step of the start token."""
    room = min(tokens.TEXT_CONTEXT // 2 - 2, batch.length - needed - 2)
    if room < 1 or random.random() > PROMPTED:
        return 0
    count = random.integers(1, room + 1)
    words = random.integers(0, len(WORDS), count)
    words = np.where(random.random(count) < 0.1, tokens.BYTE, words)
    if random.random() < 0.5:
        for index in np.flatnonzero(random.random(max(count - 1, 0)) < 0.12):
            words[index : index + 2] = tokens.TIME + random.integers(0, tokens.AUDIO_CONTEXT)
    batch.text[row, 0] = tokens.PREV
    batch.text[row, 1 : 1 + count] = words
    return 1 + count


def _fill_silence(batch, row, random):
    start = _prompt(batch, row, 3, random)
    batch.text[row, start] = tokens.SOT
    if random.random() < 0.6:
        _expect(batch, row, start, (tokens.NOSP, 0.85), (tokens.TIME, 0.15))
        batch.text[row, start + 1] = tokens.TIME
        _expect(batch, row, start + 1, (tokens.EOT, 1))
    else:
        batch.text[row, start + 1] = tokens.NOT
        # No word is likelier than another: what is written all the same is known to be nothing.
        _expect(batch, row, start + 1, (tokens.NOSP, 0.9), (tokens.EOT, 0.05))
        batch.any_word[row, start + 1] = 0.05


def _arrange(batch, corpus, random):
    """Which clips go where: (clip, first frame) of those that fit, and of one more that does not, or None."""
    room = 2 * batch.context
    pool = corpus.fitting[batch.context]
    clip = pool[random.integers(len(pool))]
    first = 0
    if random.random() < LATE:
        first = int(min(random.integers(1, 110), room - corpus.lengths[clip] - 2))
    elif random.random() < CLIPPED:
        first = -int(random.integers(1, 6))
    clips, count, cut = [(clip, first)], corpus.counts[clip] + 8, None
    while random.random() < JOINED[batch.context]:
        first = first + int(corpus.lengths[clip]) + (30 if random.random() < 0.5 else int(random.integers(10, 100)))
        clip = random.integers(len(corpus.lengths))
        count += corpus.counts[clip] + 2
        if first > room - 30 or count > min(batch.length, tokens.TEXT_CONTEXT // 2 - 5):
            break
        if first + corpus.lengths[clip] < room - 2:
            clips.append((clip, first))
            continue
        if first + corpus.lengths[clip] > room + 20 and random.random() < CUT:
            cut = clip, first
        break
    return clips, cut


def _fill_speech(batch, row, corpus, random):
    room = 2 * batch.context
    clips, cut = _arrange(batch, corpus, random)
    # With its times, a clip has two tokens more than words.
    needed = sum(corpus.counts[clip] + 2 for clip, _ in clips) + 5
    start = _prompt(batch, row, needed, random)
    has_times = random.random() > TIMELESS
    text, step = batch.text[row], start
    text[step] = tokens.SOT
    if not has_times:
        step += 1
        text[step] = tokens.NOT
    for index, (clip, first) in enumerate(clips):
        frames, words, begins, ends = corpus.clip(clip)
        batch.logs[row, max(0, first) : first + len(frames)] = frames[max(0, -first) :]
        begins = np.maximum(np.round(begins * STEPS + first / 2), 0).astype(int)
        ends = np.minimum(np.round(ends * STEPS + first / 2).astype(int), batch.context - 1)
        if has_times:
            # A text begins within its window's first second, or what decodes it won't have it.
            time = begins[0] if index else min(begins[0], STEPS)
            _expect_time(batch, row, step, time)
            batch.look[row, step] = begins[0], ends[0]
            step += 1
            text[step] = tokens.TIME + time
        for word in range(len(words)):
            if has_times and word > 0:
                _expect(batch, row, step, (words[word], 1 - TIME_MASS), (tokens.TIME + begins[word], TIME_MASS))
                batch.time[row, step] = begins[word]
            else:
                _expect(batch, row, step, (words[word], 1))
            batch.look[row, step] = begins[word], max(ends[word], begins[word] + 1)
            batch.spoken[row, begins[word] : ends[word]] = words[word]
            step += 1
            text[step] = words[word]
        if has_times:
            _expect_time(batch, row, step, ends[-1])
            batch.look[row, step] = ends[-1] - BEFORE, min(ends[-1] + TAIL, batch.context)
            batch.heed[row, step] = HEED
            step += 1
            text[step] = tokens.TIME + ends[-1]
    if has_times and cut:
        # Of what goes on behind the window, where it begins is told, and nothing else.
        clip, first = cut
        frames, words, begins, ends = corpus.clip(clip)
        batch.logs[row, first:] = frames[: room - first]
        begin = int(round(begins[0] * STEPS + first / 2))
        _expect_time(batch, row, step, begin)
        batch.look[row, step] = begin, batch.context
        step += 1
        text[step] = tokens.TIME + begin
    _expect(batch, row, step, (tokens.EOT, 1))
    if not has_times:
        batch.look[row, step] = ends[-1] - BEFORE, min(ends[-1] + TAIL, batch.context)
        batch.heed[row, step] = HEED
    _spoil(batch, row, random)


def _spoil(batch, row, random):
    """Changes the gain, and hides some frames and bands."""
    if random.random() < 0.5:
        batch.logs[row] += np.float16(2 * random.uniform(-1.2, 0.3))
    if random.random() < 0.3:
        first = random.integers(0, 2 * batch.context)
        batch.logs[row, first : first + random.integers(1, 8)] = SILENCE
    if random.random() < 0.3:
        first = random.integers(0, BANDS)
        batch.logs[row, :, first : first + random.integers(1, 10)] = SILENCE


def _add_noise(batch, row, corpus, random):
    first = random.integers(0, len(corpus.noise) - 2 * batch.context)
    level = random.uniform(-6, -0.5)
    tilt = np.linspace(0, random.uniform(-2, 1), BANDS)
    batch.noise[row] = corpus.noise[first : first + 2 * batch.context] + level + tilt


def make(corpus, random, size, context):
    """A batch of random windows: a dictionary of arrays."""
    batch = Batch(size, context)
    for row in range(size):
        silent = random.random() < SILENT
        if silent:
            _fill_silence(batch, row, random)
        else:
            _fill_speech(batch, row, corpus, random)
        if random.random() < (0.7 if silent else 0.4):
            _add_noise(batch, row, corpus, random)
    return batch.arrays()
