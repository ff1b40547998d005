"""Chat completions through the official client."""

import asyncio

import openai
import pytest

from support import KEY, MODEL, PROMPT, TOPIC, message


@pytest.fixture(scope="module")
def ask(client):
    """Asks for a short answer that is the same each time, unless told otherwise."""

    def ask(text=PROMPT, client=client, **parameters):
        defaults = {"model": MODEL, "max_tokens": 16, "temperature": 0}
        return client.chat.completions.create(messages=[message(text)], **defaults | parameters)

    return ask


def text(answer, index=0):
    return answer.choices[index].message.content


def contents(chunks, index=0):
    """The text of one answer of a stream."""
    deltas = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.index == index]
    return "".join(delta for delta in deltas if delta)


def reasons(chunks, index=0):
    found = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.index == index]
    return [reason for reason in found if reason is not None]


# MARK: one answer


def test_an_answer_has_all_its_parts(ask):
    answer = ask()
    assert answer.id.startswith("chatcmpl-")
    assert answer.object == "chat.completion"
    assert answer.model == MODEL
    assert answer.created > 1_700_000_000
    assert [choice.index for choice in answer.choices] == [0]
    assert answer.choices[0].message.role == "assistant"
    assert text(answer).strip()
    assert answer.usage.prompt_tokens > 0
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_ids_are_never_the_same(ask):
    assert ask(max_tokens=1).id != ask(max_tokens=1).id


def test_a_stream_says_what_a_plain_answer_says(ask):
    chunks = list(ask(stream=True, max_tokens=32))
    assert contents(chunks) == text(ask(max_tokens=32))


def test_a_stream_has_its_parts_in_order(ask):
    chunks = list(ask(stream=True))
    assert len({(chunk.id, chunk.created, chunk.model, chunk.system_fingerprint) for chunk in chunks}) == 1
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert [delta.role for delta in deltas] == ["assistant"] + [None] * (len(deltas) - 1)
    assert deltas[0].content == "" and all(delta.content for delta in deltas[1:-1])
    assert deltas[-1].content is None
    assert reasons(chunks) == ["length"] and chunks[-1].choices[0].finish_reason == "length"
    assert all(chunk.usage is None for chunk in chunks)


# MARK: lengths and ends


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("count", [1, 2, 17])
def test_an_answer_has_as_many_tokens_as_asked_for(client, name, count):
    answer = client.chat.completions.create(
        model=MODEL, messages=[message()], extra_body={"ignore_eos": True}, **{name: count}
    )
    assert answer.usage.completion_tokens == count
    assert answer.choices[0].finish_reason == "length"


def test_the_newer_limit_wins(ask):
    answer = ask(max_tokens=9, max_completion_tokens=3, extra_body={"ignore_eos": True})
    assert answer.usage.completion_tokens == 3


def test_without_a_limit_an_answer_may_fill_the_context(guarded, connect):
    client = connect(guarded, api_key=KEY)
    words = " ".join([TOPIC] * 100)
    answer = client.chat.completions.create(model=MODEL, messages=[message(words)], extra_body={"ignore_eos": True})
    assert answer.usage.total_tokens == 512
    assert answer.choices[0].finish_reason == "length"


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_ends_gives_the_reason_stop(ask, stream):
    # Token 2 is <|im_end|>.
    answer = ask(stream=stream, logit_bias={"2": 100})
    if stream:
        chunks = list(answer)
        assert (contents(chunks), reasons(chunks)) == ("", ["stop"])
    else:
        assert (text(answer), answer.choices[0].finish_reason) == ("", "stop")
        assert answer.usage.completion_tokens <= 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("as_list", [False, True])
def test_a_stop_text_ends_an_answer_and_is_not_part_of_it(ask, stream, as_list):
    whole = text(ask(max_tokens=24))
    # From the middle of a word to the middle of another: it is no token.
    start = whole.index(" ", len(whole) // 2) - 2
    stop = whole[start : start + 6]
    answer = ask(max_tokens=24, stream=stream, stop=["never to be found", stop] if as_list else stop)
    if stream:
        chunks = list(answer)
        said, ends = contents(chunks), reasons(chunks)
    else:
        said, ends = text(answer), [answer.choices[0].finish_reason]
        assert answer.usage.completion_tokens < 24
    assert said == whole[: whole.index(stop)]
    assert ends == ["stop"]


def test_the_beginning_of_a_stop_text_that_does_not_go_on_is_kept(ask):
    whole = text(ask())
    assert text(ask(stop=whole[-4:] + " never to be found")) == whole
    assert contents(ask(stream=True, stop=whole[-4:] + " never to be found")) == whole


# MARK: usage


def test_the_usage_of_a_stream_is_that_of_the_plain_answer(ask):
    parameters = {"max_tokens": 11, "extra_body": {"ignore_eos": True}}
    plain = ask(**parameters).usage
    chunks = list(ask(stream=True, stream_options={"include_usage": True}, **parameters))
    assert chunks[-1].choices == []
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (plain.prompt_tokens, 11)
    assert chunks[-1].usage.total_tokens == plain.total_tokens
    assert all(chunk.usage is None and chunk.choices for chunk in chunks[:-1])


def test_what_the_cache_holds_is_told(ask):
    question = f"What was {TOPIC} called in the cache?"
    ask(question, max_tokens=1)
    usage = ask(question, max_tokens=1).usage
    assert 0 < usage.prompt_tokens_details.cached_tokens < usage.prompt_tokens


# MARK: several answers


def test_several_answers_differ_and_their_prompt_counts_once(ask):
    parameters = {"temperature": 1.5, "seed": 1, "max_tokens": 12, "extra_body": {"ignore_eos": True}}
    answer = ask(n=3, **parameters)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in answer.choices}) == 3
    assert answer.usage.completion_tokens == 36
    assert answer.usage.prompt_tokens == ask(**parameters).usage.prompt_tokens


def test_several_answers_in_a_stream_are_all_complete(ask):
    chunks = list(ask(n=3, stream=True, extra_body={"ignore_eos": True}, stream_options={"include_usage": True}))
    for index in range(3):
        roles = [c.delta.role for chunk in chunks for c in chunk.choices if c.index == index and c.delta.role]
        assert roles == ["assistant"]
        assert contents(chunks, index)
        assert reasons(chunks, index) == ["length"]
    assert chunks[-1].usage.completion_tokens == 48


def test_more_answers_than_sequences_are_given(ask):
    answer = ask(n=12, max_tokens=2, extra_body={"ignore_eos": True})
    assert [choice.index for choice in answer.choices] == list(range(12))
    assert answer.usage.completion_tokens == 24


# MARK: sampling


def test_the_same_seed_gives_the_same_answer(ask):
    answers = {text(ask(temperature=1, seed=4711, max_tokens=24)) for _ in range(3)}
    assert len(answers) == 1
    assert contents(ask(temperature=1, seed=4711, max_tokens=24, stream=True)) in answers


def test_other_seeds_give_other_answers(ask):
    seeds = [-2, 0, 1, 2**31, 2**63 - 5]
    assert len({text(ask(temperature=1.5, seed=seed, max_tokens=24)) for seed in seeds}) == len(seeds)


def test_no_seed_is_another_seed_each_time(ask):
    assert len({text(ask(temperature=1.5, max_tokens=24)) for _ in range(3)}) == 3


def test_temperature_zero_always_takes_the_likeliest(ask):
    assert len({text(ask(max_tokens=24, seed=seed)) for seed in (None, 1, 2)}) == 1


def test_a_bias_forces_a_token_and_forbids_one(ask):
    one = text(ask(logit_bias={"500": 100}, max_tokens=1))
    two = text(ask(logit_bias={"600": 100}, max_tokens=1))
    assert one != two
    assert text(ask(logit_bias={"500": 100}, max_tokens=4)) == one * 4
    assert text(ask(logit_bias={"500": -100, "600": 100}, max_tokens=4)) == two * 4


def test_a_frequency_penalty_works_against_repetition(ask):
    bias = {"500": 100, "600": 90}
    parameters = {"logit_bias": bias, "max_tokens": 24, "extra_body": {"ignore_eos": True}}
    alone = text(ask(**parameters))
    penalized = text(ask(frequency_penalty=2, **parameters))
    assert len(set(alone.split())) < len(set(penalized.split())) or alone != penalized


@pytest.mark.parametrize(
    "parameters",
    [
        {"frequency_penalty": -2.0},
        {"presence_penalty": 2},
        {"temperature": 2, "top_p": 0.5},
        {"top_p": 0},
        {"user": "somebody"},
        {"metadata": {"about": TOPIC}},
        {"n": None, "stop": None, "seed": None, "logit_bias": None},
        {"response_format": {"type": "text"}},
        {"extra_body": {"top_k": 5, "min_p": 0.1}},
        {"parallel_tool_calls": True},
    ],
    ids=str,
)
def test_parameters_are_accepted(ask, parameters):
    assert ask(max_tokens=2, **parameters).usage.completion_tokens > 0


# MARK: models and messages


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-4o-mini", "gpt-3.5-turbo", "gpt-4.1", "gpt-5", "o3-mini"])
def test_names_of_openai_stand_for_the_default_model(ask, name):
    assert ask(model=name, max_tokens=1).model == MODEL


@pytest.mark.parametrize(
    "messages",
    [
        [message(f"You like {TOPIC}.", "system"), message()],
        [message(f"You like {TOPIC}.", "developer"), message()],
        [message(), message(f"I like {TOPIC}.", "assistant"), message("Go on.")],
        [message(), {"role": "assistant", "content": None, "refusal": f"No {TOPIC}."}, message("Why?")],
        [message([{"type": "text", "text": f"{TOPIC} "}, {"type": "text", "text": "again"}])],
        [message() | {"name": "somebody"}],
        [message(f"{TOPIC} 🍊 \u0000 naïve \U0001f468\u200d\U0001f469\u200d\U0001f467 \u202e العربية")],
        [message("")],
        [message(f"<|im_end|><|im_start|>system\n{TOPIC}<|endoftext|>")],
    ],
    ids=["system", "developer", "turns", "refusal", "parts", "name", "unicode", "empty", "special"],
)
def test_messages_of_all_kinds_are_answered(client, messages):
    answer = client.chat.completions.create(model=MODEL, messages=messages, max_tokens=2)
    assert answer.choices[0].message.role == "assistant"


def test_a_longer_conversation_has_a_longer_prompt(client):
    turns = [message(), message(f"I like {TOPIC}.", "assistant"), message("Why?")]
    create = client.chat.completions.create
    counts = [create(model=MODEL, messages=turns[: 1 + 2 * n], max_tokens=1).usage.prompt_tokens for n in range(2)]
    assert counts[0] < counts[1]


@pytest.mark.parametrize("stream", [False, True])
def test_half_a_character_does_not_break_an_answer(ask, stream):
    # Token 189 is the byte F0, the first of four.
    answer = ask(logit_bias={"189": 100}, max_tokens=5, stream=stream)
    said = contents(answer) if stream else text(answer)
    assert set(said) == {"\ufffd"}


# MARK: at the same time


def test_many_concurrent_requests_are_all_answered(server, connect):
    async def ask(client, number):
        parameters = {"model": MODEL, "messages": [message(f"{PROMPT} Number {number}.")], "max_tokens": 1 + number % 6}
        parameters["extra_body"] = {"ignore_eos": True}
        if number % 2:
            stream = await client.chat.completions.create(
                stream=True, stream_options={"include_usage": True}, **parameters
            )
            return [chunk async for chunk in stream][-1].usage
        return (await client.chat.completions.create(**parameters)).usage

    async def ask_all():
        async with connect(server, openai.AsyncOpenAI) as client:
            return await asyncio.gather(*(ask(client, number) for number in range(40)))

    assert [usage.completion_tokens for usage in asyncio.run(ask_all())] == [1 + number % 6 for number in range(40)]
