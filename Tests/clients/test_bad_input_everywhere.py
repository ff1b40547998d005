"""Bodies and requests that no client sends by accident, to every endpoint with a body: a clear refusal in the form of its API.

Meanwhile another client's streams go on. test_bad_input.py has more of it for chats and text completions.
"""

import threading

import pytest

from support import MODEL, PROMPT, message
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
    "/rerank": {"query": "x", "documents": ["x"]},
    "/messages": {"model": MODEL, "messages": [message("x")], "max_tokens": 1},
    "/messages/count_tokens": {"model": MODEL, "messages": [message("x")]},
    "/api/chat": {"model": MODEL, "messages": [message("x")], "options": {"num_predict": 1}},
}


@pytest.mark.parametrize("path", GOOD)
def test_values_of_all_types_are_answered_or_refused_everywhere(server, posts, path):
    # Those that chats have, too, are tried there.
    known = posts["/chat/completions"]["properties"] if path == "/responses" else {}
    for name in posts[path]["properties"].keys() - known.keys() | GOOD[path].keys():
        for value in VALUES:
            reply = server.request("POST", address(path), GOOD[path] | {name: value})
            if reply.status != 200:
                check(path, reply, (400, 404))
