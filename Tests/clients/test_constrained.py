"""Answers that a grammar holds to a schema: two hundred of two hundred, with schemas, temperatures and seeds of many kinds."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import pytest

from support import MODEL, message

TEXT = {"type": "string", "maxLength": 12}
SCHEMAS = {
    "order": {
        "type": "object",
        "properties": {
            "item": TEXT,
            "count": {"type": "integer", "minimum": 1, "maximum": 99},
            "express": {"type": "boolean"},
        },
        "required": ["item", "count", "express"],
        "additionalProperties": False,
    },
    "tree": {
        "type": "object",
        "$defs": {
            "leaf": {
                "type": "object",
                "properties": {"name": TEXT, "size": {"enum": ["small", "large", 3, None]}},
                "required": ["name", "size"],
                "additionalProperties": False,
            }
        },
        "properties": {"leaves": {"type": "array", "items": {"$ref": "#/$defs/leaf"}, "minItems": 1, "maxItems": 2}},
        "required": ["leaves"],
        "additionalProperties": False,
    },
    "choice": {
        "type": "object",
        "properties": {
            "value": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": -5, "maximum": 5}, {"enum": ["a", "b"]}]},
            "kind": {"const": "choice"},
        },
        "required": ["value", "kind"],
        "additionalProperties": False,
    },
    "pattern": {
        "type": "object",
        "properties": {
            "plate": {"type": "string", "pattern": "^[A-Z]{1,3}-[0-9]{2,4}$"},
            "numbers": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}, "maxItems": 3},
        },
        "required": ["plate", "numbers"],
        "additionalProperties": False,
    },
    "nothing": {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
}
TEMPERATURES = (0, 0.5, 1, 1.5, 2)
# Answers of a request, which share their prompt.
EACH = 8
QUESTIONS = list(itertools.product(SCHEMAS, TEMPERATURES))


@pytest.fixture(scope="module")
def server(launch):
    return launch("--ctx-size", "1024", "--parallel", "8", "--threads", "2")


@pytest.fixture(scope="module")
def client(server, connect):
    return connect(server)


def answers(client, parameters):
    """Two hundred choices, each with the name of its schema; four requests at a time."""

    def ask(question):
        number, (name, temperature) = question
        settings = {"temperature": temperature, "seed": number, "n": EACH, "max_tokens": 400}
        messages = [message(f"Make up something. ({number})")]
        answer = client.chat.completions.create(model=MODEL, messages=messages, **settings, **parameters(name))
        return [(name, choice) for choice in answer.choices]

    with ThreadPoolExecutor(4) as pool:
        found = [choice for choices in pool.map(ask, enumerate(QUESTIONS)) for choice in choices]
    assert len(found) == 200
    return found


def tool(name):
    function = {"name": name, "description": f"Makes up: {name}", "parameters": SCHEMAS[name], "strict": True}
    return {"type": "function", "function": function}


def test_calls_that_are_required_are_valid(client):
    """Of either of two tools, which the model chooses."""
    names = list(SCHEMAS)
    pairs = {name: (name, names[index - 1]) for index, name in enumerate(names)}
    called = set()
    for name, choice in answers(client, lambda name: {"tools": [tool(one) for one in pairs[name]], "tool_choice": "required"}):
        assert choice.finish_reason == "tool_calls", (name, choice)
        [call] = choice.message.tool_calls
        assert call.function.name in pairs[name]
        jsonschema.validate(json.loads(call.function.arguments), SCHEMAS[call.function.name])
        called.add(call.function.name)
    assert called == set(SCHEMAS)


def test_structured_answers_are_valid(client):
    def form(name):
        json_schema = {"name": name, "strict": True, "schema": SCHEMAS[name]}
        return {"response_format": {"type": "json_schema", "json_schema": json_schema}}

    for name, choice in answers(client, form):
        assert choice.finish_reason == "stop", (name, choice)
        jsonschema.validate(json.loads(choice.message.content), SCHEMAS[name])
