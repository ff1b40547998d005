"""Fixtures: servers that are started once, a maker of further ones, and clients."""

import importlib.util
import itertools
import os

import openai
import pytest

from support import BINARY, DEADLINE, KEY, OTHER_KEY, Server

# The clients must reach the loopback interface directly.
for name in ("http_proxy", "https_proxy", "all_proxy"):
    os.environ.pop(name, None)
    os.environ.pop(name.upper(), None)

# These clients have an environment of their own, with the version of the official client that they need.
collect_ignore = [] if importlib.util.find_spec("litellm") else ["openai_2"]

# One thread computes: the clients need a core, too, and a thread that waits for another that has none is slow.
SMALL = ("--threads", "1", "--log-level", "debug")


def pytest_sessionstart(session):
    if not BINARY.is_file():
        raise pytest.UsageError(f"there is no server at {BINARY}: run 'make build', or set INFERENCE_SERVER_BINARY")


@pytest.fixture(scope="session")
def launch(tmp_path_factory):
    """Starts servers that live until the session ends or the test ends them; all must end well."""
    folder = tmp_path_factory.mktemp("servers")
    numbers = itertools.count()
    servers = []

    def launch(*options, **variables):
        server = Server(folder / f"{next(numbers)}.log", *SMALL, *options, **variables)
        servers.append(server)
        return server

    yield launch
    failures = []
    for server in servers:
        if server.process.returncode is not None:
            continue
        try:
            server.stop()
        except AssertionError as failure:
            failures.append(f"{' '.join(map(str, server.process.args[1:]))}: {failure}")
    assert not failures, "\n".join(failures)


@pytest.fixture
def start_server(launch):
    """Starts a server with further options; the test may end it itself."""
    started = []

    def start(*options, **variables):
        server = launch(*options, **variables)
        started.append(server)
        return server

    yield start
    for server in started:
        if server.process.returncode is None:
            server.stop()


@pytest.fixture(scope="session")
def server(launch):
    """The server that most tests share: no keys, eight sequences."""
    return launch("--ctx-size", "2048")


@pytest.fixture(scope="session")
def single(launch):
    """A server with one sequence, room for one more request to wait, and the names of its own models only."""
    return launch("--ctx-size", "8192", "--parallel", "1", "--max-queue", "1", "--strict-models")


@pytest.fixture(scope="session")
def guarded(launch):
    """A server with keys, a page that may use it, another name, and a small limit on bodies."""
    return launch(
        *("--ctx-size", "512", "--parallel", "1", "--api-key", KEY, "--cors-origin", "https://page.example"),
        *("--allow-host", "box.example", "--max-body-mib", "1"),
        INFERENCE_SERVER_API_KEY=OTHER_KEY,
    )


@pytest.fixture(scope="session")
def connect():
    """Makes official clients, which are closed at the end."""
    clients = []

    def connect(server, kind=openai.OpenAI, **options):
        settings = {"api_key": "unused", "max_retries": 0, "timeout": DEADLINE, "_strict_response_validation": True}
        client = kind(base_url=f"{server.url}/v1", **settings | options)
        if kind is openai.OpenAI:
            clients.append(client)
        return client

    yield connect
    for client in clients:
        client.close()


@pytest.fixture(scope="session")
def client(server, connect):
    """The official client, which refuses responses that are not as specified."""
    return connect(server)


@pytest.fixture(scope="session")
def lenient(server, connect):
    """The official client as programs use it.

    Needed for streamed text completions: there OpenAI itself sends a finish reason of null, which its own types forbid.
    """
    return connect(server, _strict_response_validation=False)
