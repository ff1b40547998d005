"""LangChain's ChatOpenAI and OpenAI classes, and its standard tests of chat models that need no tools."""

import asyncio

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI, OpenAI

from support import BEGINNING, DEADLINE, MODEL, PROMPT


# Answers are compared, which rounding in other batches could change.
@pytest.fixture(scope="module")
def server(launch):
    return launch("--ctx-size", "2048", "--deterministic")


@pytest.fixture(scope="module")
def settings(server):
    return {
        "model": MODEL,
        "base_url": f"{server.url}/v1",
        "api_key": "unused",
        "timeout": DEADLINE,
        "max_retries": 0,
        "max_tokens": 16,
        "temperature": 0,
    }


@pytest.fixture(scope="module")
def chat(settings):
    return ChatOpenAI(**settings)


CONVERSATION = [
    SystemMessage("You are brief."),
    HumanMessage("Hello!"),
    AIMessage("Hello! How can I help you?"),
    HumanMessage(PROMPT),
]


def test_an_answer_has_text_and_usage(chat):
    answer = chat.invoke(CONVERSATION)
    assert answer.text.strip()
    assert answer.usage_metadata["output_tokens"] == 16
    assert answer.response_metadata["finish_reason"] == "length"
    assert answer.response_metadata["model_name"] == MODEL


def test_a_stream_says_what_a_plain_answer_says(chat):
    chunks = list(chat.stream(CONVERSATION, stream_usage=True))
    assert "".join(chunk.text for chunk in chunks) == chat.invoke(CONVERSATION).text
    usages = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    assert [usage["output_tokens"] for usage in usages] == [16]


def test_an_asynchronous_stream_says_the_same(chat):
    async def ask():
        return "".join([chunk.text async for chunk in chat.astream(CONVERSATION)])

    assert asyncio.run(ask()) == chat.invoke(CONVERSATION).text


def test_a_batch_is_answered_prompt_by_prompt(chat):
    prompts = [PROMPT, "What is the capital of France?", "Count to ten."]
    answers = [answer.text for answer in chat.batch(prompts)]
    assert answers == [chat.invoke(prompt).text for prompt in prompts]


def test_a_stop_string_ends_an_answer(chat):
    whole = chat.invoke(CONVERSATION).text
    word = whole.split()[3]
    assert chat.invoke(CONVERSATION, stop=[word]).text == whole[: whole.index(word)]


def test_a_text_is_completed(settings):
    model = OpenAI(**settings)
    text = model.invoke(BEGINNING)
    assert text
    assert "".join(model.stream(BEGINNING)) == text


def test_a_refusal_reaches_the_caller(settings):
    with pytest.raises(openai.NotFoundError) as refusal:
        ChatOpenAI(**settings | {"model": "no-such-model"}).invoke(PROMPT)
    assert refusal.value.code == "model_not_found"
