"""Every answer of OpenAI's endpoints, streamed or not, has the form of the official client's types, and nothing that they lack.

The client validates strictly; members that its types do not know it would keep, so they are looked for here.
"""

import math

import openai
import pydantic
import pytest
from openai.types import Completion

from support import BEGINNING, KEY, MODEL, PROMPT, WEATHER_QUESTION, WEATHER_TOOL, message

FORM = {
    "type": "json_schema",
    "json_schema": {
        "name": "brick",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"count": {"type": "integer", "minimum": 0, "maximum": 9}},
            "required": ["count"],
            "additionalProperties": False,
        },
    },
}
FUNCTION = {"type": "function", **WEATHER_TOOL["function"]}
FUNCTION_OF_OLD = {name: value for name, value in WEATHER_TOOL["function"].items() if name != "strict"}


def unknown(value, path=""):
    """Paths of members that a model's type does not know."""
    if isinstance(value, pydantic.BaseModel):
        for name in value.model_extra or {}:
            yield f"{path}.{name}"
        for name in value.model_fields_set:
            yield from unknown(getattr(value, name, None), f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for element in value:
            yield from unknown(element, path)
    elif isinstance(value, dict):
        for name, element in value.items():
            yield from unknown(element, f"{path}.{name}")


def check(value, additions=()):
    """Nothing that the type does not know, but for additions of this server."""
    assert set(unknown(value)) <= set(additions)
    return value


CHAT = {"model": MODEL, "messages": [message()], "max_tokens": 12}
CHATS = {
    "plain": {},
    "several": {"n": 2, "service_tier": "flex", "seed": 1},
    "logprobs": {"logprobs": True, "top_logprobs": 2},
    "tools": {"tools": [WEATHER_TOOL], "tool_choice": "required", "max_tokens": 64},
    "functions": {"functions": [FUNCTION_OF_OLD], "function_call": {"name": "get_weather"}, "max_tokens": 64},
    "structured": {"response_format": FORM},
    "stopped": {"stop": ["e"]},
}


@pytest.mark.parametrize("parameters", CHATS.values(), ids=CHATS.keys())
def test_chats(client, parameters):
    check(client.chat.completions.create(**CHAT | parameters))
    options = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = [check(chunk) for chunk in client.chat.completions.create(**CHAT | parameters | options)]
    assert len(chunks) > 3


COMPLETION = {"model": MODEL, "prompt": BEGINNING, "max_tokens": 12}


@pytest.mark.parametrize("parameters", [{}, {"logprobs": 2}, {"n": 2, "best_of": 3}], ids=str)
def test_completions(client, lenient, parameters):
    check(client.completions.create(**COMPLETION | parameters))
    if "best_of" in parameters:
        return
    # OpenAI streams a reason of null until there is one, which its own type forbids.
    options = {"stream": True, "stream_options": {"include_usage": True}}
    for chunk in lenient.completions.create(**COMPLETION | parameters | options):
        told = chunk.model_dump()
        for choice in told["choices"]:
            choice["finish_reason"] = choice["finish_reason"] or "stop"
        check(Completion.model_validate(told, strict=True))


@pytest.mark.parametrize("encoding_format", ["float", "base64"])
def test_embeddings(client, lenient, encoding_format):
    # The type has no room for base64, which the client decodes unless it is asked for.
    asked = client if encoding_format == "float" else lenient
    settings = {"model": "text-embedding-3-small", "encoding_format": encoding_format}
    answer = check(asked.embeddings.create(input=["a", "b"], **settings))
    assert [vector.index for vector in answer.data] == [0, 1]
    check(asked.embeddings.create(input="a", dimensions=8, **settings))


def test_moderations(client):
    check(client.moderations.create(model="omni-moderation-latest", input=["a", "b"]))


def test_models(client):
    additions = {".data.meta", ".data.status"}
    check(client.models.list(), additions)
    check(client.models.retrieve(MODEL), {path.removeprefix(".data") for path in additions})


RESPONSE = {"model": MODEL, "input": PROMPT, "max_output_tokens": 16}
RESPONSES = {
    "plain": {},
    "several": {"metadata": {"a": "b"}, "instructions": "Be brief.", "user": "x", "safety_identifier": "y"},
    "logprobs": {"include": ["message.output_text.logprobs"], "top_logprobs": 2},
    "tools": {"tools": [FUNCTION], "tool_choice": "required", "max_output_tokens": 64, "input": WEATHER_QUESTION},
    "custom": {
        "tools": [{"type": "custom", "name": "say", "format": {"type": "grammar", "syntax": "regex", "definition": "a{3}"}}],
        "tool_choice": {"type": "custom", "name": "say"},
        "max_output_tokens": 64,
    },
    "structured": {"text": {"format": {"type": "json_schema", **FORM["json_schema"]}}},
    "unstored": {"store": False},
    "background": {"background": True},
}


# OpenAI sends these, too.
RESPONSE_ADDITIONS = {".store", ".frequency_penalty", ".presence_penalty", ".output.status"}
EVENT_ADDITIONS = {f".response{path}" for path in RESPONSE_ADDITIONS} | {
    *(".item.status", ".name", ".logprobs.bytes", ".logprobs.top_logprobs.bytes")
}


@pytest.mark.parametrize("parameters", RESPONSES.values(), ids=RESPONSES.keys())
def test_responses(client, parameters):
    whole = check(client.responses.create(**RESPONSE | parameters), RESPONSE_ADDITIONS)
    events = [check(event, EVENT_ADDITIONS) for event in client.responses.create(stream=True, **RESPONSE | parameters)]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    if parameters.get("store") is False:
        return
    check(client.responses.retrieve(whole.id), RESPONSE_ADDITIONS)
    for item in client.responses.input_items.list(whole.id):
        check(item)
    if parameters.get("background"):
        for event in client.responses.retrieve(whole.id, stream=True):
            check(event, EVENT_ADDITIONS)
        check(client.responses.cancel(whole.id), RESPONSE_ADDITIONS)
    client.responses.delete(whole.id)


def test_what_stands_on_responses(client):
    conversation = [message("I like green."), message("So do I.", "assistant"), message("Why?")]
    check(client.responses.input_tokens.count(model=MODEL, input=conversation))
    check(client.responses.compact(model=MODEL, input=conversation))


def test_decisions(client):
    questions = [
        {"type": "predicate", "instructions": "It is good."},
        {"type": "choice", "instructions": "Which?", "choices": [{"value": "a"}, {"value": True}, {"value": "b"}]},
        {"type": "score", "instructions": "How much?", "levels": [{"label": "little"}, {"label": "much"}]},
    ]
    answer = check(client.decisions.create(model=MODEL, input="A text.", questions=questions))
    chosen = answer.answers[1]
    assert math.isclose(sum(option.probability for option in chosen.probabilities), 1, rel_tol=1e-6)


# MARK: errors


EARLY = {
    "a wrong key": ("POST", {"Authorization": "Bearer wrong"}, b"{}", 401),
    "no key": ("POST", {}, b"{}", 401),
    "another host": ("POST", {"Host": "evil.example", "x-api-key": KEY}, b"{}", 403),
    "another page": ("POST", {"Origin": "https://evil.example", "x-api-key": KEY}, b"{}", 403),
    "too large a body": ("POST", {"x-api-key": KEY}, b" " * (2 << 20), 413),
    "a wrong method": ("PATCH", {"x-api-key": KEY}, b"", 405),
    "a wrong type": ("POST", {"x-api-key": KEY, "Content-Type": "text/plain"}, b"{}", 415),
    "no JSON": ("POST", {"x-api-key": KEY}, b"{", 400),
    "no object": ("POST", {"x-api-key": KEY}, b"[]", 400),
}
PATHS = ["/v1/chat/completions", "/v1/responses", "/tokenize", "/v1/messages", "/v1/messages/count_tokens", "/api/chat", "/v1/api/show"]


def told(path, reply):
    """The message of an error, whose form is the one that clients of the path's API read."""
    if "/messages" in path:
        assert sorted(reply.json) == ["error", "request_id", "type"] and reply.json["type"] == "error"
        assert reply.json["request_id"] == reply.headers["request-id"] == reply.headers["x-request-id"]
        assert sorted(reply.json["error"]) == ["message", "type"]
        return reply.json["error"]["message"]
    if "/api/" in path:
        assert list(reply.json) == ["error"]
        return reply.json["error"]
    assert reply.error["type"] in ("invalid_request_error", "server_error") and reply.error["code"]
    return reply.error["message"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("method", "headers", "body", "status"), EARLY.values(), ids=EARLY.keys())
def test_an_error_has_the_form_of_its_api_however_early_it_is_found(guarded, path, method, headers, body, status):
    reply = guarded.request(method, path, body, {"Content-Type": "application/json"} | headers)
    assert reply.status == status, reply
    assert reply.headers["Content-Type"] == "application/json"
    message = told(path, reply)
    assert isinstance(message, str) and message and "sesame" not in message


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/chat", "/v1/messages/nothing", "/api/nothing", "/api"])
def test_an_unknown_path_has_an_error_of_the_api_it_would_be_of(guarded, path):
    reply = guarded.request("GET", path, headers={"x-api-key": KEY})
    assert reply.status == 404 and told(path + "/", reply)


def test_what_is_found_before_a_stream_is_no_stream(client, server):
    body = {"model": MODEL, "messages": [message()], "stream": True, "max_tokens": 0}
    reply = server.request("POST", "/v1/chat/completions", body)
    assert (reply.status, reply.error["param"]) == (400, "max_tokens")
    with pytest.raises(openai.BadRequestError) as refusal:
        client.chat.completions.create(**body)
    assert refusal.value.code == "integer_below_min_value"
