"""Flex requests: answered, and never in the way of somebody who waits."""

import openai
import pytest

from support import MODEL, PROMPT, Deadline, chat_body, message

ENDLESS = {"ignore_eos": True}


@pytest.mark.parametrize(
    ("asked", "served"),
    [("flex", "flex"), ("auto", "default"), ("default", "default"), ("priority", "default"), (None, "default")],
)
def test_an_answer_says_how_it_was_served(client, asked, served):
    options = {} if asked is None else {"service_tier": asked}
    answer = client.chat.completions.create(model=MODEL, messages=[message()], max_tokens=4, **options)
    assert answer.service_tier == served
    assert answer.usage.completion_tokens <= 4
    chunks = client.chat.completions.create(model=MODEL, messages=[message()], max_tokens=4, stream=True, **options)
    assert {chunk.service_tier for chunk in chunks} == {served}


def test_a_flex_answer_is_the_answer(client):
    def ask(**options):
        answer = client.chat.completions.create(
            model=MODEL, messages=[message()], max_tokens=12, temperature=0, **options
        )
        return answer.choices[0].message.content

    assert ask(service_tier="flex") == ask()


def test_text_completions_know_the_tier_too(lenient):
    def ask(**options):
        return lenient.completions.create(model=MODEL, prompt=PROMPT, max_tokens=4, **options)

    assert ask(extra_body={"service_tier": "flex"}).service_tier == "flex"
    assert not hasattr(ask(), "service_tier")


def test_a_tier_that_nobody_knows_is_refused(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=MODEL, messages=[message()], extra_body={"service_tier": "gold"})
    assert (caught.value.param, caught.value.code) == ("service_tier", "invalid_value")


@pytest.fixture(params=["1", "2"])
def narrow(request, start_server):
    """A server with one sequence, or two."""
    return request.param, start_server("--ctx-size", "8192", "--parallel", request.param)


def test_an_interactive_request_does_not_wait_for_flex_answers(narrow, connect):
    sequences, server = narrow
    deadline = Deadline()
    # All sequences are flex requests', whose answers are as long as the context.
    flex = [
        server.admitted_stream(deadline, **chat_body(service_tier="flex", seed=number, **ENDLESS))[0]
        for number in range(int(sequences))
    ]
    pieces = [stream.pieces for stream in flex]
    for stream in pieces:
        next(stream)
    answer = connect(server).chat.completions.create(model=MODEL, messages=[message()], max_tokens=8, extra_body=ENDLESS)
    assert answer.usage.completion_tokens == 8
    # Nobody's flex answer has come to its end: the server still works on each.
    counts = server.request("GET", "/v1/internal/scheduler").json["models"][0]["counts"]
    assert counts["running"] + counts["waiting"] == len(flex), counts
    for stream in pieces:
        next(stream)
    for stream in flex:
        stream.close()


def test_a_flex_answer_that_gave_way_is_whole(start_server, connect):
    server = start_server("--ctx-size", "1024", "--parallel", "1", "--deterministic")
    client = connect(server)
    options = {"model": MODEL, "messages": [message()], "temperature": 0, "max_tokens": 300, "extra_body": ENDLESS}
    stream = client.chat.completions.create(stream=True, service_tier="flex", **options)
    chunks = [next(stream)]
    others = [
        client.chat.completions.create(model=MODEL, messages=[message(f"Say {number}.")], max_tokens=4)
        for number in range(3)
    ]
    assert all(other.usage.completion_tokens for other in others)
    chunks += list(stream)
    assert chunks[-1].choices[0].finish_reason == "length"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == client.chat.completions.create(**options).choices[0].message.content
