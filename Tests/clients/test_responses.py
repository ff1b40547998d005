"""The Responses API through the official client."""

import asyncio
import json

import openai
import pydantic
import pytest
from openai.lib.responses_tool_runner import (
    AsyncRegisteredFunction,
    AsyncResponsesToolRunner,
    RegisteredFunction,
    ResponsesToolRunner,
)

from support import (
    KEY,
    MODEL,
    OTHER_KEY,
    PROMPT,
    WEATHER_PARAMETERS,
    WEATHER_QUESTION,
    WEATHER_SO_FAR,
    message,
    wait_until,
)

NOTHING = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
CITY = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 24}}, "required": ["city"], "additionalProperties": False}
WEATHER = {"type": "function", "name": "get_weather", "description": "Tells the weather", "parameters": CITY, "strict": True}
TOOLS = [WEATHER, {"type": "function", "name": "end_conversation", "parameters": NOTHING, "strict": True}]
QUESTION = "What is the weather in Linz?"

# What every response has, whether there is anything to say or not.
MEMBERS = """
    id object created_at status background completed_at conversation error incomplete_details instructions
    max_output_tokens max_tool_calls metadata model output parallel_tool_calls previous_response_id prompt
    prompt_cache_key prompt_cache_retention reasoning safety_identifier service_tier store temperature text tool_choice
    tools top_logprobs top_p truncation usage user
""".split()


class Part(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")

    name: str = pydantic.Field(max_length=20)
    count: int = pydantic.Field(ge=0, le=99)


@pytest.fixture(scope="module")
def server(launch):
    """Answers to the same question are compared, whatever else is in the cache or served meanwhile."""
    return launch("--ctx-size", "2048", "--deterministic")


@pytest.fixture(scope="module")
def client(server, connect):
    return connect(server)


@pytest.fixture(scope="module")
def ask(client):
    def ask(input=PROMPT, client=client, **parameters):
        defaults = {"model": MODEL, "max_output_tokens": 24, "temperature": 0}
        return client.responses.create(input=input, **defaults | parameters)

    return ask


def is_over(response):
    return response.status not in ("queued", "in_progress")


# MARK: whole responses


def test_a_response_says_all_that_there_is_to_say(server):
    body = {"model": MODEL, "input": PROMPT, "max_output_tokens": 16, "metadata": {"a": "b"}, "user": "u", "ignore_eos": True}
    response = server.request("POST", "/v1/responses", body).json
    assert set(MEMBERS) <= set(response)
    assert response["id"].startswith("resp_") and response["object"] == "response"
    assert response["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert response["error"] is None and response["completed_at"] is None
    assert (response["metadata"], response["user"]) == ({"a": "b"}, "u")
    assert (response["temperature"], response["top_p"], response["tool_choice"]) == (1, 1, "auto")
    assert response["usage"]["output_tokens"] == 16
    assert response["output"][0]["id"].startswith("msg_")


def test_an_answer_that_ends_is_completed(ask):
    response = ask("Say hello.", max_output_tokens=400)
    assert response.status == "completed" and response.incomplete_details is None
    assert response.completed_at >= response.created_at
    assert response.output_text
    assert [item.type for item in response.output] == ["message"]
    assert response.output[0].status == "completed"
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.output_tokens_details.reasoning_tokens == 0


def test_a_response_says_what_a_chat_says(client, ask):
    chat = client.chat.completions.create(
        model=MODEL, messages=[message("Be brief.", "system"), message()], max_tokens=24, temperature=0
    )
    parts = [{"type": "input_text", "text": PROMPT}]
    for input in (PROMPT, [message()], [{"type": "message", "role": "user", "content": parts}]):
        response = ask(input, instructions="Be brief.")
        assert response.output_text == chat.choices[0].message.content
        assert response.usage.input_tokens == chat.usage.prompt_tokens
        assert response.instructions == "Be brief."


def test_an_asynchronous_client_gets_the_same(server, connect, ask):
    async def run():
        async with connect(server, openai.AsyncOpenAI) as client:
            whole = await client.responses.create(model=MODEL, input=PROMPT, max_output_tokens=24, temperature=0)
            text = ""
            async with client.responses.stream(model=MODEL, input=PROMPT, max_output_tokens=24, temperature=0) as stream:
                async for event in stream:
                    if event.type == "response.output_text.delta":
                        text += event.delta
            return whole.output_text, text

    expected = ask().output_text
    assert asyncio.run(run()) == (expected, expected)


def test_probabilities_stand_beside_the_text(ask):
    response = ask(include=["message.output_text.logprobs"], top_logprobs=3)
    text = response.output[0].content[0]
    assert "".join(token.token for token in text.logprobs) == text.text
    for token in text.logprobs:
        assert token.logprob <= 0 and len(token.top_logprobs) == 3
        assert token.top_logprobs[0].token == token.token
    assert ask().output[0].content[0].logprobs == []


# MARK: streams


def check_events(events):
    """The order that clients rely on; the last response."""
    assert [event.sequence_number for event in events] == list(range(len(events)))
    types = [event.type.removeprefix("response.") for event in events]
    assert types[:2] == ["created", "in_progress"]
    assert types[-1] in ("completed", "incomplete")
    final = events[-1].response
    items = {}
    for event in events[2:-1]:
        kind = event.type.removeprefix("response.")
        if kind == "output_item.added":
            assert event.output_index == len(items)
            items[event.output_index] = {"id": event.item.id, "text": "", "done": None}
        elif kind == "output_item.done":
            assert event.item == final.output[event.output_index]
            items[event.output_index]["done"] = event.item
        else:
            item = items[event.output_index]
            assert event.item_id == item["id"] and item["done"] is None
            if kind.endswith(".delta"):
                item["text"] += event.delta
            elif kind == "output_text.done":
                assert event.text == item["text"]
            elif kind == "function_call_arguments.done":
                assert event.arguments == item["text"]
            elif kind == "custom_tool_call_input.done":
                assert event.input == item["text"]
    assert len(items) == len(final.output) and all(item["done"] for item in items.values())
    return final


def test_a_stream_has_the_whole_sequence_of_events(ask):
    events = list(ask(stream=True))
    final = check_events(events)
    assert final.output_text == ask().output_text
    assert final.usage.output_tokens == 24
    kinds = [event.type.removeprefix("response.") for event in events if not event.type.endswith(".delta")]
    assert kinds == [
        *("created", "in_progress", "output_item.added", "content_part.added"),
        *("output_text.done", "content_part.done", "output_item.done", "incomplete"),
    ]


def test_events_have_names(server):
    body = {"model": MODEL, "input": PROMPT, "max_output_tokens": 16, "stream": True}
    lines = server.request("POST", "/v1/responses", body).body.decode().splitlines()
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    types = [json.loads(line[6:])["type"] for line in lines if line.startswith("data: ")]
    assert names == types and len(names) > 8


def test_the_streaming_helper_follows(client, ask):
    with client.responses.stream(model=MODEL, input="Say hello.", max_output_tokens=400, temperature=0) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert final.status == "completed" and final.output_text == text


# MARK: structured answers and tools


@pytest.mark.parametrize("temperature", [0, 1])
def test_an_answer_is_parsed_into_a_model(client, temperature):
    for number in range(4):
        response = client.responses.parse(
            model=MODEL,
            input=f"Describe a box of {number} bricks.",
            text_format=Part,
            temperature=temperature,
            max_output_tokens=200,
        )
        assert isinstance(response.output_parsed, Part)
        assert response.text.format.type == "json_schema"


def test_a_streamed_structured_answer_is_parsed(client):
    with client.responses.stream(
        model=MODEL, input="Describe a brick.", text_format=Part, temperature=0, max_output_tokens=200
    ) as stream:
        for _ in stream:
            pass
        assert isinstance(stream.get_final_response().output_parsed, Part)


def test_any_object_is_json(ask):
    response = ask("Describe a brick in JSON.", text={"format": {"type": "json_object"}}, max_output_tokens=400)
    if response.status == "completed":
        assert isinstance(json.loads(response.output_text), dict)


def test_a_tool_is_called_and_its_result_is_used(ask):
    first = ask(QUESTION, tools=TOOLS, tool_choice={"type": "function", "name": "get_weather"}, max_output_tokens=100)
    call = first.output[-1]
    assert first.status == "completed" and call.type == "function_call" and call.id.startswith("fc_")
    assert call.name == "get_weather" and set(json.loads(call.arguments)) == {"city"}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny, 24 degrees"}
    # The whole history, and the same by reference.
    whole = ask([message(QUESTION), *first.output, result], tools=TOOLS, tool_choice="none")
    chained = ask([result], previous_response_id=first.id, tools=TOOLS, tool_choice="none")
    assert whole.output_text and chained.output_text
    assert whole.usage.input_tokens == chained.usage.input_tokens
    assert chained.previous_response_id == first.id


FORECAST = {
    "type": "function",
    "name": "get_weather",
    "description": "Tells the weather",
    "parameters": WEATHER_PARAMETERS,
    "strict": True,
}
# With this before its eyes the small model calls the tool by itself, and then uses the result.
FORECASTS = [
    item
    for city, weather in WEATHER_SO_FAR.items()
    for item in (
        message(f"What is the weather in {city}?"),
        {"type": "function_call", "call_id": city, "name": "get_weather", "arguments": json.dumps({"city": city})},
        {"type": "function_call_output", "call_id": city, "output": weather},
        message(f"It is {weather} in {city}.", "assistant"),
    )
]
RUN = {"model": MODEL, "input": [*FORECASTS, message(WEATHER_QUESTION)], "temperature": 0, "max_output_tokens": 64}


@pytest.mark.parametrize("settings", [{}, {"stream": True}, {"stream": True, "eager": True}], ids=str)
def test_the_tool_runner_executes_calls_until_there_is_an_answer(client, settings):
    cities = []

    def execute(arguments):
        cities.append(arguments["city"])
        return "cloudy"

    runner = ResponsesToolRunner(functions=[RegisteredFunction(FORECAST, execute)])
    final = runner.run(client, RUN, max_steps=4, **settings)
    assert len(cities) == 1
    assert final.status == "completed" and "cloudy" in final.output_text


@pytest.mark.parametrize("stream", [False, True])
def test_the_asynchronous_tool_runner_does_so_too(server, connect, stream):
    cities = []

    async def execute(arguments):
        cities.append(arguments["city"])
        return "cloudy"

    async def run():
        async with connect(server, openai.AsyncOpenAI) as client:
            runner = AsyncResponsesToolRunner(functions=[AsyncRegisteredFunction(FORECAST, execute)])
            return await runner.run(client, RUN, max_steps=4, stream=stream)

    assert "cloudy" in asyncio.run(run()).output_text and len(cities) == 1


@pytest.mark.parametrize("temperature", [0, 1])
def test_required_calls_are_valid(client, temperature):
    for number in range(10):
        response = client.responses.create(
            model=MODEL,
            input=f"{QUESTION} ({number})",
            tools=TOOLS,
            tool_choice="required",
            temperature=temperature,
            max_output_tokens=200,
            extra_body={"seed": number},
        )
        calls = [item for item in response.output if item.type == "function_call"]
        assert response.status == "completed" and len(calls) == 1
        arguments = json.loads(calls[0].arguments)
        assert set(arguments) == ({"city"} if calls[0].name == "get_weather" else set())


def test_a_call_is_streamed(ask):
    events = list(ask(QUESTION, tools=TOOLS, tool_choice="required", max_output_tokens=200, stream=True))
    final = check_events(events)
    assert final.output[-1].type == "function_call"
    assert any(event.type == "response.function_call_arguments.delta" for event in events)


def test_a_custom_tool_takes_a_text(ask):
    tool = {"type": "custom", "name": "answer", "format": {"type": "grammar", "syntax": "regex", "definition": "(yes|no)"}}
    events = list(ask("Is it raining?", tools=[tool], tool_choice="required", max_output_tokens=100, stream=True))
    call = check_events(events).output[-1]
    assert call.type == "custom_tool_call" and call.input in ("yes", "no")
    assert any(event.type == "response.custom_tool_call_input.delta" for event in events)
    result = {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "thanks"}
    assert ask([message("Is it raining?"), call, result], tools=[tool], tool_choice="none").output_text


def test_only_the_allowed_tools_are_called(ask):
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "end_conversation"}]}
    response = ask(QUESTION, tools=TOOLS, tool_choice=choice, max_output_tokens=100)
    assert response.output[-1].name == "end_conversation"
    assert response.tool_choice.type == "allowed_tools"


def test_calls_without_results_are_refused(ask):
    first = ask(QUESTION, tools=TOOLS, tool_choice="required", max_output_tokens=100)
    with pytest.raises(openai.BadRequestError, match="No tool output found") as refusal:
        ask("And tomorrow?", previous_response_id=first.id)
    assert refusal.value.param == "input"


# MARK: state


def test_a_response_is_kept_until_it_is_deleted(client, ask):
    response = ask()
    assert client.responses.retrieve(response.id) == response
    client.responses.delete(response.id)
    for use in (client.responses.retrieve, client.responses.delete, client.responses.cancel):
        with pytest.raises(openai.NotFoundError):
            use(response.id)


def test_what_is_not_stored_is_not_there(client, ask):
    response = ask(store=False)
    assert response.store is False
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response.id)
    with pytest.raises(openai.BadRequestError) as refusal:
        ask("Go on.", previous_response_id=response.id)
    assert (refusal.value.code, refusal.value.param) == ("previous_response_not_found", "previous_response_id")


def test_responses_go_on_from_each_other(client, ask):
    first = ask("My name is Ada.", instructions="Talk like a pirate.")
    second = ask("What is my name?", previous_response_id=first.id)
    by_hand = ask(
        [message("My name is Ada."), {"role": "assistant", "content": first.output_text}, message("What is my name?")]
    )
    # Instructions are of one request alone.
    assert second.instructions is None
    assert second.output_text
    assert second.usage.input_tokens == by_hand.usage.input_tokens
    assert second.usage.input_tokens_details.cached_tokens >= 0


def test_what_a_response_was_made_from_is_listed(client, ask):
    first = ask("One.")
    second = ask([{"type": "item_reference", "id": first.output[0].id}, message("Two."), message("Three.")])
    items = list(client.responses.input_items.list(second.id, limit=2, order="asc"))
    assert [item.content[0].text for item in items] == [first.output_text, "Two.", "Three."]
    assert [item.id for item in client.responses.input_items.list(second.id)] == [item.id for item in reversed(items)]
    page = client.responses.input_items.list(second.id, after=items[0].id, limit=1, order="asc")
    assert [item.id for item in page.data] == [items[1].id] and page.has_more
    third = ask("Four.", previous_response_id=second.id)
    assert len(list(client.responses.input_items.list(third.id))) == 5
    for query in ({"limit": 0}, {"order": "up"}, {"after": "msg_none"}):
        with pytest.raises(openai.BadRequestError) as refusal:
            client.responses.input_items.list(second.id, **query)
        assert refusal.value.param in query


def test_another_key_sees_nothing(guarded, connect):
    mine, others = connect(guarded, api_key=KEY), connect(guarded, api_key=OTHER_KEY)
    response = mine.responses.create(model=MODEL, input=PROMPT, max_output_tokens=16, background=True)
    for use in (others.responses.retrieve, others.responses.delete, others.responses.cancel, others.responses.input_items.list):
        with pytest.raises(openai.NotFoundError):
            use(response.id)
    for parameters in (
        {"input": "Go on.", "previous_response_id": response.id},
        {"input": [{"type": "item_reference", "id": mine.responses.input_items.list(response.id).data[0].id}]},
    ):
        with pytest.raises(openai.BadRequestError):
            others.responses.create(model=MODEL, **parameters)
    assert wait_until(lambda: is_over(mine.responses.retrieve(response.id)), "a response in the background")


def test_the_newest_responses_are_kept(start_server, connect):
    client = connect(start_server("--ctx-size", "512", "--parallel", "1", "--max-responses", "2"))
    ids = [client.responses.create(model=MODEL, input=PROMPT, max_output_tokens=16).id for _ in range(3)]
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(ids[0])
    assert [client.responses.retrieve(id).id for id in ids[1:]] == ids[1:]


# MARK: the background


def test_a_response_in_the_background_is_polled(client, ask):
    begun = ask(background=True)
    assert not is_over(begun) and begun.background
    wait_until(lambda: is_over(client.responses.retrieve(begun.id)), "a response in the background")
    done = client.responses.retrieve(begun.id)
    assert done.status == "incomplete" and done.output_text == ask().output_text
    # What is over is not cancelled any more.
    assert client.responses.cancel(begun.id).status == "incomplete"


def test_a_response_in_the_background_is_followed_again(client, ask):
    with ask(background=True, stream=True) as stream:
        seen = [next(stream), next(stream), next(stream)]
    assert [event.type for event in seen] == ["response.created", "response.queued", "response.in_progress"]
    # The client has left; the response goes on.
    rest = list(client.responses.retrieve(seen[0].response.id, stream=True, starting_after=2))
    again = list(client.responses.retrieve(seen[0].response.id, stream=True))
    assert again == seen + rest
    assert [event.sequence_number for event in again] == list(range(len(again)))
    assert again[-1].type == "response.incomplete"
    assert again[-1].response.output_text == ask().output_text


def test_a_response_in_the_background_is_cancelled(client, ask):
    parameters = {"max_output_tokens": 1500, "extra_body": {"ignore_eos": True}, "background": True}
    with ask(stream=True, **parameters) as stream:
        id = next(stream).response.id
        for event in stream:
            if event.type == "response.output_text.delta":
                break
        cancelled = client.responses.cancel(id)
        # Its stream ends without a last word.
        assert all(event.type == "response.output_text.delta" for event in stream)
    assert cancelled.status == "cancelled" and client.responses.cancel(id).status == "cancelled"
    assert client.responses.retrieve(id).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="cancelled"):
        ask("Go on.", previous_response_id=id)
    client.responses.delete(id)


def test_only_the_background_is_followed_and_cancelled(client, ask):
    response = ask()
    for use in (client.responses.cancel, lambda id: list(client.responses.retrieve(id, stream=True))):
        with pytest.raises(openai.BadRequestError, match="background"):
            use(response.id)


def test_a_server_stops_while_it_works_in_the_background(start_server, connect):
    server = start_server("--ctx-size", "2048", "--parallel", "1")
    client = connect(server)
    parameters = {"max_output_tokens": 1500, "extra_body": {"ignore_eos": True}, "background": True}
    for _ in range(2):
        client.responses.create(model=MODEL, input=PROMPT, **parameters)
    server.stop()


# MARK: counts, summaries, and what does not fit


def test_tokens_are_counted(client, ask):
    response = ask(QUESTION, tools=TOOLS, instructions="Be brief.")
    count = client.responses.input_tokens.count(model=MODEL, input=QUESTION, tools=TOOLS, instructions="Be brief.")
    assert count.object == "response.input_tokens"
    assert count.input_tokens == response.usage.input_tokens


def test_a_summary_stands_for_a_conversation(client, ask):
    history = [message("My name is Ada, and I like marmalade."), {"role": "assistant", "content": "I see."}]
    compacted = client.responses.compact(model=MODEL, input=history)
    assert compacted.object == "response.compaction" and compacted.usage.output_tokens > 0
    assert [item.type for item in compacted.output] == ["compaction"]
    response = ask([*compacted.output, message("What do I like?")])
    assert response.output_text
    with pytest.raises(openai.BadRequestError) as refusal:
        ask([{"type": "compaction", "encrypted_content": "gAAAAA"}, message("What do I like?")])
    assert refusal.value.param == "input[0].encrypted_content"


def test_old_turns_make_room_where_they_may(ask):
    history = [turn for number in range(60) for turn in (message(f"Number {number}: " + "word " * 30), message("Yes.", "assistant"))]
    history.append(message("Which numbers do you remember?"))
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(history)
    assert (refusal.value.code, refusal.value.param) == ("context_length_exceeded", "input")
    response = ask([message("Be brief.", "system"), *history], truncation="auto")
    assert response.output_text and response.truncation == "auto"
    # As much is kept as fits beside the answer.
    assert 1800 < response.usage.input_tokens <= 2048 - 24


@pytest.mark.parametrize(
    "parameters, param",
    [
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "image_generation"}]}, "tools[0].type"),
        ({"tools": [{"type": "computer_use_preview", "display_width": 1, "display_height": 1, "environment": "linux"}]}, "tools[0].type"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"text": {"verbosity": "max"}}, "text.verbosity"),
        ({"reasoning": {"effort": "high"}}, "reasoning.effort"),
        ({"reasoning": {"summary": "concise"}}, "reasoning.summary"),
        ({"background": True, "store": False}, "background"),
        ({"max_output_tokens": 1}, "max_output_tokens"),
        ({"input": [message([{"type": "input_image", "image_url": "https://a.example/b.png", "detail": "auto"}])]}, "input[0].content[0].image_url"),
        ({"input": [message([{"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"}])]}, "input[0].content[0].image_url"),
        ({"input": [message([{"type": "input_file", "file_id": "file_1"}])]}, "input[0].content[0].type"),
        ({"input": [{"type": "item_reference", "id": "msg_none"}]}, "input[0].id"),
        ({"extra_body": {"max_tokens": 5}}, "max_tokens"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_refused(ask, parameters, param):
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(**parameters)
    assert refusal.value.param == param


@pytest.mark.parametrize(
    "parameters",
    [
        {"reasoning": {"effort": "none"}},
        {"reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]},
        {"text": {"verbosity": "medium"}, "max_tool_calls": 3, "parallel_tool_calls": False},
        {"safety_identifier": "s", "prompt_cache_key": "k", "service_tier": "flex", "truncation": "disabled"},
    ],
    ids=str,
)
def test_what_changes_nothing_is_accepted(ask, parameters):
    assert ask(**parameters).output_text == ask().output_text
