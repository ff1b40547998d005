"""What is measured: each case is a function of a client and a source of prompts that gives its figures by name."""

import statistics
import time

from client import CaseError
from servers import OTHER_KEY

LONG = 1200
PREFIX = 1000
CROWD = 16


def long_prompt(client, prompts):
    """One 1,200-token prompt with nothing else running."""
    (answer,) = client.finish(client.complete(prompts.words(LONG), 1))
    return {
        "first token (s)": answer.first_token,
        "prompt (tok/s)": answer.usage["prompt_tokens"] / answer.first_token,
    }


def stream_gap(client, prompts):
    """A stream that never ends, and a 1,200-token prompt that arrives beside it."""
    stream = EndlessStreams(client, prompts, 1)
    stream.wait_for(150)
    alone = stream.rate(since=stream.times()[0][20])
    arrival = time.perf_counter()
    answer = client.complete(prompts.words(LONG), 1)
    client.run(lambda: answer.ended)
    stream.wait_for(20)
    stream.leave()
    gaps = stream.gaps(since=arrival, until=answer.ended)
    return {
        "longest gap (ms)": max(gaps) * 1000,
        "prompt's first token (s)": answer.first_token,
        "stream's share of its rate alone": len(gaps) / (answer.ended - arrival) / alone,
        # When the stream's tokens came, in seconds from the prompt's arrival: for the plot.
        "timeline": [round(when - arrival, 4) for when in stream.times()[0] if arrival - 0.5 < when],
    }


def eight_streams(client, prompts):
    """Eight streams; a 600-token prompt arrives beside them."""
    streams = EndlessStreams(client, prompts, 8)
    streams.wait_for(40)
    begin = time.perf_counter()
    client.run(lambda: time.perf_counter() > begin + 3)
    arrival = time.perf_counter()
    answer = client.complete(prompts.words(600), 1)
    client.run(lambda: answer.ended)
    end = time.perf_counter()
    streams.wait_for(3)
    streams.leave()
    quiet, beside = streams.gaps(begin, arrival), streams.gaps(arrival, end)
    return {
        "all eight (tok/s)": len(quiet) / (arrival - begin),
        "gap p50 (ms)": percentile(quiet, 50) * 1000,
        "gap p95 (ms)": percentile(quiet, 95) * 1000,
        "gap p99 (ms)": percentile(quiet, 99) * 1000,
        "longest gap beside a prompt (ms)": max(beside) * 1000,
    }


def shared_prefix(client, prompts):
    """16 requests at once that share a 1,000-token prefix."""
    prefix = prompts.words(PREFIX)
    begin = time.perf_counter()
    answers = client.finish(*[client.complete(f"{prefix} {prompts.words(16)}", 4) for _ in range(CROWD)])
    return {
        "first first token (s)": min(answer.started + answer.first_token for answer in answers) - begin,
        "last first token (s)": max(answer.started + answer.first_token for answer in answers) - begin,
        "cached tokens": sum(cached_tokens(answer) for answer in answers),
    }


def distinct_chats(client, prompts):
    """16 chats at once with nothing in common: 64 tokens of prompt, 64 of answer."""
    begin = time.perf_counter()
    answers = client.finish(*[client.chat([prompts.words(64)], 64) for _ in range(CROWD)])
    seconds = max(answer.ended for answer in answers) - begin
    answered = sum(answer.usage["completion_tokens"] for answer in answers)
    asked = sum(answer.usage["prompt_tokens"] for answer in answers)
    return {
        "prompt and answer (tok/s)": (asked + answered) / seconds,
        "answer (tok/s)": answered / seconds,
        "last first token (s)": max(answer.started + answer.first_token for answer in answers) - begin,
    }


def one_stream(client, prompts):
    """One stream of 256 tokens with nothing else running."""
    (answer,) = client.finish(client.chat([prompts.words(16)], 256))
    times = answer.texts
    return {
        "decode (tok/s)": (answer.usage["completion_tokens"] - 1) / (times[-1] - times[0]),
        "gap p99 (ms)": percentile(differences(times), 99) * 1000,
    }


def short_prompt(client, prompts):
    """The first token of a chat's question of 16 words, five times; the median."""
    answers = [client.finish(client.chat([prompts.words(16)], 4))[0] for _ in range(5)]
    return {"first token (ms)": statistics.median(answer.first_token for answer in answers) * 1000}


def second_turn(client, prompts):
    """A chat whose first message has 1,000 tokens: the first token of the second answer; three chats, the median."""
    times, cached = [], []
    for _ in range(3):
        question = prompts.words(PREFIX)
        (first,) = client.finish(client.chat([question], 32))
        (second,) = client.finish(client.chat([question, first.text, prompts.words(8)], 8))
        times.append(second.first_token)
        cached.append(cached_tokens(second))
    return {"first token (ms)": statistics.median(times) * 1000, "cached tokens": statistics.median(cached)}


def repeat(client, prompts):
    """The very same 1,000-token request a second time."""
    prompt = prompts.words(PREFIX)
    client.finish(client.complete(prompt, 4))
    (answer,) = client.finish(client.complete(prompt, 4))
    return {"first token (ms)": answer.first_token * 1000, "cached tokens": cached_tokens(answer)}


def crowd(client, prompts):
    """64 requests at once by one client, and one of another client right behind them."""
    begin = time.perf_counter()
    answers = [client.complete(prompts.words(48), 16) for _ in range(64)]
    other = client.complete(prompts.words(48), 16, key=OTHER_KEY)
    client.finish(*answers, other)
    served = [answer for answer in answers if answer.status == 200]
    first = [answer.started + answer.first_token - begin for answer in served]
    return {
        "served": len(served),
        "refused": len(answers) - len(served),
        "first token p50 (s)": percentile(first, 50),
        "first token p95 (s)": percentile(first, 95),
        "the other client's first token (s)": other.first_token,
        "all done (s)": max(answer.ended for answer in [*answers, other]) - begin,
    }


CASES = {
    "long-prompt": long_prompt,
    "stream-gap": stream_gap,
    "shared-prefix": shared_prefix,
    "distinct-chats": distinct_chats,
    "one-stream": one_stream,
    "short-prompt": short_prompt,
    "second-turn": second_turn,
    "eight-streams": eight_streams,
    "repeat": repeat,
    "crowd": crowd,
}


class EndlessStreams:
    """Streams that never end: one that reaches the end of its context is opened anew."""

    def __init__(self, client, prompts, count):
        self.client, self.prompts = client, prompts
        self.streams = [[self._open()] for _ in range(count)]

    def _open(self):
        return self.client.complete(f"Once upon a time there was {self.prompts.words(4)}", 1900)

    def wait_for(self, events):
        """Receives until each stream has so many more events."""
        goals = [self._count(opened) + events for opened in self.streams]
        self.client.run(lambda: all(self._goes_on(opened) >= goal for opened, goal in zip(self.streams, goals)))

    def _count(self, opened):
        return sum(len(exchange.lines) for exchange in opened)

    def _goes_on(self, opened):
        last = opened[-1]
        if last.ended is not None:
            if not last.is_whole:
                raise CaseError(f"a stream broke off (status {last.status}): {bytes(last.body[-300:])!r}")
            opened.append(self._open())
        return self._count(opened)

    def leave(self):
        for opened in self.streams:
            self.client.leave(opened[-1])

    def times(self):
        """Of each stream, when its texts came."""
        return [[when for exchange in opened for when in exchange.texts] for opened in self.streams]

    def rate(self, since):
        """Tokens per second of the first stream."""
        times = [when for when in self.times()[0] if when >= since]
        return (len(times) - 1) / (times[-1] - times[0])

    def gaps(self, since, until):
        """The gaps that end, or would have ended, within this time, of all streams."""
        found = []
        for opened in self.streams:
            for exchange in opened:
                times = exchange.texts
                found += [b - a for a, b in zip(times, times[1:]) if b > since and a < until]
        return found


def differences(times):
    return [later - earlier for earlier, later in zip(times, times[1:])]


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def cached_tokens(answer):
    return (answer.usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
