"""Probabilities of answers and prompts, and prompts echoed, through the official client."""

import math

import pytest

from support import MODEL, TOPIC

PROMPT = f"Once upon a time, a jar of {TOPIC} stood on the shelf. It was"
TOKENS = [504, 2365, 6354, 16438]


@pytest.fixture(scope="module")
def complete(client):
    def complete(prompt=PROMPT, client=client, **parameters):
        defaults = {"model": MODEL, "max_tokens": 8, "temperature": 0}
        return client.completions.create(prompt=prompt, **defaults | parameters)

    return complete


def check(logprobs, top, first_is_known=True):
    count = len(logprobs.tokens)
    assert len(logprobs.token_logprobs) == len(logprobs.top_logprobs) == len(logprobs.text_offset) == count
    for place in range(0 if first_is_known else 1, count):
        likeliest = logprobs.top_logprobs[place]
        assert logprobs.token_logprobs[place] <= 0
        assert max(top, 1) <= len(likeliest) <= top + 1
        assert likeliest[logprobs.tokens[place]] == pytest.approx(logprobs.token_logprobs[place])
        assert sum(math.exp(value) for value in likeliest.values()) <= 1.0001


@pytest.mark.parametrize("top", [0, 1, 5, 20])
def test_tokens_of_a_completion_come_with_their_probabilities(complete, top):
    choice = complete(logprobs=top).choices[0]
    check(choice.logprobs, top)
    assert "".join(choice.logprobs.tokens) == choice.text
    assert choice.logprobs.text_offset[0] == 0
    for place, offset in enumerate(choice.logprobs.text_offset):
        assert choice.text[offset:].startswith(choice.logprobs.tokens[place])
        # The likeliest token is what temperature 0 chooses.
        assert choice.logprobs.token_logprobs[place] == max(choice.logprobs.top_logprobs[place].values())


def test_they_are_the_models_own_whatever_the_samplers_do(complete):
    plain = complete(logprobs=3, max_tokens=1).choices[0].logprobs
    bent = complete(
        logprobs=3, max_tokens=1, temperature=0.5, top_p=0.1, presence_penalty=1, logit_bias={"500": 100}
    ).choices[0].logprobs
    assert bent.tokens != plain.tokens
    assert list(bent.top_logprobs[0].items())[:3] == list(plain.top_logprobs[0].items())
    assert bent.token_logprobs[0] < min(plain.top_logprobs[0].values())


def test_a_prompt_is_echoed(complete):
    plain, echoed = complete().choices[0], complete(echo=True).choices[0]
    assert echoed.text == PROMPT + plain.text
    assert echoed.logprobs is None
    assert complete(echo=True, max_tokens=0).choices[0].text == PROMPT


@pytest.mark.parametrize("limit", [0, 1])
@pytest.mark.parametrize("prompt", [PROMPT, TOKENS], ids=["text", "tokens"])
def test_a_prompt_is_told_with_its_probabilities(complete, prompt, limit):
    """What evaluation harnesses ask for."""
    answer = complete(prompt, echo=True, logprobs=5, max_tokens=limit)
    choice = answer.choices[0]
    assert choice.finish_reason == "length"
    check(choice.logprobs, 5, first_is_known=False)
    assert choice.logprobs.token_logprobs[0] is None and choice.logprobs.top_logprobs[0] is None
    assert len(choice.logprobs.tokens) == answer.usage.prompt_tokens + limit
    assert answer.usage.completion_tokens == limit
    assert "".join(choice.logprobs.tokens) == choice.text
    # Asked again, with the prompt in memory, it says the same, but for the last bits.
    again = complete(prompt, echo=True, logprobs=5, max_tokens=limit).choices[0].logprobs
    assert again.token_logprobs[1:] == pytest.approx(choice.logprobs.token_logprobs[1:], abs=0.2)


def test_a_prompt_tells_of_its_end_what_an_answer_tells_of_it(complete):
    answer = complete(logprobs=0, max_tokens=4).choices[0]
    echoed = complete(PROMPT + answer.text, echo=True, logprobs=0, max_tokens=0).choices[0].logprobs
    assert echoed.token_logprobs[-4:] == pytest.approx(answer.logprobs.token_logprobs, abs=0.2)


@pytest.mark.parametrize("parameters", [{"logprobs": 2}, {"logprobs": 2, "echo": True}, {"echo": True}], ids=str)
def test_a_stream_tells_the_same(complete, parameters):
    whole = complete(**parameters).choices[0]
    text, tokens, logprobs, offsets = "", [], [], []
    for chunk in complete(stream=True, **parameters):
        choice = chunk.choices[0]
        text += choice.text
        if choice.logprobs is not None:
            tokens += choice.logprobs.tokens
            logprobs += choice.logprobs.token_logprobs
            offsets += choice.logprobs.text_offset
    assert text == whole.text
    if whole.logprobs is not None:
        assert tokens == whole.logprobs.tokens and offsets == whole.logprobs.text_offset
        assert logprobs[1:] == pytest.approx(whole.logprobs.token_logprobs[1:], abs=0.2)


def test_the_best_answers_are_told(complete):
    answer = complete(best_of=6, n=2, temperature=1, seed=3, logprobs=0, max_tokens=6, extra_body={"ignore_eos": True})
    assert [choice.index for choice in answer.choices] == [0, 1]
    means = [sum(c.logprobs.token_logprobs) / len(c.logprobs.tokens) for c in answer.choices]
    assert means[0] >= means[1]
    assert answer.usage.completion_tokens == 36
    every = complete(n=6, temperature=1, seed=3, logprobs=0, max_tokens=6, extra_body={"ignore_eos": True})
    likeliest = max(sum(c.logprobs.token_logprobs) / len(c.logprobs.tokens) for c in every.choices)
    assert means[0] == pytest.approx(likeliest, abs=0.1)
