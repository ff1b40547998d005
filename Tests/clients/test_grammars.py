"""Answers that are held to a grammar, and llama.cpp's further samplers."""

import re

import pytest
from openai import BadRequestError

from support import MODEL

RULES = r'root ::= "{\"name\": \"" [A-Z] [a-z]{1,8} "\", \"age\": " [1-9] [0-9]? "}"'
SHAPE = re.compile(r'\{"name": "[A-Z][a-z]{1,8}", "age": [1-9][0-9]?\}')


def test_every_answer_is_of_the_grammar(client):
    answer = client.completions.create(
        model=MODEL, prompt="A person as JSON: ", n=16, max_tokens=60, extra_body={"grammar": RULES}
    )
    assert all(SHAPE.fullmatch(choice.text) for choice in answer.choices)
    assert {choice.finish_reason for choice in answer.choices} == {"stop"}


def test_a_chat_is_held_to_it_too(client):
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Who are you?"}],
        max_tokens=60,
        extra_body={"grammar": RULES},
    )
    assert SHAPE.fullmatch(answer.choices[0].message.content)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ("root ::= item", "does not define 'item'"),
        ("root ::= root", "left-recursive"),
        ('root ::= "a', "line 1"),
        ("root ::= " + "(" * 5000, "nested"),
        ('root ::= "abcd"{1000000}', "too large"),
        ("\n".join(['root ::= a0'] + [f'a{i} ::= a{i + 1} "x" | a{i + 1} "y"' for i in range(40)] + ['a40 ::= "z"']),
         "ambiguous"),
    ],
    ids=lambda value: value[:20],
)
def test_a_bad_grammar_is_refused(client, rules, reason):
    with pytest.raises(BadRequestError) as refusal:
        client.completions.create(model=MODEL, prompt="x", extra_body={"grammar": rules})
    assert refusal.value.param == "grammar" and reason in refusal.value.message


@pytest.mark.parametrize(
    "samplers",
    [
        {"typical_p": 0.9},
        {"top_n_sigma": 1},
        {"mirostat": 1},
        {"mirostat_mode": 2, "mirostat_tau": 4, "mirostat_eta": 0.2},
        {"xtc_probability": 0.5, "xtc_threshold": 0.1},
        {"dynamic_temperature": True, "dynatemp_low": 0.5, "dynatemp_high": 1.5},
        {"dynatemp_range": 0.5, "dynatemp_exponent": 2},
        {"repetition_penalty": 1.2, "repetition_penalty_range": 512},
        {"repeat_penalty": 1.2, "repeat_last_n": -1},
        {"dry_multiplier": 0.8, "dry_base": 1.75, "dry_allowed_length": 2, "dry_sequence_breakers": '"\\n", ":"'},
        {"samplers": ["top_k", "temperature"], "top_k": 5},
        {"temperature_last": False},
        {"min_keep": 3},
    ],
    ids=str,
)
def test_samplers_draw_the_same_with_the_same_seed(client, samplers):
    def draw(seed):
        answer = client.completions.create(
            model=MODEL, prompt="My favourite animal is", seed=seed, temperature=0.9, extra_body=samplers | {"n_predict": 12}
        )
        return answer.choices[0].text

    assert draw(5) == draw(5) and len({draw(seed) for seed in range(4)}) > 1


def test_a_repetition_penalty_looks_at_the_prompt(client):
    prompt = "The dog and the dog and the dog and the"

    def next_word(**samplers):
        return client.completions.create(
            model=MODEL, prompt=prompt, temperature=0, max_tokens=1, extra_body=samplers
        ).choices[0].text

    assert next_word() == " dog"
    assert next_word(repeat_penalty=5) != " dog"
    assert next_word(repeat_penalty=5, repeat_last_n=0) == " dog"
