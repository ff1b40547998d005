"""Tools, structured answers and reasoning through the official client."""

import asyncio
import datetime
import enum
import ipaddress
import json
import re
import uuid

import openai
import pydantic
import pytest

from support import MODEL, PROMPT, WEATHER_HISTORY, WEATHER_QUESTION, WEATHER_TOOL, message

QUESTION = "What is the weather in Linz tomorrow?"
WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 24},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
    },
    "required": ["city", "unit", "days"],
    "additionalProperties": False,
}


def function(name="get_weather", parameters=WEATHER, strict=True):
    return {
        "type": "function",
        "function": {"name": name, "description": "Tells the weather", "parameters": parameters, "strict": strict},
    }


NOTHING = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
TOOLS = [function(), function("end_conversation", NOTHING)]


class Weather(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", strict=True)

    city: str = pydantic.Field(max_length=24)
    unit: str = pydantic.Field(pattern="^(celsius|fahrenheit)$")
    days: int = pydantic.Field(ge=1, le=7)


@pytest.fixture(scope="module")
def ask(client):
    def ask(text=QUESTION, client=client, **parameters):
        defaults = {"model": MODEL, "messages": [message(text)], "max_tokens": 128, "temperature": 0}
        return client.chat.completions.create(**defaults | parameters)

    return ask


def check(call):
    """A call is valid."""
    assert call.id and call.type == "function"
    if call.function.name == "get_weather":
        Weather.model_validate_json(call.function.arguments)
    else:
        assert call.function.name == "end_conversation"
        assert json.loads(call.function.arguments) == {}


# MARK: calls


@pytest.mark.parametrize("temperature", [0, 1])
def test_calls_that_are_required_are_valid_two_hundred_times_of_two_hundred(client, temperature):
    def answers(number):
        return client.chat.completions.create(
            model=MODEL,
            messages=[message(f"{QUESTION} ({number})")],
            tools=TOOLS,
            tool_choice="required",
            temperature=temperature,
            max_tokens=200,
            seed=number,
            n=25,
        )

    choices = [choice for number in range(8) for choice in answers(number).choices]
    assert len(choices) == 200
    for choice in choices:
        assert choice.finish_reason == "tool_calls"
        assert choice.message.content is None
        assert len(choice.message.tool_calls) == 1
        check(choice.message.tool_calls[0])


def test_a_call_that_is_cut_off_says_so(ask):
    whole = ask(tools=TOOLS, tool_choice="required").choices[0].message.tool_calls[0].function
    for limit in range(1, 24):
        choice = ask(tools=TOOLS, tool_choice="required", max_tokens=limit).choices[0]
        assert choice.finish_reason == "length"
        for call in choice.message.tool_calls or []:
            assert call.function.name == whole.name
            assert whole.arguments.startswith(call.function.arguments.rstrip("}\""))


def test_a_named_function_is_called(ask):
    for name in ("get_weather", "end_conversation"):
        choice = ask(tools=TOOLS, tool_choice={"type": "function", "function": {"name": name}}).choices[0]
        assert choice.finish_reason == "tool_calls"
        assert [call.function.name for call in choice.message.tool_calls] == [name]
        check(choice.message.tool_calls[0])


def test_one_of_the_allowed_functions_is_called(ask):
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "end_conversation"}}]}
    choice = ask(tools=TOOLS, tool_choice={"type": "allowed_tools", "allowed_tools": allowed}).choices[0]
    assert [call.function.name for call in choice.message.tool_calls] == ["end_conversation"]


def test_no_function_is_called_where_none_may_be(ask):
    choice = ask(tools=TOOLS, tool_choice="none", max_tokens=16).choices[0]
    assert choice.message.tool_calls is None and choice.message.content


def test_an_answer_may_call_or_speak(ask):
    choice = ask(PROMPT, tools=TOOLS).choices[0]
    assert choice.finish_reason in ("stop", "length", "tool_calls")
    assert choice.message.content or choice.message.tool_calls
    for call in choice.message.tool_calls or []:
        if choice.finish_reason == "tool_calls":
            check(call)


def test_several_calls_come_in_one_answer_where_they_may(steady):
    answer = steady.chat.completions.create(
        model=MODEL,
        messages=[message("Tell the weather in Linz and in Graz.")],
        tools=TOOLS,
        tool_choice="required",
        parallel_tool_calls=True,
        temperature=1,
        max_tokens=400,
        seed=1,
        n=16,
    )
    calls = [choice.message.tool_calls for choice in answer.choices if choice.finish_reason == "tool_calls"]
    assert any(len(list_) > 1 for list_ in calls)
    for list_ in calls:
        assert len({call.id for call in list_}) == len(list_)
        for call in list_:
            check(call)


# MARK: streams


def gathered(chunks):
    """The calls of a stream, as clients put them together."""
    calls = []
    for chunk in chunks:
        for choice in chunk.choices:
            for delta in choice.delta.tool_calls or []:
                if delta.index == len(calls):
                    assert delta.id and delta.type == "function" and delta.function.name
                    assert delta.function.arguments == ""
                    calls.append([delta.function.name, ""])
                else:
                    assert delta.index == len(calls) - 1
                    assert delta.id is None and delta.type is None and delta.function.name is None
                    calls[-1][1] += delta.function.arguments
    return calls


@pytest.fixture(scope="module")
def steady(launch, connect):
    """A client whose answers do not hang on how a prompt was parted into steps."""
    return connect(launch("--ctx-size", "2048", "--parallel", "1", "--deterministic"))


def test_a_streamed_call_is_the_same_as_a_whole_one(ask, steady):
    wanted = {"client": steady, "tools": TOOLS, "tool_choice": "required"}
    whole = ask(**wanted).choices[0].message.tool_calls[0].function
    chunks = list(ask(**wanted, stream=True, stream_options={"include_usage": True}))
    assert gathered(chunks) == [[whole.name, whole.arguments]]
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "tool_calls"
    assert not any(choice.delta.content for chunk in chunks for choice in chunk.choices)
    pieces = [chunk for chunk in chunks if chunk.choices and chunk.choices[0].delta.tool_calls]
    assert len(pieces) > 5, "arguments come as they are made"
    assert chunks[-1].usage.completion_tokens > 0


def test_the_streaming_helper_puts_a_call_together(client):
    with client.chat.completions.stream(
        model=MODEL, messages=[message(QUESTION)], tools=TOOLS, tool_choice="required", temperature=0, max_tokens=128
    ) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"tool_calls.function.arguments.delta", "tool_calls.function.arguments.done"} <= kinds
    call = final.choices[0].message.tool_calls[0]
    check(call)
    assert call.function.parsed_arguments == json.loads(call.function.arguments)


def test_the_asynchronous_client_streams_calls_too(server, connect):
    async def run():
        async with connect(server, openai.AsyncOpenAI) as client:
            async with client.chat.completions.stream(
                model=MODEL, messages=[message(QUESTION)], tools=TOOLS, tool_choice="required", max_tokens=128
            ) as stream:
                async for _ in stream:
                    pass
                return await stream.get_final_completion()

    check(asyncio.run(run()).choices[0].message.tool_calls[0])


# MARK: conversations with calls


def test_a_round_trip_of_a_tool(client):
    messages = [message(QUESTION)]
    create = client.chat.completions.create
    first = create(model=MODEL, messages=messages, tools=TOOLS, tool_choice="required", max_tokens=128, temperature=0).choices[0].message
    messages.append(first.model_dump(exclude_none=True))
    for call in first.tool_calls:
        messages.append({"role": "tool", "tool_call_id": call.id, "content": '{"temperature": 20}'})
    last = create(model=MODEL, messages=messages, tools=TOOLS, tool_choice="none", max_tokens=16, temperature=0)
    assert last.choices[0].message.content
    assert last.usage.prompt_tokens > 50


def test_a_model_calls_a_tool_by_itself_and_uses_its_result(ask):
    messages = [*WEATHER_HISTORY, message(WEATHER_QUESTION)]
    first = ask(messages=messages, tools=[WEATHER_TOOL]).choices[0]
    assert first.finish_reason == "tool_calls" and len(first.message.tool_calls) == 1
    call = first.message.tool_calls[0]
    assert list(json.loads(call.function.arguments)) == ["city"]
    messages += [first.message, {"role": "tool", "tool_call_id": call.id, "content": "cloudy"}]
    last = ask(messages=messages, tools=[WEATHER_TOOL]).choices[0]
    assert last.finish_reason == "stop" and "cloudy" in last.message.content


def test_a_result_without_a_call_is_refused(ask):
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(messages=[message(), {"role": "tool", "tool_call_id": "x", "content": "1"}])
    assert refusal.value.param == "messages[1].tool_call_id"


def test_functions_work_in_their_old_form(ask):
    functions = [{"name": "get_weather", "parameters": WEATHER}]
    choice = ask(functions=functions, function_call={"name": "get_weather"}).choices[0]
    assert choice.finish_reason == "function_call" and choice.message.tool_calls is None
    Weather.model_validate_json(choice.message.function_call.arguments)
    history = [
        message(QUESTION),
        {"role": "assistant", "content": None, "function_call": choice.message.function_call.model_dump()},
        {"role": "function", "name": "get_weather", "content": "20"},
    ]
    assert ask(messages=history, functions=functions, function_call="none", max_tokens=8).choices[0].message.content
    chunks = list(ask(functions=functions, function_call={"name": "get_weather"}, stream=True))
    deltas = [choice.delta.function_call for chunk in chunks for choice in chunk.choices if choice.delta.function_call]
    assert deltas[0].name == "get_weather" and all(delta.name is None for delta in deltas[1:])
    Weather.model_validate_json("".join(delta.arguments for delta in deltas))


@pytest.mark.parametrize("stream", [False, True])
def test_a_custom_tool_takes_a_text_of_its_pattern(ask, client, lenient, stream):
    # OpenAI streams such calls too, though its own types have no room for them.
    form = {"type": "grammar", "grammar": {"syntax": "regex", "definition": '"[A-Z]{3}-\\d{2,4}"'}}
    tool = {"type": "custom", "custom": {"name": "plate", "description": "A number plate", "format": form}}
    choice = {"type": "custom", "custom": {"name": "plate"}}
    asked = lenient if stream else client
    answer = ask(tools=[tool], tool_choice=choice, temperature=1, stream=stream, client=asked)
    if stream:
        deltas = [delta for chunk in answer for choice in chunk.choices for delta in choice.delta.tool_calls or []]
        text = "".join((delta.model_extra or {}).get("custom", {}).get("input", "") for delta in deltas)
    else:
        call = answer.choices[0].message.tool_calls[0]
        assert (call.type, call.custom.name) == ("custom", "plate")
        text = call.custom.input
    assert re.fullmatch(r'"[A-Z]{3}-\d{2,4}"', text)


def test_a_custom_tool_takes_a_text_of_its_lark_grammar(ask):
    definition = 'start: sum\nsum: sum "+" NUMBER | NUMBER\n%import common.INT -> NUMBER\n%ignore " "'
    form = {"type": "grammar", "grammar": {"syntax": "lark", "definition": definition}}
    tool = {"type": "custom", "custom": {"name": "sum", "format": form}}
    choice = {"type": "custom", "custom": {"name": "sum"}}
    for seed in range(4):
        answer = ask(tools=[tool], tool_choice=choice, temperature=1, seed=seed, max_tokens=80)
        if answer.choices[0].finish_reason == "tool_calls":
            assert re.fullmatch(r" *\d+ *(\+ *\d+ *)*", answer.choices[0].message.tool_calls[0].custom.input)


# MARK: structured answers


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Part(pydantic.BaseModel):
    name: str = pydantic.Field(max_length=16)
    colour: Colour
    count: int = pydantic.Field(ge=0, le=99)


class Box(pydantic.BaseModel):
    label: str = pydantic.Field(pattern=r"^[A-Z]{2}\d{3}$")
    parts: list[Part] = pydantic.Field(min_length=1, max_length=3)
    weight: float
    open: bool


@pytest.mark.parametrize("temperature", [0, 1])
def test_an_answer_is_parsed_into_a_model(client, temperature):
    for seed in range(5):
        answer = client.chat.completions.parse(
            model=MODEL,
            messages=[message("Describe a box of bricks.")],
            response_format=Part,
            temperature=temperature,
            max_tokens=200,
            seed=seed,
        )
        assert isinstance(answer.choices[0].message.parsed, Part)


class Purchase(pydantic.BaseModel):
    price: float = pydantic.Field(gt=0, le=99.5, multiple_of=0.25)
    weight: float | None = pydantic.Field(ge=0.05, lt=3)
    dozens: int = pydantic.Field(ge=0, multiple_of=12, lt=200)
    on: datetime.date
    at: datetime.datetime
    shop: ipaddress.IPv4Address | uuid.UUID


def test_bounds_and_formats_hold_as_pydantic_asks_for_them(client):
    answers = [
        client.chat.completions.parse(
            model=MODEL,
            messages=[message("Describe a purchase.")],
            response_format=Purchase,
            temperature=1.5,
            max_tokens=300,
            seed=seed,
        )
        for seed in range(6)
    ]
    assert all(isinstance(answer.choices[0].message.parsed, Purchase) for answer in answers)


def test_a_nested_schema_holds(client):
    form = {"type": "json_schema", "json_schema": {"name": "box", "strict": True, "schema": Box.model_json_schema()}}
    answer = client.chat.completions.create(
        model=MODEL, messages=[message("Describe a box.")], response_format=form, temperature=1, n=8, max_tokens=400, seed=1
    )
    for choice in answer.choices:
        if choice.finish_reason == "stop":
            Box.model_validate_json(choice.message.content)
    assert any(choice.finish_reason == "stop" for choice in answer.choices)


def test_a_streamed_structured_answer_is_parsed(client):
    with client.chat.completions.stream(
        model=MODEL, messages=[message("Describe a brick.")], response_format=Part, temperature=0, max_tokens=200
    ) as stream:
        for _ in stream:
            pass
        parsed = stream.get_final_completion().choices[0].message.parsed
    assert isinstance(parsed, Part)


def test_any_object_is_json(ask, steady):
    form = {"type": "json_object"}
    answer = ask("Describe a brick in JSON.", client=steady, response_format=form, max_tokens=400, temperature=1, seed=1, n=8)
    ended = [choice.message.content for choice in answer.choices if choice.finish_reason == "stop"]
    assert ended and all(isinstance(json.loads(content), dict) for content in ended)


def test_an_answer_beside_tools_is_a_call_or_of_the_schema(client):
    form = {"type": "json_schema", "json_schema": {"name": "part", "schema": Part.model_json_schema()}}
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[message("Describe a brick.")],
        tools=TOOLS,
        response_format=form,
        temperature=1,
        n=16,
        max_tokens=300,
    )
    for choice in answer.choices:
        if choice.finish_reason == "stop":
            Part.model_validate_json(choice.message.content)
        elif choice.finish_reason == "tool_calls":
            check(choice.message.tool_calls[0])


def test_a_keyword_that_cannot_be_enforced_is_named(ask):
    schema = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
    form = {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": schema}}
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(response_format=form)
    assert refusal.value.code == "invalid_schema" and "'uniqueItems'" in str(refusal.value)
    assert refusal.value.param == "response_format.json_schema.schema"


# MARK: the rest


def test_an_answer_goes_on_from_a_prefilled_turn(ask):
    begun = [message("Count from one to ten in words."), message("One, two, three, four, five,", "assistant")]
    content = ask(messages=begun, max_tokens=8).choices[0].message.content
    assert content.lower().lstrip().startswith("six")


@pytest.mark.parametrize("stream", [False, True])
def test_probabilities_stand_beside_the_content(ask, stream):
    answer = ask(PROMPT, logprobs=True, top_logprobs=3, max_tokens=12, stream=stream)
    if stream:
        chunks = list(answer)
        tokens = [t for c in chunks for choice in c.choices if choice.logprobs for t in choice.logprobs.content]
        said = "".join(choice.delta.content or "" for c in chunks for choice in c.choices)
    else:
        tokens, said = answer.choices[0].logprobs.content, answer.choices[0].message.content
    assert "".join(token.token for token in tokens) == said
    for token in tokens:
        assert token.logprob <= 0 and len(token.top_logprobs) == 3
        assert bytes(token.bytes).decode() == token.token
        # The likeliest is chosen at temperature 0.
        assert token.top_logprobs[0].token == token.token


@pytest.mark.parametrize(
    "parameters, param",
    [
        ({"store": True}, "store"),
        ({"modalities": ["audio"]}, "modalities"),
        ({"audio": {"voice": "alloy", "format": "wav"}}, "audio"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"verbosity": "loud"}, "verbosity"),
        ({"reasoning_effort": "high"}, "reasoning_effort"),
        ({"tools": [function("no good name")]}, "tools[0].function.name"),
        ({"messages": [message([{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}])]}, "messages[0].content[0].input_audio.data"),
        ({"messages": [message([{"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}])]}, "messages[0].content[0].image_url.url"),
        ({"messages": [message([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}])]}, "messages[0].content[0].image_url"),
    ],
    ids=str,
)
def test_what_this_model_cannot_do_is_refused(ask, parameters, param):
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(**parameters)
    assert refusal.value.param == param


@pytest.mark.parametrize(
    "parameters",
    [
        {"reasoning_effort": "none"},
        {"prediction": {"type": "content", "content": "One, two"}},
        {"store": False, "metadata": {"a": "b"}, "modalities": ["text"], "verbosity": "medium"},
        {"extra_body": {"chat_template_kwargs": {"enable_thinking": False}, "reasoning_format": "none"}},
    ],
    ids=str,
)
def test_what_changes_nothing_is_accepted(ask, parameters):
    assert ask(PROMPT, max_tokens=2, **parameters).choices[0].message.content
