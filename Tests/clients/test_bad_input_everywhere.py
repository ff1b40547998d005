"""Bodies and requests that no client sends by accident, to every endpoint with a body: a clear refusal in the form of its API.

Meanwhile another client's streams go on. test_bad_input.py has more of it for chats and text completions.
"""

import json
import threading

import pytest

from support import MODEL, PROMPT, TOPIC, message, post, read_reply, wait_until
from test_bad_input import BROKEN, VALUES
from test_types import told

# Their bodies are megabytes: to some endpoints alone, one of each API and of each shape.
HUGE = {"millions of values"}
HUGE_PATHS = {"/responses", "/messages", "/api/chat", "/tokenize"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(launch):
    """A server where the longest answer is short."""
    return launch("--ctx-size", "256", "--parallel", "4")


@pytest.fixture(scope="module")
def posts(server):
    """The schemas of the bodies of all endpoints that have one."""
    description = server.request("GET", "/openapi.json").json
    return {
        path: methods["post"]["requestBody"]["content"]["application/json"]["schema"]
        for path, methods in description["paths"].items()
        if "application/json" in methods.get("post", {}).get("requestBody", {}).get("content", {})
    }


@pytest.fixture(autouse=True)
def neighbour(server):
    """Another client, whose streams all end as they should."""
    is_over, lengths, faults = threading.Event(), [], []

    def read():
        while not is_over.is_set():
            try:
                with server.stream(messages=[message(PROMPT)], max_tokens=16, ignore_eos=True, temperature=0) as stream:
                    reasons = [choice["finish_reason"] for event in stream for choice in event["choices"]]
                lengths.append(reasons[-1])
            except Exception as fault:
                faults.append(fault)
                return

    thread = threading.Thread(target=read)
    thread.start()
    yield
    is_over.set()
    thread.join()
    assert not faults and lengths and set(lengths) == {"length"}
    assert server.request("GET", "/health").json["status"] == "ok"


def address(path):
    return "/v1" + path.replace("{engine}", MODEL)


def check(path, reply, statuses=(400,)):
    assert reply.status in statuses, (path, reply)
    assert len(reply.body) < 2000
    assert told(path, reply)


@pytest.mark.parametrize("name", BROKEN)
def test_a_body_that_is_no_json_is_refused_everywhere(server, posts, name):
    for path in posts:
        if name in HUGE and path not in HUGE_PATHS:
            continue
        check(path, server.request("POST", address(path), BROKEN[name], JSON))


@pytest.mark.parametrize("body", ["[]", "null", "true", "7", '"text"', "[{}]", '{"model": 5}', '{"no such thing": 1}'])
def test_a_body_that_is_no_request_is_refused_everywhere(server, posts, body):
    for path in posts:
        check(path, server.request("POST", address(path), body, JSON))


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_another_content_type_is_refused_everywhere(server, posts, kind):
    for path in posts:
        check(path, server.request("POST", address(path), b"{}", {"Content-Type": kind} if kind else {}), [415])


def test_a_name_without_end_is_quoted_in_part_everywhere(server, posts):
    for path in posts:
        check(path, server.request("POST", address(path), {"x" * 1_000_000: 1}))


# What endpoints need, and what keeps their answers short.
GOOD = {
    "/responses": {"input": "x", "max_output_tokens": 16, "logit_bias": {"2": 100}},
    "/responses/input_tokens": {"input": "x"},
    "/responses/compact": {"input": "x"},
    "/decisions": {"input": "x", "questions": [{"type": "predicate", "instructions": "x"}]},
    "/embeddings": {"input": "x"},
    "/moderations": {"input": "x"},
    "/rerank": {"query": "x", "documents": ["x"]},
    "/messages": {"model": MODEL, "messages": [message("x")], "max_tokens": 1},
    "/messages/count_tokens": {"model": MODEL, "messages": [message("x")]},
    "/api/chat": {"model": MODEL, "messages": [message("x")], "options": {"num_predict": 1}},
    "/api/generate": {"model": MODEL, "prompt": "x", "options": {"num_predict": 1}},
    "/api/embed": {"model": "all-MiniLM-L6-v2", "input": "x"},
    "/api/embeddings": {"model": "all-MiniLM-L6-v2", "prompt": "x"},
    "/api/show": {"model": MODEL},
    "/internal/encode": {"text": "x"},
    "/internal/decode": {"tokens": [1]},
    "/internal/token-count": {"text": "x"},
    "/internal/model/load": {"model_name": MODEL},
    "/internal/logits": {"prompt": "x"},
    "/tokenize": {"content": "x"},
    "/detokenize": {"tokens": [1]},
    "/infill": {"input_prefix": "x", "input_suffix": "y", "n_predict": 1},
}


@pytest.mark.parametrize("path", GOOD)
def test_values_of_all_types_are_answered_or_refused_everywhere(server, posts, path):
    # Those that chats have, too, are tried there.
    known = posts["/chat/completions"]["properties"] if path in ("/responses", "/infill") else {}
    for name in posts[path]["properties"].keys() - known.keys() | GOOD[path].keys():
        for value in VALUES:
            reply = server.request("POST", address(path), GOOD[path] | {name: value})
            if reply.status != 200:
                check(path, reply, (400, 404))


@pytest.mark.parametrize("path", GOOD)
def test_deep_values_are_answered_or_refused_everywhere(server, path):
    for name in GOOD[path]:
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            deep = opening * 90 + "1" + closing * 90
            body = json.dumps(GOOD[path] | {name: "DEEP"}).replace('"DEEP"', deep)
            reply = server.request("POST", address(path), body, JSON)
            if reply.status != 200:
                check(path, reply, (400, 404))


@pytest.mark.parametrize("path", GOOD)
def test_a_client_that_vanishes_does_no_harm_anywhere(server, path):
    sockets = len(server.sockets)
    whole = post(address(path), GOOD[path])
    for length in (len(whole) // 2, len(whole) - 1, len(whole)):
        with server.socket() as connection:
            connection.sendall(whole[:length])
    with server.socket() as connection:
        connection.sendall(whole)
        assert read_reply(connection).status in (200, 400)
    # The neighbour may be between two streams.
    wait_until(lambda: len(server.sockets) <= sockets + 1, "closing the connections")


@pytest.mark.parametrize("text", [TOPIC * 100_000, "\u0000", "\ufffe\uffff", "\U0010ffff" * 50], ids=["long", "zero", "no characters", "planes"])
def test_strange_texts_are_answered_or_refused_everywhere(server, text):
    for path, body in GOOD.items():
        name = next((name for name in ("input", "text", "content", "query", "prompt", "input_prefix") if name in body), None)
        changed = body | ({name: text} if name else {"messages": [message(text)]} if "messages" in body else {})
        reply = server.request("POST", address(path), changed)
        if reply.status != 200:
            check(path, reply)


@pytest.mark.parametrize(
    "path",
    ["/v1/models/%ff%fe", "/v1/responses/%00", "/v1/responses/%ff", "/v1/engines/%c0%af", "/api/%ff", "/v1/messages/%f0%28", "/%ff"],
)
def test_paths_that_are_no_text_are_not_found(server, path):
    reply = server.request("GET", path)
    assert reply.status in (404, 405) and told(path, reply)


@pytest.mark.parametrize(
    "query", ["limit=%ff", "limit=" + "9" * 5000, "limit=1e3", "limit=-1", "after=%00", "after=" + "x" * 5000, "limit", "limit=&limit=2"]
)
def test_queries_that_make_no_sense_are_refused(server, query):
    check("/models", server.request("GET", f"/v1/models?{query}"))
