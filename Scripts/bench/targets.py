"""The rows of the report, and what each is to reach.

A ratio says how many times better this server is: of times and sizes theirs over ours, of rates ours over theirs.
"""

from dataclasses import dataclass

# The sides, in the order of the tables.
TUNED, UNTUNED, LLAMA, LLAMA_TUNED, LLAMA_BEST = "tuned", "no-tune", "llama", "llama-tuned", "llama-best"

TITLES = {
    TUNED: "ours, tuned",
    UNTUNED: "ours, `--no-tune`",
    LLAMA: "llama-server",
    LLAMA_TUNED: "llama-server, tuned file",
    LLAMA_BEST: "llama-server, best flags",
}

# (ours, theirs): whom each of our sides is measured against.
COMPARISONS = [(TUNED, LLAMA), (UNTUNED, LLAMA), (TUNED, LLAMA_TUNED), (TUNED, LLAMA_BEST)]

MEMORY = "resident memory"


@dataclass(frozen=True)
class Row:
    title: str
    case: str
    figure: str
    more_is_better: bool = False
    # Least ratio of ours tuned to llama-server, and of ours as it is to llama-server; None where nothing is promised.
    tuned: float | None = None
    untuned: float | None = None
    # Least ratio to llama-server on the tuned file and at its best flags.
    others: float | None = 1.0
    # What ours may not exceed, whatever llama-server does.
    limit: float | None = None

    def ratio(self, ours, theirs):
        better, worse = (ours, theirs) if self.more_is_better else (theirs, ours)
        return better / worse

    def target(self, ours, theirs):
        if theirs != LLAMA:
            return self.others
        return self.tuned if ours == TUNED else self.untuned


ROWS = [
    Row("longest gap in a stream while a 1,200-token prompt arrives", "stream-gap", "longest gap (ms)", tuned=25, untuned=25, limit=150),
    Row("that prompt's own first token", "stream-gap", "prompt's first token (s)", untuned=1 / 1.3, others=1 / 1.3),
    Row("16 requests, shared 1,000-token prefix: last first token", "shared-prefix", "last first token (s)", tuned=12, untuned=8),
    Row("one 1,200-token prompt", "long-prompt", "prompt (tok/s)", True, tuned=2.1, untuned=1),
    Row("its first token", "long-prompt", "first token (s)", tuned=2.1, untuned=1),
    Row("16 distinct chats, 64 tokens each, prompt and answer", "distinct-chats", "prompt and answer (tok/s)", True, tuned=1.5, untuned=1),
    Row("one stream, decode", "one-stream", "decode (tok/s)", True, tuned=1.2, untuned=1),
    Row("first token of a short prompt", "short-prompt", "first token (ms)", tuned=1 / 0.65, untuned=1),
    Row("second turn of a 1,000-token chat: first token", "second-turn", "first token (ms)", tuned=1 / 0.6, untuned=1),
    Row("resident memory after the whole round", MEMORY, "resident (MiB)", tuned=1 / 1.25, untuned=1 / 1.25, others=1 / 1.25),
]

# Further figures, without a promise.
FURTHER = [
    Row("the stream's share of its rate alone, beside the long prompt", "stream-gap", "stream's share of its rate alone", True),
    Row("eight streams, all together", "eight-streams", "all eight (tok/s)", True),
    Row("eight streams, time between tokens, p50", "eight-streams", "gap p50 (ms)"),
    Row("eight streams, p95", "eight-streams", "gap p95 (ms)"),
    Row("eight streams, p99", "eight-streams", "gap p99 (ms)"),
    Row("eight streams, longest gap beside a 600-token prompt", "eight-streams", "longest gap beside a prompt (ms)"),
    Row("the same 1,000-token request again: first token", "repeat", "first token (ms)"),
    Row("16 requests, shared prefix: tokens found in the cache", "shared-prefix", "cached tokens", True),
    Row("64 requests at once: served", "crowd", "served", True),
    Row("64 requests at once: first token, p50", "crowd", "first token p50 (s)"),
    Row("64 requests at once: first token, p95", "crowd", "first token p95 (s)"),
    Row("64 requests at once: the first token of another client's one", "crowd", "the other client's first token (s)"),
    Row("64 requests at once: all done", "crowd", "all done (s)"),
]
