"""Bodies and requests that no client sends by accident, to every endpoint with a body: a clear refusal in the form of its API.

Meanwhile another client's streams go on. test_bad_input.py has more of it for chats and text completions.
"""

import json
import threading

import pytest

from support import MODEL, PROMPT, message, post, wait_until
from test_bad_input import BROKEN, VALUES
from test_types import told

# Their bodies are megabytes: to some endpoints alone, one of each API and of each shape.
HUGE = {"millions of values"}
HUGE_PATHS = {"/responses", "/messages", "/api/chat", "/tokenize"}
JSON = {"Content-Type": "application/json"}
EMBEDDER = "all-MiniLM-L6-v2"


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
SHORT = {"n_predict": 1, "logit_bias": {"2": 100}}
GOOD = {
    "/responses": {"input": "x", "max_output_tokens": 16, "logit_bias": {"2": 100}},
    "/responses/input_tokens": {"input": "x"},
    "/responses/compact": {"input": "x"},
    "/decisions": {"input": "x", "questions": [{"type": "predicate", "instructions": "x"}]},
    "/embeddings": {"input": "x"},
    "/rerank": {"query": "x", "documents": ["x"]},
    "/moderations": {"input": "x"},
    "/messages": {"model": MODEL, "messages": [message("x")], "max_tokens": 1},
    "/messages/count_tokens": {"model": MODEL, "messages": [message("x")]},
    "/api/chat": {"model": MODEL, "messages": [message("x")], "options": {"num_predict": 1}},
    "/api/generate": {"model": MODEL, "prompt": "x", "options": {"num_predict": 1}},
    "/api/embed": {"model": EMBEDDER, "input": "x"},
    "/api/show": {"model": MODEL},
    "/tokenize": {"content": "x"},
    "/detokenize": {"tokens": [5]},
    "/apply-template": {"messages": [message("x")]},
    "/completion": {"prompt": "x"} | SHORT,
    "/infill": {"input_prefix": "x", "input_suffix": "x"} | SHORT,
    "/internal/encode": {"text": "x"},
    "/internal/decode": {"tokens": [5]},
    "/internal/token-count": {"text": "x"},
    "/internal/logits": {"prompt": "x", "top_logits": 1},
    "/internal/chat-prompt": {"messages": [message("x")]},
    "/internal/model/load": {"model_name": MODEL},
}
# As deep as JSON may be here, but for what is around them.
DEEP = [json.loads("[" * 60 + "]" * 60), json.loads('{"a":' * 60 + "1" + "}" * 60)]


@pytest.mark.parametrize("path", GOOD)
def test_values_of_all_types_are_answered_or_refused_everywhere(server, posts, path):
    # Those that chats and text completions have, too, are tried there.
    known = set() if path == "/messages" else posts["/chat/completions"]["properties"].keys()
    for name in posts[path]["properties"].keys() - known | GOOD[path].keys():
        for value in VALUES + DEEP:
            reply = server.request("POST", address(path), GOOD[path] | {name: value})
            if reply.status != 200:
                check(path, reply, (400, 404))


# MARK: schemas


def nested(depth):
    """A schema of objects in objects."""
    schema = {"type": "integer"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}, "required": ["a"], "additionalProperties": False}
    return schema


# Where the schemas of each API stand.
SCHEMAS = {
    "/responses": lambda schema: {"text": {"format": {"type": "json_schema", "name": "x", "strict": True, "schema": schema}}},
    "/messages": lambda schema: {"tools": [{"name": "x", "input_schema": schema}], "tool_choice": {"type": "any"}},
    "/api/chat": lambda schema: {"format": schema},
    "/api/generate": lambda schema: {"format": schema},
    "/completion": lambda schema: {"json_schema": schema},
}
NO_SCHEMAS = [
    *(nested(depth) for depth in (8, 25, 31)),
    {"type": "nothing"},
    {"$ref": "#/$defs/nothing"},
    {"$ref": "#"},
    {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    {"type": "string", "pattern": "(" * 1000},
    {"type": "string", "pattern": "((a{999}){999}){999}"},
    {"type": "array", "items": {"type": "array", "minItems": 10**6}, "minItems": 10**6},
    {"type": "integer", "minimum": 5, "maximum": 4},
    {"enum": []},
    {"enum": ["x" * 1000] * 1000},
    {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(5000)}},
]


@pytest.mark.parametrize("path", SCHEMAS)
def test_schemas_that_nobody_means_are_answered_or_refused_everywhere(server, path):
    for schema in NO_SCHEMAS:
        reply = server.request("POST", address(path), GOOD[path] | SCHEMAS[path](schema))
        if reply.status != 200:
            check(path, reply)


# MARK: texts

# Where the text of each API stands.
TEXTS = {
    "/responses": lambda text: {"input": text},
    "/responses/input_tokens": lambda text: {"input": text},
    "/decisions": lambda text: {"input": text},
    "/embeddings": lambda text: {"input": text},
    "/rerank": lambda text: {"documents": ["x", text]},
    "/moderations": lambda text: {"input": text},
    "/messages": lambda text: {"messages": [message(text)]},
    "/messages/count_tokens": lambda text: {"messages": [message(text)]},
    "/api/chat": lambda text: {"messages": [message(text)]},
    "/api/generate": lambda text: {"prompt": text},
    "/api/embed": lambda text: {"input": text},
    "/tokenize": lambda text: {"content": text},
    "/completion": lambda text: {"prompt": text},
    "/internal/encode": lambda text: {"text": text},
    "/internal/token-count": lambda text: {"text": text},
    "/internal/logits": lambda text: {"prompt": text},
    "/internal/chat-prompt": lambda text: {"messages": [message(text)]},
    "/apply-template": lambda text: {"messages": [message(text)]},
}
STRANGE = [
    *("\u0000", "\u202e" * 10, "\U0010ffff", "\ufffe\uffff", "\r\n\u2028", " ", "<|im_end|>", "e" + "\u0301" * 30),
    *("\U0001f468\u200d\U0001f469", "{{ messages }}", "[CLS]"),
]
# What counts tokens, or cuts a text down to what fits, does it with any text.
TAKE_ALL = {
    *("/responses/input_tokens", "/messages/count_tokens", "/api/embed", "/tokenize", "/internal/encode"),
    *("/internal/token-count", "/internal/chat-prompt", "/apply-template"),
}


@pytest.mark.parametrize("path", TEXTS)
def test_strange_texts_are_texts_everywhere(server, path):
    for text in STRANGE:
        reply = server.request("POST", address(path), GOOD[path] | TEXTS[path](text))
        assert reply.status == 200, (path, text, reply)


@pytest.mark.parametrize("path", TEXTS)
def test_half_a_character_is_no_text_anywhere(server, path):
    for text in ("\ud83d", "x\ude00", "\ude00\ud83d"):
        check(path, server.request("POST", address(path), GOOD[path] | TEXTS[path](text)))


@pytest.mark.parametrize("path", TEXTS)
@pytest.mark.parametrize("text", ["x" * 200_000, "a b " * 50_000], ids=["a word", "words"])
def test_texts_without_end_are_refused_unless_they_are_counted_or_cut(server, path, text):
    reply = server.request("POST", address(path), GOOD[path] | TEXTS[path](text))
    if path in TAKE_ALL and reply.status == 200:
        return
    check(path, reply)


# MARK: clients that vanish

ENDLESS = {"n_predict": 200, "ignore_eos": True}
STREAMS = {
    "/chat/completions": {"messages": [message()]} | ENDLESS,
    "/completions": {"prompt": PROMPT} | ENDLESS,
    "/responses": {"input": PROMPT, "max_output_tokens": 200, "ignore_eos": True},
    "/messages": {"model": MODEL, "messages": [message()], "max_tokens": 200, "temperature": 0},
    "/api/chat": {"model": MODEL, "messages": [message()], "options": {"num_predict": 200, "temperature": 0}},
    "/api/generate": {"model": MODEL, "prompt": PROMPT, "options": {"num_predict": 200, "temperature": 0}},
    "/completion": {"prompt": PROMPT} | ENDLESS,
}


def ends(server, outcome):
    """How many requests have ended so, of all models."""
    return sum(server.metrics().values("requests_total", outcome=outcome))


@pytest.mark.parametrize("path", STREAMS)
def test_clients_that_vanish_within_a_stream_are_counted_as_cancelled(server, path):
    cancelled, failed = ends(server, "cancelled"), ends(server, "failed")
    for reset in (False, True):
        stream = server.stream(address(path), **STREAMS[path])
        # Its head comes once the request is admitted, and something of it with the first token.
        assert stream.connection.recv(4096).startswith(b"HTTP/1.1 200")
        assert stream.connection.recv(1)
        stream.close(reset)
    wait_until(lambda: ends(server, "cancelled") == cancelled + 2, "the end of both")
    assert ends(server, "failed") == failed


@pytest.mark.parametrize("path", GOOD)
def test_clients_that_vanish_within_a_request_do_no_harm(server, path):
    whole = post(address(path), GOOD[path])
    for length in (10, len(whole) // 2, len(whole) - 1, len(whole)):
        with server.socket() as connection:
            connection.sendall(whole[:length])
