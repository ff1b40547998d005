#!/usr/bin/env python3
"""What a long prompt costs a running stream, and what the stream costs the prompt.

usage: stream_gap.py SERVER_BINARY [ROUNDS] [-- SERVER OPTIONS]

Starts the server on a free port of loopback. In each round, in this order: the first token of a 1,200-token prompt with
nothing else running; a stream alone; the same stream while another 1,200-token prompt arrives. Prints each round and the
medians; only ratios within one run mean anything, since machines differ and are noisy.
"""

import json
import random
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

WORDS = "apple river stone cloud tree house light".split()


def completion(base, **body):
    data = json.dumps(body).encode()
    request = urllib.request.Request(base + "/v1/completions", data, {"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=300)


def long_prompt(base):
    """Seconds to the first token of a prompt that no cache knows."""
    prompt = " ".join(random.choice(WORDS) for _ in range(1200))
    start = time.perf_counter()
    completion(base, prompt=prompt, max_tokens=1).read()
    return time.perf_counter() - start


class Stream(threading.Thread):
    """A stream that goes on until it is left, and when its events came."""

    def __init__(self, base):
        super().__init__(daemon=True)
        self.base = base
        self.times = []
        self.arrived = threading.Condition()
        self.is_over = False

    def run(self):
        events = completion(
            self.base, prompt="Once upon a time", max_tokens=4000, ignore_eos=True, stream=True, temperature=0
        )
        for line in events:
            if line.startswith(b"data: {"):
                with self.arrived:
                    self.times.append(time.perf_counter())
                    self.arrived.notify_all()
            if self.is_over:
                return

    def wait_for(self, count):
        """Returns once so many events have come."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.times) >= count, timeout=120):
                raise SystemExit("error: the stream stands still")


def gaps(times):
    return [later - earlier for earlier, later in zip(times, times[1:])]


def one_round(base):
    alone_first_token = long_prompt(base)
    stream = Stream(base)
    stream.start()
    stream.wait_for(150)
    before = len(stream.times)
    beside_first_token = long_prompt(base)
    during = len(stream.times)
    stream.wait_for(during + 20)
    stream.is_over = True
    stream.join()
    alone = gaps(stream.times[20:before])
    beside = gaps(stream.times[before - 1 : during + 1])
    return {
        "gap": max(beside) * 1000,
        "rate": statistics.mean(alone) / statistics.mean(beside),
        "first": beside_first_token / alone_first_token,
    }


def main():
    arguments, options = sys.argv[1:], []
    if "--" in arguments:
        split = arguments.index("--")
        arguments, options = arguments[:split], arguments[split + 1 :]
    if not 1 <= len(arguments) <= 2:
        raise SystemExit(__doc__)
    rounds = int(arguments[1]) if len(arguments) == 2 else 3
    server = subprocess.Popen([arguments[0], "--port", "0", "--log-level", "error", *options], stdout=subprocess.PIPE)
    try:
        base = server.stdout.readline().decode().split()[-1]
        completion(base, prompt="Hello", max_tokens=8).read()
        results = []
        for number in range(rounds):
            results.append(one_round(base))
            print(
                "round {}: longest gap {gap:.0f} ms, stream at {rate:.2f} of its rate alone, "
                "prompt's first token {first:.2f} times as late".format(number + 1, **results[-1])
            )
        for name in results[0]:
            print(f"median {name}: {statistics.median(result[name] for result in results):.2f}")
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
