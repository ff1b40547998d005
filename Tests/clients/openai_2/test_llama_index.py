"""LlamaIndex's OpenAI-like class: chat, completion, streams of both."""

import asyncio

import pytest
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

from support import BEGINNING, DEADLINE, MODEL, PROMPT


@pytest.fixture(scope="module")
def make(server):
    def make(**settings):
        defaults = {
            "model": MODEL,
            "api_base": f"{server.url}/v1",
            "api_key": "unused",
            "context_window": 2048,
            "is_chat_model": True,
            "max_tokens": 16,
            "temperature": 0,
            "timeout": DEADLINE,
            "max_retries": 0,
        }
        return OpenAILike(**defaults | settings)

    return make


@pytest.fixture(scope="module")
def messages():
    return [ChatMessage(role="system", content="You are brief."), ChatMessage(role="user", content=PROMPT)]


def test_a_chat_is_answered(make, messages):
    answer = make().chat(messages)
    assert answer.message.role == "assistant"
    assert answer.message.content.strip()
    assert answer.raw.usage.completion_tokens == 16


def test_a_streamed_chat_says_the_same(make, messages):
    chunks = list(make().stream_chat(messages))
    assert "".join(chunk.delta or "" for chunk in chunks) == make().chat(messages).message.content


def test_an_asynchronous_chat_says_the_same(make, messages):
    async def ask():
        stream = await make().astream_chat(messages)
        return "".join([chunk.delta or "" async for chunk in stream])

    assert asyncio.run(ask()) == make().chat(messages).message.content


@pytest.mark.parametrize("is_chat_model", [True, False])
def test_a_text_is_completed(make, is_chat_model):
    model = make(is_chat_model=is_chat_model)
    text = model.complete(BEGINNING).text
    assert text
    assert "".join(chunk.delta or "" for chunk in model.stream_complete(BEGINNING)) == text
