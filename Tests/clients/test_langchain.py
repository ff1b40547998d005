"""LangChain's ChatOpenAI and OpenAI classes: texts, streams, structured answers, tools; over both APIs of OpenAI."""

import asyncio

import openai
import pytest
import pydantic
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, convert_to_messages
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAI

from support import BEGINNING, DEADLINE, MODEL, PROMPT, WEATHER_HISTORY, WEATHER_QUESTION


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


# MARK: structured answers and tools


class Brick(pydantic.BaseModel):
    """A brick of a toy."""

    colour: str = pydantic.Field(pattern="^(red|blue)$")
    count: int = pydantic.Field(ge=0, le=99)


@tool
def get_weather(city: str) -> str:
    """Tells the weather."""
    return f"It is cloudy in {city}."


@pytest.fixture(params=[False, True], ids=["chat", "responses"])
def roomy(request, settings):
    """With room for whole objects, over chat completions and over the Responses API."""
    return ChatOpenAI(**settings | {"max_tokens": 128, "use_responses_api": request.param})


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_an_answer_has_the_form_of_a_model(roomy, method):
    structured = roomy.with_structured_output(Brick, method=method)
    assert isinstance(structured.invoke("Describe a brick."), Brick)
    chunks = list(structured.stream("Describe a brick."))
    assert isinstance(chunks[-1], Brick)


def test_a_round_trip_of_a_tool(roomy):
    messages = [HumanMessage(WEATHER_QUESTION)]
    called = roomy.bind_tools([get_weather], tool_choice="any").invoke(messages)
    [call] = called.tool_calls
    assert call["name"] == "get_weather" and list(call["args"]) == ["city"]
    messages += [called, get_weather.invoke(call)]
    last = roomy.bind_tools([get_weather], tool_choice="none").invoke(messages)
    assert last.text.strip() and not last.tool_calls


def test_the_pieces_of_a_streamed_call_are_put_together(roomy):
    chunks = list(roomy.bind_tools([get_weather], tool_choice="any").stream(WEATHER_QUESTION))
    assert sum(bool(chunk.tool_call_chunks) for chunk in chunks) > 2
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk
    assert [call["name"] for call in whole.tool_calls] == ["get_weather"]


def test_a_model_calls_a_tool_by_itself_and_uses_its_result(settings):
    model = ChatOpenAI(**settings | {"max_tokens": 64}).bind_tools([get_weather])
    messages = [*convert_to_messages(WEATHER_HISTORY), HumanMessage(WEATHER_QUESTION)]
    called = model.invoke(messages)
    messages += [called, *(get_weather.invoke(call) for call in called.tool_calls)]
    assert len(called.tool_calls) == 1
    last = model.invoke(messages)
    assert "cloudy" in last.text and not last.tool_calls
