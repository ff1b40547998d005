"""The server as a process, and plain HTTP and sockets to reach it with."""

import http.client
import json
import os
import select
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

from metrics import Metrics

ROOT = Path(__file__).resolve().parents[2]
BINARY = (ROOT / os.environ.get("INFERENCE_SERVER_BINARY", ".build/release/inference-server")).resolve()

# How long to wait for an event that must come. Nothing waits so long where all is well.
DEADLINE = 120

MODEL = "SmolLM2-135M-Instruct"

# In every prompt, so that a prompt or an answer in a log is found.
TOPIC = "marmalade"
PROMPT = f"Tell me a story about {TOPIC}."
# For text completions, which a full stop may end.
BEGINNING = f"Once upon a time, a jar of {TOPIC}"
# In every key.
KEY = "sesame-4711"
OTHER_KEY = "sesame-0815"
SECRETS = (TOPIC, "sesame")


def environment(**additions):
    """The environment of this process, without what would change the server's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INFERENCE_SERVER_")}
    return kept | additions


class Deadline:
    """Ends waits for what must happen soon; several waits may share one."""

    def __init__(self):
        self.end = time.monotonic() + DEADLINE

    def wait_until(self, condition, what):
        """The condition's result once it holds; fails if it never does."""
        while not (result := condition()):
            assert time.monotonic() < self.end, f"{what}: this did not happen"
            time.sleep(0.02)
        return result


def wait_until(condition, what):
    return Deadline().wait_until(condition, what)


def message(text=PROMPT, role="user"):
    return {"role": role, "content": text}


def chat_body(text=PROMPT, **parameters):
    return {"messages": [message(text)]} | parameters


WEATHER_PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather",
        "parameters": WEATHER_PARAMETERS,
        "strict": True,
    },
}
WEATHER_QUESTION = "What is the weather in Linz?"
WEATHER_SO_FAR = {"Graz": "sunny", "Vienna": "rainy", "Salzburg": "windy"}


def weather_call(city):
    """A turn that calls the tool."""
    function = {"name": "get_weather", "arguments": json.dumps({"city": city})}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": f"call_{city}", "type": "function", "function": function}],
    }


# With this before its eyes the small model calls the tool by itself, and then uses the result.
WEATHER_HISTORY = [
    turn
    for city, weather in WEATHER_SO_FAR.items()
    for turn in (
        message(f"What is the weather in {city}?"),
        weather_call(city),
        {"role": "tool", "tool_call_id": f"call_{city}", "content": weather},
        message(f"It is {weather} in {city}.", "assistant"),
    )
]


class Server:
    """A server that was started for tests; `url` has no `/v1`."""

    def __init__(self, log, *options, **variables):
        self.log_path = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [BINARY, "--port", "0", *options],
                cwd=ROOT,
                env=environment(**variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                bufsize=0,
            )
        self.url = self._address()
        self.scheme, _, authority = self.url.partition("://")
        self.host, _, port = authority.rpartition(":")
        self.port = int(port)

    def _address(self):
        """The address in the one line that the server prints once it accepts connections."""
        ready, _, _ = select.select([self.process.stdout], [], [], DEADLINE)
        line = self.process.stdout.readline().decode() if ready else ""
        if not line.startswith("Listening on "):
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server printed {line!r} and logged:\n{self.log}")
        return line.removeprefix("Listening on ").removesuffix("\n")

    @property
    def log(self):
        return self.log_path.read_text(errors="replace")

    @property
    def is_running(self):
        return self.process.poll() is None

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self):
        """The exit status, once it has ended by itself."""
        return self.process.wait(DEADLINE)

    def stop(self):
        """Ends it as an administrator would; checks how it ended and what it has written."""
        if self.is_running:
            self.signal()
        try:
            status = self.wait()
        finally:
            self.process.kill()
            self.process.wait()
        assert status == 0, f"exit status {status}; the log ends with:\n{self.log[-2000:]}"
        self.check_output()

    def check_output(self):
        """Nothing but the one line on standard output; no secrets in the log."""
        with self.process.stdout:
            assert self.process.stdout.read() == b""
        log = self.log
        assert "listening on port" in log
        for secret in SECRETS:
            assert secret not in log.lower(), f"the log holds {secret!r}"

    # MARK: what /proc tells

    @property
    def memory(self):
        """Resident bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

    @property
    def sockets(self):
        """The inodes of its sockets."""
        inodes = []
        for descriptor in Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                target = os.readlink(descriptor)
            except FileNotFoundError:
                continue
            if target.startswith("socket:["):
                inodes.append(target[8:-1])
        return inodes

    @property
    def children(self):
        """The ids and command lines of processes that it has started and that have not ended."""
        found = {}
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            # A thread, or a process, may end while one looks.
            try:
                for child in (task / "children").read_text().split():
                    if command := Path(f"/proc/{child}/cmdline").read_bytes():
                        found[int(child)] = command
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def holds(self, port):
        """Whether it has its end of the connection that comes from a port of this box."""
        inodes = set(self.sockets)
        for line in Path(f"/proc/{self.process.pid}/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if int(fields[2].partition(":")[2], 16) == port and fields[9] in inodes:
                return True
        return False

    # MARK: what it serves

    @property
    def models(self):
        """The cards of the models that lie in its folder, by id; espeak-ng lies in none."""
        cards = self.request("GET", "/v1/models").json["data"]
        return {card["id"]: card for card in cards if card["meta"]["kind"] != "speech"}

    # MARK: plain HTTP

    def socket(self, receive_buffer=None):
        """A connected socket."""
        connection = socket.socket()
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(DEADLINE)
        connection.connect((self.host, self.port))
        return connection

    def connection(self):
        """A connection that stays open for several requests."""
        return http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE)

    def request(self, method, path, body=None, headers=None):
        """One request on a connection of its own; a dict is sent as JSON."""
        connection = self.connection()
        try:
            return send(connection, method, path, body, headers)
        finally:
            connection.close()

    def metrics(self, key=None):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return Metrics(self.request("GET", "/metrics", headers=headers))

    def exchange(self, data):
        """Sends bytes as they are and reads one response."""
        with self.socket() as connection:
            connection.sendall(data)
            return read_reply(connection)

    def stream(self, path="/v1/chat/completions", receive_buffer=None, headers=(), **body):
        """Sends a streaming request."""
        connection = self.socket(receive_buffer)
        connection.sendall(post(path, body | {"stream": True}, headers))
        return Stream(connection)


    def admitted_stream(self, deadline, **body):
        """A stream and its first event, once the queue has room for it."""

        def admit():
            stream = self.stream(**body)
            try:
                return stream, next(stream)
            except Refused as refusal:
                stream.close()
                assert refusal.status == 429, refusal
                return None

        return deadline.wait_until(admit, "making room in the queue")


class Refused(Exception):
    """A stream was answered with an error."""

    def __init__(self, response):
        self.status = response.status
        super().__init__(response.status, response.read())


class Reply:
    """A response that was read to its end."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The error in OpenAI's form, which has exactly four members."""
        assert list(self.json) == ["error"]
        error = self.json["error"]
        assert sorted(error) == ["code", "message", "param", "type"]
        assert isinstance(error["message"], str) and error["message"]
        return error

    def __repr__(self):
        return f"<{self.status} {self.body[:500]!r}>"


def send(connection, method, path, body=None, headers=None):
    headers = dict(headers or {})
    if isinstance(body, dict):
        body = json.dumps(body)
        headers = {"Content-Type": "application/json"} | headers
    connection.request(method, path, body, headers)
    return Reply(connection.getresponse())


def post(path, body, headers=()):
    """A whole request as bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def read_reply(connection, method=None):
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    return Reply(response)


class Stream:
    """The events of a response as they come; the headers are read with the first."""

    def __init__(self, connection):
        self.connection = connection
        self.is_done = False
        self._events = self._read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __iter__(self):
        return self._events

    def __next__(self):
        return next(self._events)

    def close(self, reset=False):
        """Leaves, in the middle or behind the end; with a reset instead of a farewell, if asked for."""
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The generator holds a file of the socket, and both must be closed to close the socket.
        self._events.close()
        self.connection.close()

    def _read(self):
        with http.client.HTTPResponse(self.connection) as response:
            response.begin()
            if response.status != 200:
                raise Refused(response)
            assert response.headers["Content-Type"].startswith("text/event-stream")
            for line in response:
                if line == b"data: [DONE]\n":
                    assert response.read().strip() == b""
                    self.is_done = True
                    return
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])
            raise AssertionError("the stream ended without [DONE]")

    @property
    def pieces(self):
        """The texts of a chat or a completion, but for the empty ones."""
        for event in self:
            assert "error" not in event, event
            for choice in event["choices"]:
                text = choice["delta"].get("content") if "delta" in choice else choice["text"]
                if text:
                    yield text


def run(*arguments, input=None, **variables):
    """Runs a command of the program to its end."""
    return subprocess.run(
        [BINARY, *arguments],
        cwd=ROOT,
        env=environment(**variables),
        input=input,
        stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
