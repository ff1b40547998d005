"""Moderations: the answer's shape, and how often sentences that it has not learned from are judged rightly."""

import asyncio
from pathlib import Path

import openai
import pytest

from support import MODEL, message

CATEGORIES = [
    *("harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm"),
    *("self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic"),
]


def sentences():
    """The held-out sentences with their categories."""
    categories = set()
    for line in (Path(__file__).parent / "moderation_sentences.txt").read_text().splitlines():
        if line.startswith("["):
            categories = set(line[1:-1].split())
        else:
            yield line, categories


def ask(server, body, **parameters):
    return server.request("POST", "/v1/moderations", {"input": body} | parameters)


@pytest.mark.parametrize("model", ["omni-moderation-latest", "text-moderation-latest", None])
def test_the_client_gets_all_categories(client, model):
    options = {} if model is None else {"model": model}
    answer = client.moderations.create(input="I will find you and break your bones.", **options)
    assert answer.id.startswith("modr-") and answer.model == (model or "all-MiniLM-L6-v2")
    (result,) = answer.results
    assert result.flagged and result.categories.harassment_threatening
    assert sorted(result.category_scores.to_dict()) == sorted(CATEGORIES)
    for category, score in result.category_scores.to_dict().items():
        assert 0 <= score <= 1 and result.categories.to_dict()[category] == (score >= 0.5)
    assert set(map(tuple, result.category_applied_input_types.to_dict().values())) == {("text",)}


def test_the_asynchronous_client_gets_a_result_for_each_text(server, connect):
    async def judge():
        async with connect(server, openai.AsyncOpenAI) as client:
            return await client.moderations.create(input=["How do I bake bread?", "I want to kill myself.", ""])

    harmless, harmful, empty = asyncio.run(judge()).results
    assert not harmless.flagged and harmful.flagged and not empty.flagged
    assert set(empty.category_scores.to_dict().values()) == {0}


def test_parts_are_judged_together_and_images_refused(server):
    parts = [{"type": "text", "text": "Good morning."}, {"type": "text", "text": "I am going to kill you."}]
    (result,) = ask(server, parts).json["results"]
    assert result["flagged"]
    reply = ask(server, [*parts, {"type": "image_url", "image_url": {"url": "data:,"}}])
    assert reply.status == 400 and reply.error["param"] == "input[2].type"


def test_what_a_long_text_hides_is_found(server):
    hidden = "The weather is fine and we went for a walk. " * 300 + "I am going to kill you and your family. " * 20
    assert not ask(server, "The weather is fine and we went for a walk. " * 300).json["results"][0]["flagged"]
    assert ask(server, hidden).json["results"][0]["flagged"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": 5}, "input"),
        ({"input": ["a", 5]}, "input[1]"),
        ({"input": [{"type": "audio"}]}, "input[0].type"),
        ({"input": "a", "model": MODEL}, "model"),
        ({"input": "a", "threshold": 1}, "threshold"),
    ],
)
def test_it_is_refused(server, body, param):
    reply = server.request("POST", "/v1/moderations", body)
    assert reply.status == 400 and reply.error["param"] == param, reply


def test_the_chat_goes_on_meanwhile(server):
    assert server.request("POST", "/v1/chat/completions", {"messages": [message()], "max_tokens": 1}).status == 200
    assert ask(server, "a", model="no-such-model").status == 404


def test_sentences_that_it_has_not_learned_from_are_judged_as_documented(server):
    """Floors a little below what docs/moderations.md states; Scripts/measure-moderations.py prints the whole table."""
    held_out = list(sentences())
    results = ask(server, [text for text, _ in held_out]).json["results"]
    harmful = [result["flagged"] for result, (_, categories) in zip(results, held_out) if categories]
    harmless = [result["flagged"] for result, (_, categories) in zip(results, held_out) if not categories]
    assert sum(harmful) / len(harmful) >= HARMFUL_FOUND
    assert 1 - sum(harmless) / len(harmless) >= HARMLESS_PASSED


HARMFUL_FOUND = 0.88
HARMLESS_PASSED = 0.8


@pytest.mark.parametrize("size", [100_000, 8_000_000])
def test_a_text_without_end_is_refused_before_it_is_judged(server, size):
    """The first is cut into tokens, which are too many; the second is too long for that."""
    reply = ask(server, ["x", "x " * (size // 2)])
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, "context_length_exceeded", "input[1]")
