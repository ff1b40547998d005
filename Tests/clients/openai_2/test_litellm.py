"""LiteLLM as programs use it: chat, streams, text completions, errors."""

import asyncio
import os

# Its table of prices comes with the package; it would be fetched otherwise.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
import pytest

from support import BEGINNING, DEADLINE, MODEL, PROMPT, message


@pytest.fixture(scope="module")
def settings(server):
    return {
        "model": f"openai/{MODEL}",
        "api_base": f"{server.url}/v1",
        "api_key": "unused",
        "timeout": DEADLINE,
        "num_retries": 0,
        "max_tokens": 16,
        "temperature": 0,
    }


def test_an_answer_has_text_and_usage(settings):
    answer = litellm.completion(messages=[message()], **settings)
    assert answer.choices[0].message.content.strip()
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_stream_says_what_a_plain_answer_says(settings):
    chunks = litellm.completion(messages=[message()], stream=True, **settings)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == litellm.completion(messages=[message()], **settings).choices[0].message.content


def test_a_stream_tells_its_usage(settings):
    chunks = list(
        litellm.completion(messages=[message()], stream=True, stream_options={"include_usage": True}, **settings)
    )
    assert chunks[-1].usage.completion_tokens == 16


def test_an_asynchronous_answer(settings):
    async def ask():
        return await asyncio.gather(*(litellm.acompletion(messages=[message()], **settings) for _ in range(3)))

    texts = [answer.choices[0].message.content for answer in asyncio.run(ask())]
    assert len(texts) == 3 and all(texts)


def test_a_text_is_completed(settings):
    prompt = {"model": f"text-completion-openai/{MODEL}", "prompt": BEGINNING}
    answer = litellm.text_completion(**settings | prompt)
    assert answer.choices[0].text
    chunks = litellm.text_completion(stream=True, **settings | prompt)
    assert "".join(chunk.choices[0].text or "" for chunk in chunks) == answer.choices[0].text


def test_an_unknown_model_is_not_found(settings):
    with pytest.raises(litellm.NotFoundError):
        litellm.completion(messages=[message()], **settings | {"model": "openai/no-such-model"})


def test_a_prompt_that_is_too_long_is_told_as_such(settings):
    with pytest.raises(litellm.ContextWindowExceededError):
        litellm.completion(messages=[message(PROMPT * 1000)], **settings)
