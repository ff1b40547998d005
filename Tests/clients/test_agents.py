"""Frameworks for agents: Pydantic AI and the OpenAI Agents SDK, over chat completions and the Responses API."""

import asyncio

import agents
import openai
import pydantic
import pytest
from openai.types.responses import ResponseTextDeltaEvent
from pydantic_ai import Agent, NativeOutput, ToolOutput
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, ToolCallPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

from support import DEADLINE, MODEL, PROMPT, WEATHER_QUESTION, WEATHER_SO_FAR


@pytest.fixture(scope="module", autouse=True)
def offline():
    """Nothing is reported anywhere."""
    agents.set_tracing_disabled(True)


@pytest.fixture
def run(server):
    """Runs a coroutine that is given an asynchronous client of its own loop."""

    def run(body):
        async def with_client():
            options = {"api_key": "unused", "max_retries": 0, "timeout": DEADLINE}
            async with openai.AsyncOpenAI(base_url=f"{server.url}/v1", **options) as client:
                return await body(client)

        return asyncio.run(with_client())

    return run


def pydantic_agent(client):
    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=client))
    return Agent(model, instructions="You are brief.", model_settings={"max_tokens": 16, "temperature": 0})


def sdk_agent(client):
    return agents.Agent(
        name="Brief",
        instructions="You are brief.",
        model=agents.OpenAIChatCompletionsModel(model=MODEL, openai_client=client),
        model_settings=agents.ModelSettings(max_tokens=16, temperature=0),
    )


def test_an_agent_of_pydantic_answers(run):
    async def body(client):
        return await pydantic_agent(client).run(PROMPT)

    result = run(body)
    assert result.output.strip()
    assert result.usage.output_tokens == 16


def test_an_agent_of_pydantic_streams(run):
    async def body(client):
        async with pydantic_agent(client).run_stream(PROMPT) as result:
            pieces = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
        return pieces, (await pydantic_agent(client).run(PROMPT)).output

    pieces, whole = run(body)
    assert len(pieces) > 1
    assert "".join(pieces) == whole


def test_an_agent_of_pydantic_goes_on_with_a_conversation(run):
    async def body(client):
        first = await pydantic_agent(client).run(PROMPT)
        return await pydantic_agent(client).run("Go on.", message_history=first.all_messages())

    assert len(run(body).all_messages()) == 4


def test_an_agent_of_the_sdk_answers(run):
    async def body(client):
        return await agents.Runner.run(sdk_agent(client), PROMPT)

    assert run(body).final_output.strip()


def test_an_agent_of_the_sdk_streams(run):
    async def body(client):
        result = agents.Runner.run_streamed(sdk_agent(client), PROMPT)
        pieces = []
        async for event in result.stream_events():
            if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
                pieces.append(event.data.delta)
        return pieces, result.final_output

    pieces, whole = run(body)
    assert len(pieces) > 1
    assert "".join(pieces) == whole


# MARK: structured answers and tools


class Brick(pydantic.BaseModel):
    """A brick of a toy."""

    colour: str = pydantic.Field(pattern="^(red|blue)$")
    count: int = pydantic.Field(ge=0, le=99)


@pytest.mark.parametrize("kind", [OpenAIChatModel, OpenAIResponsesModel])
@pytest.mark.parametrize("output", [NativeOutput, ToolOutput])
def test_an_agent_of_pydantic_gives_a_structured_answer(run, kind, output):
    def agent(client):
        model = kind(MODEL, provider=OpenAIProvider(openai_client=client))
        return Agent(model, output_type=output(Brick), model_settings={"max_tokens": 128, "temperature": 0})

    async def body(client):
        whole = (await agent(client).run("Describe a brick.")).output
        async with agent(client).run_stream("Describe a brick.") as result:
            return whole, await result.get_output()

    for brick in run(body):
        assert isinstance(brick, Brick)


def test_an_agent_of_pydantic_uses_a_tool(run):
    cities = []
    history = [
        turn
        for city, weather in WEATHER_SO_FAR.items()
        for turn in (
            ModelRequest([UserPromptPart(f"What is the weather in {city}?")]),
            ModelResponse([ToolCallPart("get_weather", {"city": city}, f"call_{city}")]),
            ModelRequest([ToolReturnPart("get_weather", weather, f"call_{city}")]),
            ModelResponse([TextPart(f"It is {weather} in {city}.")]),
        )
    ]

    def get_weather(city: str) -> str:
        """Tells the weather."""
        cities.append(city)
        return "cloudy"

    async def body(client):
        model = OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=client))
        settings = {"max_tokens": 64, "temperature": 0}
        agent = Agent(model, tools=[get_weather], model_settings=settings)
        return await agent.run(WEATHER_QUESTION, message_history=history)

    result = run(body)
    assert len(cities) == 1
    assert "cloudy" in result.output
    assert len(result.new_messages()) == 4


@pytest.fixture(params=[agents.OpenAIChatCompletionsModel, agents.OpenAIResponsesModel])
def sdk_model(request):
    return request.param


def test_an_agent_of_the_sdk_gives_a_structured_answer(run, sdk_model):
    def agent(client):
        settings = agents.ModelSettings(max_tokens=128, temperature=0)
        model = sdk_model(model=MODEL, openai_client=client)
        return agents.Agent(name="Bricks", model=model, output_type=Brick, model_settings=settings)

    async def body(client):
        whole = (await agents.Runner.run(agent(client), "Describe a brick.")).final_output
        streamed = agents.Runner.run_streamed(agent(client), "Describe a brick.")
        async for _ in streamed.stream_events():
            pass
        return whole, streamed.final_output

    for brick in run(body):
        assert isinstance(brick, Brick)


@pytest.mark.parametrize("streams", [False, True])
def test_an_agent_of_the_sdk_uses_a_tool(run, sdk_model, streams):
    cities = []

    @agents.function_tool
    def get_weather(city: str) -> str:
        """Tells the weather."""
        cities.append(city)
        return "cloudy"

    async def body(client):
        # Required of the first turn; the kit goes back to `auto` behind a call.
        settings = agents.ModelSettings(max_tokens=64, temperature=0, tool_choice="required")
        model = sdk_model(model=MODEL, openai_client=client)
        agent = agents.Agent(name="Weather", model=model, tools=[get_weather], model_settings=settings)
        if not streams:
            return await agents.Runner.run(agent, WEATHER_QUESTION)
        result = agents.Runner.run_streamed(agent, WEATHER_QUESTION)
        async for _ in result.stream_events():
            pass
        return result

    result = run(body)
    assert cities and result.final_output.strip()
    kinds = [item.type for item in result.new_items]
    assert kinds[:2] == ["tool_call_item", "tool_call_output_item"] and kinds[-1] == "message_output_item"
