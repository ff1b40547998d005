"""Anthropic's API through its official client."""

import asyncio
import json
from typing import Literal

import anthropic
import pydantic
import pytest

from support import DEADLINE, KEY, MODEL, PROMPT, message

WEATHER = {
    "name": "get_weather",
    "description": "Tells the weather",
    "strict": True,
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 24}, "unit": {"type": "string", "enum": ["C", "F"]}},
        "required": ["city", "unit"],
        "additionalProperties": False,
    },
}
END = {
    "name": "end_conversation",
    "description": "Ends it",
    "input_schema": {"type": "object", "properties": {}, "additionalProperties": False},
}
QUESTION = "What is the weather in Linz?"


class Weather(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", strict=True)

    city: str = pydantic.Field(max_length=24)
    unit: str = pydantic.Field(pattern="^[CF]$")


class Brick(pydantic.BaseModel):
    colour: Literal["red", "blue"]
    count: int


def sampled(temperature):
    """The client has no name any more for what the API still reads."""
    return {"extra_body": {"temperature": temperature}}


@pytest.fixture(scope="module")
def claude(server):
    with anthropic.Anthropic(
        base_url=server.url, api_key="unused", max_retries=0, timeout=DEADLINE, _strict_response_validation=True
    ) as client:
        yield client


@pytest.fixture(scope="module")
def create(claude):
    def create(text=PROMPT, temperature=0, **parameters):
        defaults = {"model": MODEL, "messages": [message(text)], "max_tokens": 16} | sampled(temperature)
        return claude.messages.create(**defaults | parameters)

    return create


# MARK: texts


def test_a_message_has_text_a_reason_and_usage(create):
    answer = create(system="You are brief.", metadata={"user_id": "x"}, service_tier="auto")
    assert (answer.type, answer.role, answer.model) == ("message", "assistant", MODEL)
    assert answer.id.startswith("msg_") and answer._request_id.startswith("req_")
    assert [block.type for block in answer.content] == ["text"] and answer.content[0].text.strip()
    assert (answer.stop_reason, answer.stop_sequence) == ("max_tokens", None)
    assert answer.usage.output_tokens == 16


def test_what_is_in_the_cache_is_not_counted_as_input(create):
    text = PROMPT + " Be long and detailed." * 20
    first, second = create(text), create(text)
    whole = first.usage.input_tokens + first.usage.cache_read_input_tokens
    assert second.usage.cache_read_input_tokens > 50
    assert second.usage.input_tokens + second.usage.cache_read_input_tokens == whole
    assert second.content[0].text == first.content[0].text


def test_names_of_claude_stand_for_the_default_model(create):
    assert create(model="claude-next").model == MODEL


def test_blocks_are_read_like_texts(create):
    blocks = [{"type": "text", "text": PROMPT, "cache_control": {"type": "ephemeral"}}]
    system = [{"type": "text", "text": "You are brief."}]
    plain = create(system="You are brief.")
    assert create(system=system, messages=[message(blocks)]).content[0].text == plain.content[0].text


def test_a_stop_sequence_is_named(create):
    text = create().content[0].text
    word = text.split()[3]
    answer = create(stop_sequences=["never to come", word])
    assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", word)
    assert answer.content[0].text == text[: text.index(word)]


def test_an_answer_goes_on_from_its_beginning(create):
    messages = [message("Count to ten."), message("One, two, three,", "assistant")]
    answer = create(messages=messages)
    assert not answer.content[0].text.startswith("One")


def test_neighbours_of_one_role_are_one_turn(claude):
    count = claude.messages.count_tokens
    one = count(model=MODEL, messages=[message("Hello.\nGo on.")]).input_tokens
    assert count(model=MODEL, messages=[message("Hello."), message("Go on.")]).input_tokens == one


def test_tokens_are_counted_as_they_are_used(claude, create):
    usage = create(system="You are brief.").usage
    count = claude.messages.count_tokens(model=MODEL, messages=[message()], system="You are brief.")
    assert count.input_tokens == usage.input_tokens + usage.cache_read_input_tokens
    more = claude.messages.count_tokens(model=MODEL, messages=[message()], system="You are brief.", tools=[WEATHER])
    assert more.input_tokens > count.input_tokens


# MARK: streams


def test_a_stream_has_all_events_in_order(create):
    events = list(create(stream=True))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[2:-3]) == {"content_block_delta"} and len(kinds) > 8
    assert events[0].message.stop_reason is None and events[0].message.usage.input_tokens > 0
    assert events[-2].delta.stop_reason == "max_tokens" and events[-2].usage.output_tokens == 16


def test_events_are_named_and_a_ping_comes_early(server):
    body = {"model": MODEL, "max_tokens": 4, "messages": [message()], "stream": True}
    reply = server.request("POST", "/v1/messages", body)
    lines = reply.body.decode().splitlines()
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert names[:2] == ["message_start", "ping"] and names[-1] == "message_stop"
    assert names == [json.loads(line[6:])["type"] for line in lines if line.startswith("data: ")]


def test_the_helper_puts_together_what_a_plain_answer_says(claude, create):
    with claude.messages.stream(model=MODEL, messages=[message()], max_tokens=16, **sampled(0)) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    plain = create()
    assert text == final.content[0].text == plain.content[0].text
    assert final.usage.output_tokens == plain.usage.output_tokens
    assert final.usage.input_tokens + final.usage.cache_read_input_tokens > 0


def test_the_asynchronous_client_streams(server):
    async def run():
        async with anthropic.AsyncAnthropic(base_url=server.url, api_key="unused", max_retries=0) as client:
            async with client.messages.stream(model=MODEL, messages=[message()], max_tokens=8) as stream:
                return "".join([text async for text in stream.text_stream])

    assert asyncio.run(run())


# MARK: tools


def test_a_tool_is_called_where_one_must_be(create):
    for choice, names in [({"type": "any"}, None), ({"type": "tool", "name": "get_weather"}, ["get_weather"])]:
        answer = create(QUESTION, tools=[WEATHER, END], tool_choice=choice, max_tokens=128)
        assert answer.stop_reason == "tool_use"
        calls = [block for block in answer.content if block.type == "tool_use"]
        assert calls and (names is None or [call.name for call in calls] == names)
        for call in calls:
            assert Weather.model_validate(call.input) if call.name == "get_weather" else call.input == {}


def test_one_call_comes_where_several_may_not(create):
    choice = {"type": "any", "disable_parallel_tool_use": True}
    answer = create("The weather in Linz and in Graz?", tools=[WEATHER], tool_choice=choice, max_tokens=256)
    assert [block.type for block in answer.content] == ["tool_use"]


def test_no_tool_is_called_where_none_may_be(create):
    answer = create(QUESTION, tools=[WEATHER], tool_choice={"type": "none"})
    assert [block.type for block in answer.content] == ["text"]


def test_a_streamed_call_is_the_same_as_a_whole_one(claude, create):
    settings = {"tools": [WEATHER], "tool_choice": {"type": "any"}, "max_tokens": 128}
    whole = create(QUESTION, **settings).content[0]
    events = list(create(QUESTION, stream=True, **settings))
    start = next(event for event in events if event.type == "content_block_start")
    assert (start.content_block.type, start.content_block.name, start.content_block.input) == ("tool_use", whole.name, {})
    pieces = [event.delta.partial_json for event in events if event.type == "content_block_delta"]
    assert len(pieces) > 3 and json.loads("".join(pieces)) == whole.input
    assert events[-2].delta.stop_reason == "tool_use"
    with claude.messages.stream(model=MODEL, messages=[message(QUESTION)], **sampled(0), **settings) as stream:
        assert stream.get_final_message().content[0].input == whole.input


def test_a_round_trip_of_a_tool(create):
    first = create(QUESTION, tools=[WEATHER], tool_choice={"type": "any"}, max_tokens=128)
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": [{"type": "text", "text": "20 degrees"}]}
        for block in first.content
        if block.type == "tool_use"
    ]
    messages = [
        message(QUESTION),
        message([block.model_dump() for block in first.content], "assistant"),
        message([*results, {"type": "text", "text": "So?"}]),
    ]
    last = create(messages=messages, tools=[WEATHER], tool_choice={"type": "none"})
    assert last.content[0].text and last.usage.input_tokens + last.usage.cache_read_input_tokens > 50


def test_a_call_that_is_cut_off_keeps_what_it_has(create):
    answer = create(QUESTION, tools=[WEATHER], tool_choice={"type": "any"}, max_tokens=20)
    assert answer.stop_reason == "max_tokens"
    for block in answer.content:
        assert block.type != "tool_use" or isinstance(block.input, dict)


# MARK: structured answers


def test_an_answer_is_parsed_into_a_model(claude):
    answer = claude.messages.parse(
        model=MODEL, messages=[message("Describe a brick.")], max_tokens=128, output_format=Brick
    )
    assert isinstance(answer.parsed_output, Brick)


def test_a_streamed_structured_answer_is_parsed(claude):
    with claude.messages.stream(
        model=MODEL, messages=[message("Describe a brick.")], max_tokens=128, output_format=Brick
    ) as stream:
        assert isinstance(stream.get_final_message().parsed_output, Brick)


# MARK: refusals


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"max_tokens": 0}, "'max_tokens'"),
        ({"temperature": 1.5}, "'temperature'"),
        ({"messages": []}, "'messages'"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "web_search_20250305"),
        ({"tool_choice": {"type": "any"}}, "'tool_choice'"),
        ({"extra_body": {"container": "c"}}, "'container'"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "'thinking.budget_tokens'"),
        ({"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024}}, "does not reason"),
        (
            {"messages": [message([{"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}}])]},
            "fetches nothing",
        ),
        (
            {
                "messages": [
                    message(
                        [
                            {
                                "type": "image",
                                "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
                            }
                        ]
                    )
                ]
            },
            "does not see images",
        ),
        ({"messages": [message([{"type": "tool_result", "tool_use_id": "x", "content": "1"}])]}, "'tool_result'"),
        ({"messages": [message([{"type": "document", "source": {}}])]}, "'document'"),
    ],
)
def test_what_can_not_be_done_is_refused_by_name(create, parameters, words):
    with pytest.raises(anthropic.BadRequestError) as refusal:
        create(**parameters)
    body = refusal.value.body
    assert (body["type"], body["error"]["type"]) == ("error", "invalid_request_error")
    assert words in body["error"]["message"]
    assert body["request_id"] == refusal.value.request_id


def test_thinking_that_the_model_decides_on_is_accepted(create):
    for thinking in ({"type": "adaptive"}, {"type": "disabled"}):
        assert create(thinking=thinking).content[0].type == "text"


def test_max_tokens_is_required(server):
    reply = server.request("POST", "/v1/messages", {"model": MODEL, "messages": [message()]})
    assert reply.status == 400 and "max_tokens" in reply.json["error"]["message"]


def test_an_unknown_model_is_not_found(create):
    with pytest.raises(anthropic.NotFoundError) as refusal:
        create(model="no-such-model")
    assert refusal.value.body["error"]["type"] == "not_found_error"


def test_a_prompt_that_is_too_long_is_told_in_the_words_that_clients_look_for(create):
    with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
        create(PROMPT * 1000)


def test_the_key_comes_in_a_header_of_its_own(guarded):
    settings = {"base_url": guarded.url, "max_retries": 0, "timeout": DEADLINE}
    body = {"model": MODEL, "messages": [message()], "max_tokens": 4}
    with anthropic.Anthropic(api_key=KEY, **settings) as client:
        assert client.messages.create(**body).content
    with anthropic.Anthropic(api_key="wrong", **settings) as client, pytest.raises(anthropic.AuthenticationError):
        client.messages.create(**body)
