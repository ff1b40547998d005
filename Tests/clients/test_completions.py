"""Text completions through the official client."""

import pytest
from openai import BadRequestError, NotFoundError

from support import MODEL, TOPIC

PROMPT = f"Once upon a time, a jar of {TOPIC}"
TOKENS = [504, 2365, 6354, 16438]
IGNORE_END = {"ignore_eos": True}


@pytest.fixture(scope="module")
def complete(client):
    """Asks for a short completion that is the same each time, unless told otherwise."""

    def complete(prompt=PROMPT, client=client, **parameters):
        defaults = {"model": MODEL, "max_tokens": 8, "temperature": 0}
        return client.completions.create(prompt=prompt, **defaults | parameters)

    return complete


def texts(answer):
    return [choice.text for choice in answer.choices]


def streamed(chunks, index=0):
    return "".join(choice.text for chunk in chunks for choice in chunk.choices if choice.index == index)


def test_a_completion_has_all_its_parts(complete):
    answer = complete()
    assert answer.id.startswith("cmpl-")
    assert answer.object == "text_completion"
    assert answer.model == MODEL
    assert [choice.index for choice in answer.choices] == [0]
    assert answer.choices[0].finish_reason in ("length", "stop")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_without_a_limit_it_has_sixteen_tokens(client):
    answer = client.completions.create(model=MODEL, prompt=PROMPT, extra_body=IGNORE_END)
    assert answer.usage.completion_tokens == 16
    assert answer.choices[0].finish_reason == "length"


def test_a_list_of_texts_is_completed_text_by_text(complete):
    prompts = [PROMPT, f"The colour of {TOPIC} is", "The capital of France is"]
    answer = complete(prompts)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert texts(answer) == [texts(complete(prompt))[0] for prompt in prompts]


def test_tokens_are_completed(complete):
    answer = complete(TOKENS)
    assert answer.usage.prompt_tokens == len(TOKENS)
    assert texts(answer) != [""]


def test_lists_of_tokens_are_completed_list_by_list(complete):
    answer = complete([TOKENS, TOKENS[:2]], max_tokens=3, extra_body=IGNORE_END)
    assert answer.usage.prompt_tokens == 6
    assert answer.usage.completion_tokens == 6
    assert texts(answer)[0] == texts(complete(TOKENS, max_tokens=3, extra_body=IGNORE_END))[0]


def test_several_answers_to_several_prompts_come_prompt_by_prompt(complete):
    # The likeliest tokens are the same for every answer to a prompt.
    answer = complete([PROMPT, "The capital of France is"], n=2)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    first, second, third, fourth = texts(answer)
    assert first == second and third == fourth and first != third


@pytest.mark.parametrize("prompt", [PROMPT, [PROMPT, "The capital of France is"], TOKENS], ids=["text", "list", "tokens"])
def test_a_stream_says_what_a_plain_completion_says(complete, lenient, prompt):
    chunks = list(complete(prompt, client=lenient, stream=True, stream_options={"include_usage": True}))
    plain = complete(prompt)
    assert [streamed(chunks, index) for index in range(len(plain.choices))] == texts(plain)
    assert chunks[-1].choices == []
    assert chunks[-1].usage.prompt_tokens == plain.usage.prompt_tokens
    assert chunks[-1].usage.completion_tokens == plain.usage.completion_tokens
    assert all(chunk.usage is None for chunk in chunks[:-1])
    for index, choice in enumerate(plain.choices):
        ends = [c.finish_reason for chunk in chunks for c in chunk.choices if c.index == index and c.finish_reason]
        assert ends == [choice.finish_reason]


@pytest.mark.parametrize("as_list", [False, True])
def test_a_stop_text_ends_a_completion(complete, as_list):
    whole = texts(complete(max_tokens=16))[0]
    stop = whole[len(whole) // 2 :][:3]
    answer = complete(max_tokens=16, stop=[stop] if as_list else stop)
    assert texts(answer)[0] == whole[: whole.index(stop)]
    assert answer.choices[0].finish_reason == "stop"


def test_the_same_seed_gives_the_same_completion(complete):
    assert len({texts(complete(temperature=1, seed=7, max_tokens=16))[0] for _ in range(3)}) == 1


def test_a_bias_forces_a_token(complete):
    piece = texts(complete(logit_bias={"500": 100}, max_tokens=1))[0]
    assert texts(complete(logit_bias={"500": 100}, max_tokens=3))[0] == piece * 3


@pytest.mark.parametrize(
    "parameters",
    [{"presence_penalty": 1}, {"frequency_penalty": 1}, {"best_of": 1}, {"echo": False}, {"suffix": ""}, {"user": "x"}],
    ids=str,
)
def test_parameters_are_accepted(complete, parameters):
    assert complete(max_tokens=1, **parameters).usage.completion_tokens > 0


@pytest.mark.parametrize("name", ["gpt-3.5-turbo-instruct", "davinci-002"])
def test_names_of_openai_stand_for_the_default_model(complete, name):
    assert complete(model=name, max_tokens=1).model == MODEL


def test_an_unknown_model_is_refused(complete):
    with pytest.raises(NotFoundError) as refusal:
        complete(model="no-such-model")
    assert refusal.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"suffix": "x"}, "suffix"),
        ({"suffix": "x", "echo": True}, "suffix"),
        ({"suffix": "x", "prompt": [1]}, "suffix"),
        ({"logprobs": 21}, "logprobs"),
        ({"best_of": 1, "n": 2}, "best_of"),
        ({"best_of": 3, "stream": True}, "best_of"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [[]]}, "prompt[0]"),
        ({"prompt": ["text", ""]}, "prompt"),
        ({"prompt": [1, "two"]}, "prompt[1]"),
        ({"prompt": [-1]}, "prompt[0]"),
        ({"prompt": [49152]}, "prompt"),
        ({"prompt": [2**40]}, "prompt[0]"),
        ({"prompt": [1.5]}, "prompt[0]"),
        ({"prompt": ["x"] * 129}, "prompt"),
        ({"prompt": ["x"] * 2, "n": 128}, "n"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_done_is_refused(complete, parameters, param):
    with pytest.raises(BadRequestError) as refusal:
        complete(**parameters)
    assert refusal.value.param == param
    assert refusal.value.type == "invalid_request_error"
