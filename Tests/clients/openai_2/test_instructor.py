"""Instructor over the official client: models of answers, in each of its modes that this API has."""

import asyncio

import instructor
import openai
import pydantic
import pytest

from support import MODEL, message


@pytest.fixture(scope="module")
def extracting(server, connect):
    return instructor.from_openai(connect(server, _strict_response_validation=False), mode=instructor.Mode.TOOLS)


def test_without_a_model_of_the_answer_it_is_plain_text(extracting):
    answer = extracting.chat.completions.create(
        model=MODEL, messages=[message()], max_tokens=16, temperature=0, response_model=None
    )
    assert answer.choices[0].message.content.strip()


def test_without_a_model_of_the_answer_it_is_streamed(extracting):
    chunks = extracting.chat.completions.create(
        model=MODEL, messages=[message()], max_tokens=16, temperature=0, response_model=None, stream=True
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).strip()


class Brick(pydantic.BaseModel):
    """A brick of a toy."""

    colour: str = pydantic.Field(pattern="^(red|blue)$")
    count: int = pydantic.Field(ge=0, le=99)


class Weather(pydantic.BaseModel):
    """Asks for the weather."""

    city: str = pydantic.Field(max_length=24)


MODES = [instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA]
SETTINGS = {"model": MODEL, "max_tokens": 128, "temperature": 0, "max_retries": 0}


@pytest.fixture(params=MODES, ids=lambda mode: mode.name)
def strict(request, server, connect):
    """A client whose mode holds answers to the schema: there is nothing to ask again."""
    return instructor.from_openai(connect(server, _strict_response_validation=False), mode=request.param)


def test_an_answer_has_the_form_of_a_model(strict):
    brick = strict.chat.completions.create(messages=[message("Describe a brick.")], response_model=Brick, **SETTINGS)
    assert isinstance(brick, Brick)


def test_a_streamed_answer_grows_into_a_model(strict):
    parts = list(
        strict.chat.completions.create_partial(
            messages=[message("Describe a brick.")], response_model=Brick, **SETTINGS
        )
    )
    assert len(parts) > 1
    Brick.model_validate(parts[-1].model_dump())


def test_the_asynchronous_client_gets_one_too(server, connect):
    async def ask():
        client = connect(server, openai.AsyncOpenAI, _strict_response_validation=False)
        async with client:
            asking = instructor.from_openai(client, mode=instructor.Mode.TOOLS)
            return await asking.chat.completions.create(
                messages=[message("Describe a brick.")], response_model=Brick, **SETTINGS
            )

    assert isinstance(asyncio.run(ask()), Brick)


def test_a_round_trip_of_a_tool(extracting):
    """What was extracted is a call, whose result the model goes on from."""
    weather, answer = extracting.chat.completions.create_with_completion(
        messages=[message("What is the weather in Linz?")], response_model=Weather, **SETTINGS
    )
    assert isinstance(weather, Weather)
    calls = [call.model_dump() for call in answer.choices[0].message.tool_calls]
    messages = [
        message("What is the weather in Linz?"),
        {"role": "assistant", "content": None, "tool_calls": calls},
        *({"role": "tool", "tool_call_id": call["id"], "content": "cloudy"} for call in calls),
    ]
    last = extracting.chat.completions.create(messages=messages, response_model=None, **SETTINGS)
    assert last.choices[0].message.content.strip()


def test_a_refusal_reaches_the_caller(extracting):
    with pytest.raises(openai.NotFoundError):
        extracting.chat.completions.create(model="no-such-model", messages=[message()], response_model=None)
