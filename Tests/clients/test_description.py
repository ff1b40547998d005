"""/openapi.json, /docs, and the page docs/compatibility.md: what the server says of itself is what it does."""

import json
import re

import pytest
import schemathesis
from openapi_spec_validator import OpenAPIV31SpecValidator

from support import ROOT, message

METHODS = ("get", "post", "delete")


@pytest.fixture(scope="module")
def description(server):
    reply = server.request("GET", "/openapi.json")
    assert reply.status == 200
    return reply.json


def operations(description):
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_the_description_is_valid(description):
    OpenAPIV31SpecValidator(description).validate()
    assert len(list(schemathesis.openapi.from_dict(description).get_all_operations())) > 20


def test_every_operation_says_what_it_is(description):
    for method, path, operation in operations(description):
        assert operation["summary"], f"{method} {path} has no summary: give its Route an Operation"
        if method == "post" and "200" in operation["responses"] and path not in WITHOUT_BODY:
            assert "requestBody" in operation, f"POST {path}: its Operation does not name the type of its body"


# These take no parameters.
WITHOUT_BODY = {"/internal/model/unload", "/internal/stop-generation", "/responses/{response}/cancel"}


def test_every_endpoint_that_is_described_is_there(server, description):
    described = {f"{method.upper()} /v1{path}" for method, path, _ in operations(description)}
    assert described == set(server.request("GET", "/about").json["endpoints"])


# MARK: the page of the documentation


def test_the_page_comes_from_the_server_alone(guarded):
    """Without a key, which the page asks for."""
    page = guarded.request("GET", "/docs")
    assert page.status == 200
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    html = page.body.decode()
    links = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert sorted(set(links)) == ["docs/page.css", "docs/page.js", "openapi.json"]
    for link in links:
        part = guarded.request("GET", f"/{link}")
        assert part.status == 200, link
        assert part.body == guarded.request("GET", f"/v1/{link}").body
        assert not re.search(rb"https?://", part.body), f"{link} names another address"
    assert not re.search(r"<style|style=|\son\w+=|<script>", html), "the policy forbids these"
    assert guarded.request("GET", "/v1/models").status == 401
    assert guarded.request("POST", "/docs").status == 401


# MARK: docs/compatibility.md

PAGE = ROOT / "docs/compatibility.md"
# Parameters that make sense only beside others, or where their smallest value would not do.
TOOLS = [{"type": "function", "function": {"name": "x"}}]
COMPANIONS = {
    "stream_options": {"stream": True},
    "audio": {"modalities": ["text", "audio"]},
    "top_logprobs": {"logprobs": True},
    "post_sampling_probs": {"n_probs": 1},
    "tool_choice": {"tools": TOOLS},
    "function_call": {"functions": [{"name": "x"}]},
    ("/responses", "top_logprobs"): {},
    ("/responses", "tool_choice"): {"tools": [{"type": "function", "name": "x"}]},
    ("/responses/input_tokens", "tool_choice"): {"tools": [{"type": "function", "name": "x"}]},
    ("/messages", "tool_choice"): {"tools": [{"name": "x", "input_schema": {"type": "object"}}]},
    ("/messages/count_tokens", "tool_choice"): {"tools": [{"name": "x", "input_schema": {"type": "object"}}]},
    ("/messages", "thinking"): {"max_tokens": 1025},
    ("/api/generate", "context"): {},
} | {
    name: {"mode": "chat-instruct"}
    for name in (
        "character", "user_name", "bot_name", "user_bio", "context", "greeting", "chat_instruct_command",
    )
}
# What endpoints need, or get so that they end soon, beside what their descriptions require.
BODIES = {
    "/responses": {"input": "x", "max_output_tokens": 16},
    "/responses/input_tokens": {"input": "x"},
    "/responses/compact": {"input": "x"},
    "/messages": {"max_tokens": 1, "messages": [message("x")]},
    "/messages/count_tokens": {"messages": [message("x")]},
    "/api/embed": {"input": "x"},
    "/api/embeddings": {"prompt": "x"},
    "/api/chat": {"options": {"num_predict": 1}, "messages": [message("x")]},
    "/api/generate": {"options": {"num_predict": 1}, "prompt": "x"},
}
# Values of a language of their own.
VALUES = {
    "grammar": 'root ::= "x"',
    "character": "Example",
    "instruction_template": "Alpaca",
    # True asks for a last turn of the assistant.
    "continue_": False,
    "voice": "alloy",
    "audio": {"voice": "alloy", "format": "wav"},
    "language": "en",
}
# What the model of the tests can't do, and the error of a request that decodes and asks for it.
NOT_THIS_MODEL = {
    ("/infill", "fill_in_the_middle_not_supported"),
    ("suffix", "unsupported_value"),
    # Allowed by an option alone.
    ("instruction_template_str", "unsupported_parameter"),
    ("reasoning_effort", "unsupported_parameter"),
    ("enable_thinking", "unsupported_parameter"),
    ("reasoning", "unsupported_parameter"),
    ("model", "unsupported_model"),
    ("previous_response_id", "previous_response_not_found"),
    # There is no record to rename.
    ("/audio/voice_consents/{consent}", "not_found"),
}
# The same where errors have no code.
NOT_THIS_MODEL_IN_WORDS = {"does not reason", "does not see images", "was not trained to fill in"}


def rows():
    """Each (method, path, parameter, status) of the page."""
    endpoints = []
    for line in PAGE.read_text().splitlines():
        if line.startswith("#"):
            endpoints = re.findall(r"`(GET|POST|DELETE) /v1(/[^`]*)`", line)
        elif match := re.match(r"\| `([a-z_A-Z.]+)` \| (works|refused|no meaning) \|", line):
            for method, path in endpoints:
                yield method.lower(), path, *match.groups()


def parameters(operation):
    body = operation.get("requestBody")
    properties = next(iter(body["content"].values()))["schema"]["properties"] if body else {}
    query = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
    return properties, query


def status(schema):
    return {"refused": "refused", "no effect": "no meaning"}.get(schema.get("x-support"), "works")


def test_the_page_has_a_row_for_every_parameter(description):
    found = {(method, path, name): word for method, path, name, word in rows()}
    expected = {}
    for method, path, operation in operations(description):
        properties, query = parameters(operation)
        expected |= {(method, path, name): status(schema) for name, schema in properties.items()}
        expected |= {(method, path, name): "works" for name in query}
    wrong = [
        f"{method.upper()} /v1{path}: '{name}' needs the row | `{name}` | {word} | why, or what it does |"
        for (method, path, name), word in expected.items()
        if found.get((method, path, name)) != word
    ]
    wrong += [
        f"{method.upper()} /v1{path}: there is no parameter '{name}' any more: remove its row"
        for method, path, name in found.keys() - expected.keys()
    ]
    assert not wrong, "docs/compatibility.md is not what the server does:\n" + "\n".join(wrong)


def test_the_page_names_every_endpoint(description):
    text = PAGE.read_text()
    missing = [
        f"{method.upper()} /v1{path}"
        for method, path, operation in operations(description)
        if f"`{method.upper()} /v1{path}`" not in text and "200" in operation["responses"]
    ]
    assert not missing, "docs/compatibility.md does not name: " + ", ".join(missing)


def example(schema):
    """A small value that a schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return example(schema["anyOf"][0])
    kind = schema.get("type", "null")
    match kind if isinstance(kind, str) else kind[0]:
        case "boolean":
            return True
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "string":
            return "x" * max(1, schema.get("minLength", 0))
        case "array":
            return [example(schema["items"])] * max(1, schema.get("minItems", 0))
        case "object":
            return {name: example(schema["properties"][name]) for name in schema.get("required", [])}
    return None


def posts(description):
    """The endpoints with a body, with the smallest body."""
    for method, path, operation in operations(description):
        # Forms are in test_voices.py, with their files.
        if content := operation.get("requestBody", {}).get("content", {}).get("application/json"):
            schema = content["schema"]
            yield path, schema["properties"], example(schema)


def refusal(path, reply):
    """What is wrong with a request, as OpenAI's error says it, and the words for it."""
    if path.startswith("/messages"):
        assert reply.json["type"] == "error" and reply.json["request_id"] == reply.headers["request-id"]
        return {"param": None, "code": None, "message": reply.json["error"]["message"]}
    if path.startswith("/api/"):
        assert list(reply.json) == ["error"]
        return {"param": None, "code": None, "message": reply.json["error"]}
    return reply.error


# The path of one model stands for any.
def model_for(server, path):
    models = server.request("GET", "/v1/models").json["data"]
    wanted = "embedding" if path.endswith(("/embed", "/embeddings")) else "chat"
    return next(model["id"] for model in models if model["meta"]["kind"] == wanted)


def address(server, path):
    return "/v1" + re.sub(r"\{\w+\}", model_for(server, path), path)


def test_what_is_refused_is_refused_by_its_name(server, description):
    for path, properties, body in posts(description):
        for name, schema in properties.items():
            if schema.get("x-support") != "refused":
                continue
            reply = server.request("POST", address(server, path), body | {name: {"not": "harmless"}})
            assert reply.status == 400, f"{path}: {name}: {reply}"
            error = refusal(path, reply)
            assert f"'{name}'" in error["message"]
            assert error["param"] in (name, None)
            assert error["code"] in ("unsupported_parameter", "unsupported_value", None), reply


def test_what_works_or_has_no_meaning_is_accepted(server, description):
    """Each by itself, with a value that its schema allows, null, and each value that is named one by one."""
    limit = {"max_tokens": 1}
    wrong = []
    for path, properties, body in posts(description):
        model = model_for(server, path)
        if path in BODIES:
            body = body | BODIES[path]
        elif "max_tokens" in properties:
            body = body | limit
        for name in {"model", "model_name"} & body.keys():
            body[name] = model
        if "tokens" in body:
            body["tokens"] = [1]
        for name, schema in properties.items():
            values = [value for value in schema.get("enum", [example(schema)])]
            if name in body:
                values = []
            for value in values:
                value = model if name == "model" else VALUES.get(name, value)
                request = body | {name: value} | COMPANIONS.get((path, name), COMPANIONS.get(name, {}))
                # Two names of one parameter.
                if name == "n_predict":
                    request.pop("max_tokens", None)
                reply = server.request("POST", address(server, path), request)
                if reply.status == 200:
                    continue
                error = refusal(path, reply)
                known = {(path, error["code"]), (name, error["code"])} & NOT_THIS_MODEL
                if not known and not any(words in error["message"] for words in NOT_THIS_MODEL_IN_WORDS):
                    wrong.append(f"{path}: {name} = {json.dumps(value)}: {reply}")
    assert not wrong, "\n".join(wrong)

