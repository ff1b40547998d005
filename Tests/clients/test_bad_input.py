"""Input that no client sends by accident; the server must answer each and stay well."""

import json
import random
import resource
import socket

import pytest

from support import PROMPT, TOPIC, chat_body, message, post, read_reply, wait_until

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"


@pytest.fixture(autouse=True)
def stays_well(server):
    """Whatever a test sends, the server answers the next client."""
    yield
    assert server.is_running
    assert server.request("GET", "/health").json["status"] == "ok"


def chat():
    """A good request as bytes."""
    return json.dumps(chat_body(max_tokens=1)).encode()


def is_served(server):
    return server.request("POST", CHAT, chat_body(max_tokens=1)).status == 200


# MARK: bodies

BROKEN = {
    "nothing": b"",
    "spaces": b"  \r\n\t ",
    "half an object": b'{"messages": [',
    "half a string": b'{"messages": "' + TOPIC.encode(),
    "words": TOPIC.encode(),
    "two objects": b"{}{}",
    "a comma too many": chat()[:-1] + b",}",
    "single quotes": b"{'messages': []}",
    "a comment": b"/* " + TOPIC.encode() + b" */ {}",
    "a byte order mark": b"\xef\xbb\xbf" + chat(),
    "UTF-16": chat().decode().encode("utf-16"),
    "a zero byte": chat() + b"\0",
    "a zero byte in a string": b'{"messages": "\0"}',
    "invalid UTF-8": b'{"prompt": "\xff\xfe ' + TOPIC.encode() + b'"}',
    "overlong UTF-8": b'{"prompt": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"prompt": "\xed\xa0\x80"}',
    "a lone high surrogate": b'{"prompt": "\\ud83d"}',
    "a lone low surrogate": b'{"prompt": "\\ude00 x"}',
    "a surrogate pair in reverse": b'{"prompt": "\\ude00\\ud83d"}',
    "NaN": b'{"prompt": "x", "temperature": NaN}',
    "Infinity": b'{"prompt": "x", "temperature": -Infinity}',
    "a number without end": b'{"prompt": "x", "temperature": 1e999999}',
    "an integer without end": b'{"prompt": "x", "seed": ' + b"9" * 5000 + b"}",
    "a leading zero": b'{"prompt": "x", "n": 01}',
    "a key twice": b'{"prompt": "x", "prompt": "y"}',
    "a key twice, spelled otherwise": b'{"prompt": "x", "pr\\u006fmpt": "y"}',
    "a key twice, deep inside": b'{"messages": [{"role": "user", "content": "x", "role": "system"}]}',
    "a zero in a key": b'{"pro\\u0000mpt": "x"}',
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep and closed": b"[" * 5_000 + b"]" * 5_000,
    "millions of values": b"[" + b"0," * 3_000_000 + b"0]",
}


@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_body_that_is_no_json_is_refused(server, path, body):
    reply = server.request("POST", path, body, {"Content-Type": "application/json"})
    assert reply.status == 400
    assert reply.error["type"] == "invalid_request_error"
    assert reply.error["code"] == "invalid_json"
    assert len(reply.body) < 1000


@pytest.mark.parametrize("body", ["[]", "null", "true", "7", '"text"', "[{}]", "{}", '{"model": 5}'])
@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
def test_a_body_that_is_no_request_is_refused(server, path, body):
    reply = server.request("POST", path, body, {"Content-Type": "application/json"})
    assert reply.status == 400
    assert reply.error["code"] in ("invalid_type", "missing_required_parameter")


VALUES = [None, True, -1, 2**63, 1e308, "", "x" * 100_000, [], [[]], {}, {"a": {"b": []}}, [None], ["a", {}]]
NAMES = [
    *("model", "messages", "prompt", "temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty"),
    *("seed", "logit_bias", "stop", "ignore_eos", "n", "max_tokens", "max_completion_tokens", "stream", "stream_options"),
    *("best_of", "user", "tools", "tool_choice", "response_format", "metadata", "logprobs", "prediction", "grammar"),
    *("echo", "suffix", "samplers", "typical_p", "mirostat", "repetition_penalty", "dry_sequence_breakers", "n_predict"),
]


@pytest.mark.parametrize("name", NAMES)
def test_values_of_all_types_are_answered_or_refused(server, name):
    connection = server.connection()
    # The bias ends an answer at once where the limit is taken away.
    limits = {"max_tokens": 1, "logit_bias": {"2": 100}}
    for path, body in [(CHAT, chat_body(**limits)), (COMPLETIONS, {"prompt": PROMPT} | limits)]:
        for value in VALUES:
            data = json.dumps(body | {name: value})
            connection.request("POST", path, data, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
            assert response.status in (200, 400, 404), (path, name, value, answer[:500])
            if response.status != 200:
                error = json.loads(answer)["error"]
                assert error["code"] and error["message"] and len(answer) < 2000, (path, name, value, answer[:500])
    connection.close()


def test_a_name_without_end_is_quoted_in_part(server):
    reply = server.request("POST", CHAT, chat_body(**{"x" * 1_000_000: 1}))
    assert reply.status == 400
    assert len(reply.body) < 1000


def test_ten_thousand_messages_are_refused_for_their_length(server):
    reply = server.request("POST", CHAT, {"messages": [message(f"{TOPIC} {n}") for n in range(10_000)]})
    assert reply.status == 400
    assert reply.error["code"] == "context_length_exceeded"


def test_ten_thousand_empty_messages_are_refused_for_their_length(server):
    reply = server.request("POST", CHAT, {"messages": [message("")] * 10_000})
    assert reply.status == 400
    assert reply.error["code"] == "context_length_exceeded"


def test_a_hundred_thousand_messages_are_too_many(server):
    reply = server.request("POST", CHAT, {"messages": [message("x")] * 100_000})
    assert (reply.status, reply.error["code"]) == (400, "array_above_max_length")


@pytest.mark.parametrize("text", ["\u0000", "\u202e" * 10, "\U0010ffff", "\ufffe\uffff", "\r\n\u2028", " " * 1000], ids=ascii)
def test_strange_characters_are_text(server, text):
    for path, body in [(CHAT, chat_body(text, max_tokens=1)), (COMPLETIONS, {"prompt": text, "max_tokens": 1})]:
        assert server.request("POST", path, body).status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", None])
def test_another_content_type_is_refused(server, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    reply = server.request("POST", CHAT, chat(), headers)
    assert reply.status == 415
    assert reply.error["code"] == "unsupported_content_type"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"])
def test_a_content_type_may_have_parameters(server, kind):
    assert server.request("POST", CHAT, chat(), {"Content-Type": kind}).status == 200


# MARK: requests

NO_REQUESTS = {
    "words": b"hello there\r\n\r\n",
    "TLS": bytes.fromhex("16030100f8010000f40303") + bytes(240),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another version": b"GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "a host that is none": b"GET /health HTTP/1.1\r\nHost: local host\r\n\r\n",
    "two lengths": b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length and chunks": b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    "a length in words": b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: five\r\n\r\n",
    "chunks of no size": b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "another coding": b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a header without end": b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "headers without end": b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X: x\r\n" * 20_000 + b"\r\n",
    "a path without end": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a header without a colon": b"GET /health HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n",
}


@pytest.mark.parametrize("data", NO_REQUESTS.values(), ids=NO_REQUESTS.keys())
def test_what_is_no_request_is_refused_or_cut(server, data):
    with server.socket() as connection:
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        except OSError:
            return
    if answer:
        version, status = answer.split(maxsplit=2)[:2]
        assert version.startswith(b"HTTP/1.") and 400 <= int(status) < 600, answer


def test_random_bytes_are_refused_or_cut(server):
    generator = random.Random(4711)
    for _ in range(100):
        with server.socket() as connection:
            try:
                connection.sendall(generator.randbytes(generator.randrange(1, 3000)) + b"\r\n\r\n")
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except OSError:
                pass


def test_a_request_may_come_byte_by_byte(server):
    with server.socket() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in post(CHAT, chat()):
            connection.send(bytes([byte]))
        assert read_reply(connection).status == 200


def test_a_request_that_is_cut_anywhere_does_no_harm(server):
    whole = post(CHAT, chat())
    for length in range(0, len(whole), 7):
        with server.socket() as connection:
            connection.sendall(whole[:length])


def test_a_body_that_does_not_come_holds_nobody_up(server):
    with server.socket() as slow:
        slow.sendall(post(CHAT, chat())[:-10])
        assert is_served(server)
        slow.sendall(chat()[-10:])
        assert read_reply(slow).status == 200


# MARK: connections


@pytest.fixture
def many_descriptors():
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limits[1] < 4096:
        pytest.skip(f"this system allows {limits[1]} open files only")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_thousands_of_silent_connections_hold_nobody_up_and_leave_nothing(server, many_descriptors):
    assert is_served(server)
    sockets, memory = len(server.sockets), server.memory
    connections = [server.socket() for _ in range(2000)]
    # Half of them begin a request.
    for connection in connections[::2]:
        connection.sendall(post(CHAT, chat())[:-10])
    wait_until(lambda: len(server.sockets) > 2000, "accepting all connections")
    assert is_served(server)
    for connection in connections:
        connection.close()
    wait_until(lambda: len(server.sockets) <= sockets, "closing all connections")
    assert is_served(server)
    assert server.memory < memory * 1.25 + (64 << 20)


def test_large_bodies_leave_nothing(server):
    body = json.dumps({"prompt": "x" * (8 << 20)})
    memory = server.memory
    for _ in range(5):
        assert server.request("POST", COMPLETIONS, body, {"Content-Type": "application/json"}).status == 400
    assert server.memory < memory + (96 << 20)


def test_many_connections_in_a_row_leave_nothing(server):
    sockets = len(server.sockets)
    for _ in range(500):
        assert server.request("GET", "/health").status == 200
    wait_until(lambda: len(server.sockets) <= sockets, "closing all connections")
