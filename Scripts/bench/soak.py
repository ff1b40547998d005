#!/usr/bin/env python3
"""200 clients that come, go and vanish, for ten minutes: the server must answer each of them whole or end cleanly, and its
memory, descriptors and threads must stay where they were. The exit status says whether they did.

Not part of continuous integration: what it finds depends on the clock.
"""

import argparse
import collections
import http.client
import json
import random
import socket
import statistics
import struct
import sys
import threading
import time
from pathlib import Path

import servers
from prompts import Prompts

CLIENTS = 200
CONTEXT = 2048
PATIENCE = 300


class Broken(Exception):
    """An answer that is neither whole nor cleanly ended."""


class Visitor(threading.Thread):
    """One client after another: each does one thing, well or badly behaved, and is counted."""

    def __init__(self, soak, seed):
        super().__init__(daemon=True)
        self.soak = soak
        self.random = random.Random(seed)
        self.prompts = Prompts(seed)

    def run(self):
        acts = [act for act, weight in WEIGHTS.items() for _ in range(weight)]
        while not self.soak.is_over.wait(self.random.expovariate(0.5)):
            act = self.random.choice(acts)
            try:
                outcome = act(self)
            except Broken as fault:
                self.soak.fault(f"{act.__name__}: {fault}")
                continue
            except (OSError, http.client.HTTPException) as fault:
                # The server closes nothing of its own accord but what was too slow, which the acts expect themselves.
                if not self.soak.is_over.is_set():
                    self.soak.fault(f"{act.__name__}: {type(fault).__name__}: {fault}")
                continue
            self.soak.count(act.__name__, outcome)
            if outcome == "429":
                # As clients do that mean it; else nobody would be served but by chance.
                self.soak.is_over.wait(self.random.uniform(5, 30))

    # MARK: sending

    def connect(self, receive_buffer=None):
        connection = socket.socket()
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(PATIENCE)
        connection.connect(self.soak.server.address)
        return connection

    def request(self, body, path="/v1/chat/completions"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        key = self.random.choice((servers.KEY, servers.OTHER_KEY))
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {key}\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + data

    def body(self, words, tokens, **more):
        return {"messages": [{"role": "user", "content": self.prompts.words(words)}], "max_tokens": tokens} | more

    def streamed(self, words, tokens):
        return self.body(words, tokens, stream=True, stream_options={"include_usage": True})

    # MARK: reading

    def respond(self, connection):
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response

    def refused(self, response, expected=(429,)):
        """The outcome of an answer that is an error, in OpenAI's form."""
        if response.status not in expected:
            raise Broken(f"status {response.status}: {response.read(300)!r}")
        error = json.loads(response.read())["error"]
        if sorted(error) != ["code", "message", "param", "type"]:
            raise Broken(f"an error of another form: {error}")
        if response.status == 429 and not response.headers.get("Retry-After", "").isdigit():
            raise Broken("a 429 without Retry-After")
        return str(response.status)

    def check_usage(self, usage, tokens):
        if usage["prompt_tokens"] + usage["completion_tokens"] != usage["total_tokens"]:
            raise Broken(f"usage does not add up: {usage}")
        if not 1 <= usage["completion_tokens"] <= tokens:
            raise Broken(f"{usage['completion_tokens']} tokens, of {tokens} at most")
        if usage.get("prompt_tokens_details", {}).get("cached_tokens", 0) > usage["prompt_tokens"]:
            raise Broken(f"more tokens cached than there are: {usage}")

    def events(self, response):
        """The events of a stream up to `[DONE]`; broken where it ends before that."""
        for line in response:
            if line == b"data: [DONE]\n":
                if response.read().strip():
                    raise Broken("something follows [DONE]")
                return
            if line.startswith(b"data: "):
                yield json.loads(line[6:])
            elif line.strip() and not line.startswith(b":"):
                raise Broken(f"no event: {line[:200]!r}")
        raise Broken("a stream ended without [DONE]")

    def whole_stream(self, response, tokens, pause=0.0):
        finishes, usage, events = 0, None, 0
        for event in self.events(response):
            if "error" in event:
                raise Broken(f"an error within a stream: {event}")
            finishes += sum(choice.get("finish_reason") is not None for choice in event["choices"])
            usage = event.get("usage") or usage
            events += 1
            if pause and events % 20 == 0:
                self.soak.is_over.wait(pause)
        if finishes != 1:
            raise Broken(f"{finishes} finish reasons")
        if usage is None:
            raise Broken("no usage")
        self.check_usage(usage, tokens)
        return "whole"

    # MARK: what clients do

    def stream(self):
        tokens = self.random.randint(1, 80)
        with self.connect() as connection:
            connection.sendall(self.request(self.streamed(self.random.randint(1, 60), tokens)))
            response = self.respond(connection)
            return self.whole_stream(response, tokens) if response.status == 200 else self.refused(response)

    def whole(self):
        tokens = self.random.randint(1, 40)
        with self.connect() as connection:
            connection.sendall(self.request(self.body(self.random.randint(1, 60), tokens)))
            response = self.respond(connection)
            if response.status != 200:
                return self.refused(response)
            self.check_usage(json.loads(response.read())["usage"], tokens)
            return "whole"

    def shared_prefix(self):
        prefix = Prompts(self.random.randrange(4)).words(200)
        with self.connect() as connection:
            body = {"prompt": f"{prefix} {self.prompts.words(5)}", "max_tokens": 8}
            connection.sendall(self.request(body, "/v1/completions"))
            response = self.respond(connection)
            if response.status != 200:
                return self.refused(response)
            self.check_usage(json.loads(response.read())["usage"], 8)
            return "whole"

    def big_prompt(self):
        with self.connect() as connection:
            connection.sendall(self.request(self.streamed(1000, 4)))
            response = self.respond(connection)
            return self.whole_stream(response, 4) if response.status == 200 else self.refused(response)

    def too_big_prompt(self):
        with self.connect() as connection:
            connection.sendall(self.request(self.body(3 * CONTEXT, 4)))
            return self.refused(self.respond(connection), (400, 429))

    def bad_json(self):
        broken = self.random.choice([b"{", b"[]", b'{"messages": 1}', b'\xff\xfe', b'{"messages": []}', b"null", b""])
        with self.connect() as connection:
            connection.sendall(self.request(broken))
            return self.refused(self.respond(connection), (400,))

    def slow_reader(self):
        with self.connect(receive_buffer=4096) as connection:
            connection.sendall(self.request(self.streamed(20, 100)))
            response = self.respond(connection)
            return self.whole_stream(response, 100, pause=0.5) if response.status == 200 else self.refused(response)

    def slow_sender(self):
        request = self.request(self.streamed(10, 4))
        with self.connect() as connection:
            for start in range(0, len(request), 200):
                connection.sendall(request[start : start + 200])
                self.soak.is_over.wait(0.2)
            response = self.respond(connection)
            return self.whole_stream(response, 4) if response.status == 200 else self.refused(response)

    def leave_mid_stream(self):
        with self.connect() as connection:
            connection.sendall(self.request(self.streamed(self.random.choice((10, 400)), 400)))
            response = self.respond(connection)
            if response.status != 200:
                return self.refused(response)
            for _ in range(self.random.randint(1, 30)):
                response.readline()
            self.maybe_reset(connection)
            response.close()
            return "left"

    def leave_at_once(self):
        with self.connect() as connection:
            connection.sendall(self.request(self.body(self.random.choice((10, 1000)), 400)))
            self.soak.is_over.wait(self.random.random())
            self.maybe_reset(connection)
            return "left"

    def leave_mid_request(self):
        request = self.request(self.streamed(400, 4))
        with self.connect() as connection:
            connection.sendall(request[: self.random.randint(1, len(request) - 1)])
            self.soak.is_over.wait(self.random.random())
            self.maybe_reset(connection)
            return "left"

    def half_a_header(self):
        with self.connect() as connection:
            connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Le")
            if self.random.random() < 0.5:
                return "left"
            # The server gives such clients fifteen seconds.
            connection.settimeout(60)
            connection.recv(4096)
            return "cut off"

    def connect_only(self):
        with self.connect():
            return "left"

    def maybe_reset(self, connection):
        if self.random.random() < 0.5:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# How often each thing is done, of all that is done.
WEIGHTS = {
    Visitor.stream: 8,
    Visitor.whole: 5,
    Visitor.shared_prefix: 4,
    Visitor.big_prompt: 1,
    Visitor.too_big_prompt: 1,
    Visitor.bad_json: 3,
    Visitor.slow_reader: 2,
    Visitor.slow_sender: 1,
    Visitor.leave_mid_stream: 4,
    Visitor.leave_at_once: 3,
    Visitor.leave_mid_request: 2,
    Visitor.half_a_header: 1,
    Visitor.connect_only: 1,
}


class Soak:
    def __init__(self, server):
        self.server = server
        self.is_over = threading.Event()
        self.faults = []
        self.samples = []  # (seconds, MiB of anonymous memory, descriptors, threads)
        self._counts = collections.Counter()
        self._lock = threading.Lock()

    def count(self, act, outcome):
        with self._lock:
            self._counts[act, outcome] += 1

    def fault(self, text):
        with self._lock:
            self.faults.append(text)
        print(f"fault: {text}", file=sys.stderr)

    def run(self, minutes, seed):
        visitors = [Visitor(self, f"{seed} {number}") for number in range(CLIENTS)]
        for visitor in visitors:
            visitor.start()
        began = time.monotonic()
        while (seconds := time.monotonic() - began) < minutes * 60:
            if self.server.process.poll() is not None:
                self.fault(f"the server ended with status {self.server.process.returncode}")
                break
            self.samples.append((seconds, *self.sample()))
            time.sleep(min(2, minutes))
        self.is_over.set()
        for visitor in visitors:
            visitor.join(PATIENCE)
            if visitor.is_alive():
                self.fault("a client is still waiting")

    def sample(self):
        server = self.server
        return server.status("RssAnon") / 1024, server.descriptors, server.status("Threads")

    def check_memory(self, allowed):
        """Memory is flat where the last quarter's median is not above that of the second quarter by more than this."""
        memory = [sample[1] for sample in self.samples]
        quarter = len(memory) // 4
        if not quarter:
            return self.fault("too short a run to tell whether memory is flat")
        warm, last = statistics.median(memory[quarter : 2 * quarter]), statistics.median(memory[-quarter:])
        print(f"memory: {warm:.0f} MiB in the second quarter, {last:.0f} MiB in the last; at most {max(memory):.0f} MiB")
        if last > warm * 1.02 + allowed:
            self.fault(f"memory grew by {last - warm:.0f} MiB")

    def check_rest(self, before):
        """With all clients gone, descriptors and threads are what they were before the first came."""
        deadline = time.monotonic() + 30
        while (now := self.sample()[1:]) != before and time.monotonic() < deadline:
            time.sleep(0.2)
        print(f"descriptors and threads: {before} before, {now} after")
        if now[0] > before[0] or now[1] > before[1]:
            self.fault(f"descriptors or threads leaked: {before} before, {now} after")

    def check_answer(self):
        """It still works: one more client gets its whole answer."""
        visitor = Visitor(self, 0)
        for _ in range(3):
            outcome = visitor.stream()
            if outcome != "whole":
                self.fault(f"a client at the end: {outcome}")

    def check_drain(self):
        """A running stream ends whole although the server is told to stop meanwhile, and the server ends well."""
        visitor, outcome = Visitor(self, 1), []

        def last_client():
            try:
                with visitor.connect() as connection:
                    connection.sendall(visitor.request(visitor.streamed(10, 60) | {"ignore_eos": True}))
                    response = visitor.respond(connection)
                    begun.set()
                    outcome.append(visitor.whole_stream(response, 60))
            except (Broken, OSError, http.client.HTTPException) as fault:
                outcome.append(str(fault))
            finally:
                begun.set()

        begun = threading.Event()
        thread = threading.Thread(target=last_client)
        thread.start()
        begun.wait(PATIENCE)
        status = self.server.stop()
        thread.join(PATIENCE)
        if outcome != ["whole"]:
            self.fault(f"a stream that ran when the server was told to stop: {outcome}")
        if status != 0:
            self.fault(f"the server ended with status {status} when told to stop")

    def report(self):
        acts = sorted({act for act, _ in self._counts})
        outcomes = sorted({outcome for _, outcome in self._counts})
        print(f"{'':20}" + "".join(f"{outcome:>10}" for outcome in outcomes))
        for act in acts:
            print(f"{act:20}" + "".join(f"{self._counts[act, outcome] or '':>10}" for outcome in outcomes))
        print(f"{sum(self._counts.values())} clients; {len(self.faults)} faults")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--binary", type=Path, default=servers.ROOT / ".build/release/inference-server")
    parser.add_argument("--model", type=Path, default=servers.ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf")
    parser.add_argument("--allowed-growth", type=float, default=16, metavar="MIB", help="of memory, beside 2%% (default: 16)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    chosen = parser.parse_args()
    print(f"{CLIENTS} clients for {chosen.minutes:g} minutes; seed {chosen.seed}")
    server = servers.ours(chosen.binary, chosen.model, "--ctx-size", CONTEXT, "--max-queue", "64")
    try:
        soak = Soak(server)
        # The threads that first requests bring are there before the count.
        soak.check_answer()
        before = soak.sample()[1:]
        soak.run(chosen.minutes, chosen.seed)
        if server.process.poll() is None:
            soak.check_rest(before)
            soak.check_memory(chosen.allowed_growth)
            soak.check_answer()
            soak.check_drain()
        soak.report()
    finally:
        server.stop()
    sys.exit(1 if soak.faults else 0)


if __name__ == "__main__":
    main()
