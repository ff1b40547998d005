"""LiteLLM as programs use it: chat, streams, structured answers, tools, text completions, vectors, errors."""

import asyncio
import json
import os

# Its table of prices comes with the package; it would be fetched otherwise.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
import pydantic
import pytest

from support import BEGINNING, DEADLINE, MODEL, PROMPT, WEATHER_HISTORY, WEATHER_QUESTION, WEATHER_TOOL, message


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


class Brick(pydantic.BaseModel):
    """A brick of a toy."""

    model_config = pydantic.ConfigDict(extra="forbid")

    colour: str = pydantic.Field(pattern="^(red|blue)$")
    count: int = pydantic.Field(ge=0, le=99)


def test_an_answer_has_the_form_of_a_model(settings):
    asked = settings | {"messages": [message("Describe a brick.")], "response_format": Brick, "max_tokens": 128}
    whole = litellm.completion(**asked).choices[0].message.content
    Brick.model_validate_json(whole)
    chunks = litellm.completion(stream=True, **asked)
    Brick.model_validate_json("".join(chunk.choices[0].delta.content or "" for chunk in chunks))


# With tools it looks for servers of tools first, by a package that it does not install.
TOOLS = {"tools": [WEATHER_TOOL], "_skip_mcp_handler": True, "max_tokens": 64}


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_calls_a_tool_by_itself_and_uses_its_result(settings, stream):
    messages = [*WEATHER_HISTORY, message(WEATHER_QUESTION)]

    def ask():
        answer = litellm.completion(messages=messages, stream=stream, **settings | TOOLS)
        return (litellm.stream_chunk_builder(list(answer)) if stream else answer).choices[0]

    first = ask()
    assert first.finish_reason == "tool_calls"
    [call] = first.message.tool_calls
    assert call.function.name == "get_weather" and list(json.loads(call.function.arguments)) == ["city"]
    messages += [first.message, {"role": "tool", "tool_call_id": call.id, "content": "cloudy"}]
    last = ask()
    assert last.finish_reason == "stop" and "cloudy" in last.message.content


def test_a_call_is_required(settings):
    answer = litellm.completion(messages=[message(WEATHER_QUESTION)], tool_choice="required", **settings | TOOLS)
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["get_weather"]


def test_texts_become_vectors(settings):
    answer = litellm.embedding(
        model="openai/text-embedding-3-small",
        input=["One text.", "Another."],
        encoding_format="float",
        **{name: settings[name] for name in ("api_base", "api_key", "timeout")},
    )
    assert [len(vector["embedding"]) for vector in answer.data] == [384, 384]


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
