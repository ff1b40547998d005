"""Answers that are held to strict schemas: valid two hundred times of two hundred, whatever the temperature and the company."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import jsonschema

from support import MODEL, message


def closed(**properties):
    """An object with these members, all of them required, and no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


# Whose longest members are short, so that every answer ends.
SCHEMAS = {
    "order": closed(
        item={"enum": ["bread", "jam", "\u00e9clair \"fin\"\n", 3, None]},
        count={"type": "integer", "minimum": 1, "maximum": 12},
        express={"type": "boolean"},
    ),
    "tree": closed(leaves={"type": "array", "items": {"$ref": "#/$defs/leaf"}, "minItems": 1, "maxItems": 2})
    | {"$defs": {"leaf": closed(name={"type": "string", "maxLength": 4})}},
    "choice": closed(
        value={"anyOf": [{"type": "null"}, {"type": "integer", "minimum": -5, "maximum": 5}, {"enum": ["a", "b"]}]},
        kind={"const": "choice"},
    ),
    "pattern": closed(
        plate={"type": "string", "pattern": "^[A-Z]{1,3}-[0-9]{2,4}$"},
        share={"type": "number", "enum": [0, 0.25, 1.5]},
    ),
    "nothing": closed(),
}
TEMPERATURES = (0, 0.5, 1, 1.5, 2)
# Answers of a request, which share their prompt.
EACH = 4
QUESTIONS = list(itertools.product(SCHEMAS, TEMPERATURES, (False, True)))


def test_strict_answers_are_valid_two_hundred_times_of_two_hundred(client):
    def ask(question):
        name, temperature, stream = question
        choices = client.chat.completions.create(
            model=MODEL,
            messages=[message(f"Make up: {name}.")],
            response_format={"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": SCHEMAS[name]}},
            temperature=temperature,
            seed=round(temperature * 2) + stream,
            n=EACH,
            stream=stream,
        )
        if not stream:
            return [(name, choice.finish_reason, choice.message.content) for choice in choices.choices]
        texts, reasons = [""] * EACH, [None] * EACH
        for chunk in choices:
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
                reasons[choice.index] = choice.finish_reason or reasons[choice.index]
        return [(name, reason, text) for reason, text in zip(reasons, texts)]

    with ThreadPoolExecutor(6) as pool:
        answers = [answer for some in pool.map(ask, QUESTIONS) for answer in some]
    assert len(answers) == 200
    for name, reason, text in answers:
        assert reason == "stop", (name, text)
        jsonschema.Draft202012Validator(SCHEMAS[name]).validate(json.loads(text))
    assert len({text for _, _, text in answers}) > 50
