"""A light HTTP client: any number of requests at once on one thread, with the time at which each event came.

It shares the cores with the server that it measures, so it does little while a request runs: it notes when lines came,
and parses nothing until it is asked.
"""

import json
import selectors
import socket
import time


class Exchange:
    """One request on a connection of its own, and its response as it comes."""

    def __init__(self, address, path, body, key=None, content_type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = [
            f"POST {path} HTTP/1.1",
            f"Host: {address[0]}:{address[1]}",
            f"Content-Type: {content_type}",
            f"Content-Length: {len(data)}",
            "Connection: close",
        ]
        if key:
            head.append(f"Authorization: Bearer {key}")
        self.socket = socket.create_connection(address, timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.started = time.perf_counter()
        self.socket.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + data)
        self.socket.setblocking(False)
        self.ended = None
        self.status = None
        self.headers = {}
        self.lines = []  # (time, bytes) of each `data: {…}`
        self.body = bytearray()
        self._raw = bytearray()
        self._line_start = 0
        self._texts = []
        self._parsed = 0

    def receive(self):
        """Takes what has come; true once the response is over."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return False
        except ConnectionError:
            data = b""
        now = time.perf_counter()
        self._raw += data
        if self.status is None:
            self._read_head()
        is_over = self.status is not None and self._read_body()
        self._read_lines(now)
        if is_over or not data:
            self.ended = now
            self.socket.close()
        return self.ended is not None

    def leave(self):
        """Closes the connection in the middle."""
        self.socket.close()
        self.ended = self.ended or time.perf_counter()

    def _read_head(self):
        head, separator, rest = bytes(self._raw).partition(b"\r\n\r\n")
        if not separator:
            return
        first, *fields = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        self._raw = bytearray(rest)

    def _read_body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            self.body += self._raw
            self._raw.clear()
            return len(self.body) >= int(self.headers.get("content-length", 1 << 60))
        while (end := self._raw.find(b"\r\n")) >= 0:
            size = int(self._raw[:end].split(b";")[0], 16)
            if len(self._raw) < end + size + 4:
                return False
            self.body += self._raw[end + 2 : end + 2 + size]
            del self._raw[: end + size + 4]
            if size == 0:
                return True
        return False

    def _read_lines(self, now):
        while (end := self.body.find(b"\n", self._line_start)) >= 0:
            if self.body.startswith(b"data: {", self._line_start):
                self.lines.append((now, bytes(self.body[self._line_start + 6 : end])))
            self._line_start = end + 1

    @property
    def is_whole(self):
        """Whether a stream ended with its last event."""
        return self.status == 200 and self.body.rstrip().endswith(b"data: [DONE]")

    @property
    def texts(self):
        """The times at which pieces of text came; parses the events."""
        for when, line in self.lines[self._parsed :]:
            if pieces(line):
                self._texts.append(when)
        self._parsed = len(self.lines)
        return self._texts

    @property
    def first_token(self):
        """Seconds until the first text came; of an answer without any, until its end."""
        if self.status != 200:
            raise CaseError(f"a request was answered with {self.status}: {bytes(self.body[:300])!r}")
        return (self.texts[0] if self.texts else self.ended) - self.started

    @property
    def usage(self):
        for _, line in reversed(self.lines):
            if usage := json.loads(line).get("usage"):
                return usage
        raise CaseError(f"an answer came without usage (status {self.status}): {bytes(self.body[-300:])!r}")

    @property
    def text(self):
        return "".join(pieces(line) for _, line in self.lines)


def pieces(line):
    """The text of an event, which may be empty."""
    choices = json.loads(line).get("choices", [])
    return "".join(choice.get("text") or choice.get("delta", {}).get("content") or "" for choice in choices)


class CaseError(Exception):
    """A case could not be measured."""


class Client:
    """Sends requests to one server."""

    def __init__(self, address, key=None):
        self.address = address
        self.key = key
        self.selector = selectors.DefaultSelector()

    def complete(self, prompt, max_tokens, **parameters):
        """Starts a streamed text completion that takes the likeliest tokens and does not end early."""
        return self._start("/v1/completions", prompt=prompt, max_tokens=max_tokens, **parameters)

    def chat(self, messages, max_tokens, **parameters):
        """Starts a streamed chat completion of the same kind; messages are texts, the user's first."""
        roles = ("user", "assistant")
        turns = [{"role": roles[place % 2], "content": text} for place, text in enumerate(messages)]
        return self._start("/v1/chat/completions", messages=turns, max_tokens=max_tokens, **parameters)

    def _start(self, path, key=None, **body):
        defaults = {"stream": True, "stream_options": {"include_usage": True}, "temperature": 0, "ignore_eos": True}
        return self.send(path, defaults | body, key)

    def send(self, path, body, key=None, content_type="application/json"):
        """Starts a request; its body is bytes, or is sent as JSON."""
        exchange = Exchange(self.address, path, body, key or self.key, content_type)
        self.selector.register(exchange.socket, selectors.EVENT_READ, exchange)
        return exchange

    def run(self, until, timeout=300):
        """Receives until the condition holds."""
        deadline = time.perf_counter() + timeout
        while not until():
            if time.perf_counter() > deadline:
                raise CaseError(f"no end after {timeout} seconds")
            for ready, _ in self.selector.select(1):
                exchange = ready.data
                if exchange.receive():
                    self.selector.unregister(ready.fd)

    def finish(self, *exchanges, timeout=300):
        """Receives until all of these are over; gives them back."""
        self.run(lambda: all(exchange.ended for exchange in exchanges), timeout)
        return exchanges

    def leave(self, exchange):
        if exchange.ended is None:
            self.selector.unregister(exchange.socket)
            exchange.leave()

    def close(self):
        for ready in list(self.selector.get_map().values()):
            self.leave(ready.data)
        self.selector.close()
