"""Frameworks for agents, over chat completions: Pydantic AI and the OpenAI Agents SDK."""

import asyncio

import agents
import openai
import pytest
from openai.types.responses import ResponseTextDeltaEvent
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from support import DEADLINE, MODEL, PROMPT


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
