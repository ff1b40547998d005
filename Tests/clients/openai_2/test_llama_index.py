"""LlamaIndex's OpenAI-like class: chat, completion, streams of both, structured answers, tools."""

import asyncio

import pydantic
import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike

from support import BEGINNING, DEADLINE, MODEL, PROMPT, WEATHER_QUESTION, WEATHER_SO_FAR, weather_call


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


# MARK: structured answers and tools


class Brick(pydantic.BaseModel):
    """A brick of a toy."""

    colour: str = pydantic.Field(pattern="^(red|blue)$")
    count: int = pydantic.Field(ge=0, le=99)


def get_weather(city: str) -> str:
    """Tells the weather."""
    return "cloudy"


@pytest.fixture
def calling(make):
    """A model that is known to call functions."""
    return make(is_function_calling_model=True, max_tokens=96)


@pytest.mark.parametrize("should_use_structured_outputs", [True, False])
def test_an_answer_has_the_form_of_a_model(make, should_use_structured_outputs):
    """By a JSON schema, and by a call that is required."""
    model = make(
        is_function_calling_model=True, should_use_structured_outputs=should_use_structured_outputs, max_tokens=96
    )
    prompt = PromptTemplate("Describe a brick.")
    assert isinstance(model.structured_predict(Brick, prompt), Brick)
    # Streamed, the class asks for a call without requiring one: that needs a strong model.
    if should_use_structured_outputs:
        parts = list(model.stream_structured_predict(Brick, prompt))
        Brick.model_validate(parts[-1].model_dump())


def test_a_round_trip_of_a_tool(calling):
    tools = [FunctionTool.from_defaults(get_weather)]
    first = calling.chat_with_tools(tools, WEATHER_QUESTION, tool_required=True)
    [call] = calling.get_tool_calls_from_response(first)
    assert call.tool_name == "get_weather" and list(call.tool_kwargs) == ["city"]
    history = [
        ChatMessage(role="user", content=WEATHER_QUESTION),
        first.message,
        ChatMessage(role="tool", content="cloudy", additional_kwargs={"tool_call_id": call.tool_id}),
    ]
    assert calling.chat(history).message.content.strip()


def test_a_streamed_call_is_the_same_as_a_whole_one(calling):
    tools = [FunctionTool.from_defaults(get_weather)]
    whole = calling.chat_with_tools(tools, WEATHER_QUESTION, tool_required=True)
    parts = list(calling.stream_chat_with_tools(tools, WEATHER_QUESTION, tool_required=True))
    [one], [other] = (calling.get_tool_calls_from_response(answer) for answer in (whole, parts[-1]))
    assert (one.tool_name, one.tool_kwargs) == (other.tool_name, other.tool_kwargs)


def test_an_agent_uses_a_tool(calling):
    history = []
    for city, weather in WEATHER_SO_FAR.items():
        called = weather_call(city)["tool_calls"]
        history += [
            ChatMessage(role="user", content=f"What is the weather in {city}?"),
            ChatMessage(role="assistant", content=None, additional_kwargs={"tool_calls": called}),
            ChatMessage(role="tool", content=weather, additional_kwargs={"tool_call_id": called[0]["id"]}),
            ChatMessage(role="assistant", content=f"It is {weather} in {city}."),
        ]

    async def ask():
        agent = FunctionAgent(tools=[get_weather], llm=calling)
        return await agent.run(user_msg=WEATHER_QUESTION, chat_history=history, max_iterations=4)

    answer = asyncio.run(ask())
    assert [call.tool_name for call in answer.tool_calls] == ["get_weather"]
    assert "cloudy" in answer.response.content
