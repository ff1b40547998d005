"""Decisions through the official client, held to the probabilities that text completions tell."""

import asyncio
import math

import openai
import pytest
from openai.lib.decisions_tool_runner import AsyncDecisionsToolRunner, DecisionsToolRunner

from support import MODEL

INPUT = "The customer writes: I was charged twice for one month, and I want my money back."
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
PREDICATE = {"type": "predicate", "instructions": "The customer was charged more than once.", "name": "twice"}
CHOICE = {
    "type": "choice",
    "instructions": "What is it about?",
    "choices": [{"value": "billing and payments"}, {"value": "shipping", "description": "parcels"}, {"value": True}],
}
SCORE = {
    "type": "score",
    "instructions": "How angry is the customer?",
    "levels": [{"label": "calm"}, {"label": "annoyed"}, {"label": "furious"}],
    "name": "anger",
}


@pytest.fixture(scope="module")
def decide(client):
    def decide(*questions, input=INPUT):
        return client.decisions.create(model=MODEL, input=input, questions=questions)

    return decide


def logprob(client, question, option):
    """Of an answer and its end, as a completion echoes them."""
    asked = f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
    answer = client.completions.create(
        model=MODEL, prompt=f"{asked}{option}<|im_end|>", max_tokens=0, echo=True, logprobs=0
    )
    told = answer.choices[0].logprobs
    return sum(p for p, offset in zip(told.token_logprobs, told.text_offset) if offset >= len(asked))


def shares(values):
    weights = [math.exp(value) for value in values]
    return [weight / sum(weights) for weight in weights]


def test_probabilities_are_those_of_the_model(decide, lenient):
    answer = decide(PREDICATE).answers[0]
    question = f"{INPUT}\nIs this true?\n{PREDICATE['instructions']}\nAnswer with Yes or No."
    expected = shares([logprob(lenient, question, option) for option in ("Yes", "No")])
    assert answer.type == "predicate" and answer.name == "twice"
    # Other batch shapes change the last bits of logits.
    assert answer.probability == pytest.approx(expected[0], abs=0.12)


def test_options_of_several_tokens_count_whole(decide, lenient):
    answer = decide(CHOICE).answers[0]
    choices = "- billing and payments\n- shipping (parcels)\n- true"
    question = f"{INPUT}\n{CHOICE['instructions']}\nThese are the choices:\n{choices}\nAnswer with one of them, in its words."
    expected = shares([logprob(lenient, question, option) for option in ("billing and payments", "shipping", "true")])
    assert [option.probability for option in answer.probabilities] == pytest.approx(expected, abs=0.12)
    assert [option.value for option in answer.probabilities] == ["billing and payments", "shipping", True]
    best = max(answer.probabilities, key=lambda option: option.probability)
    assert (answer.choice, answer.confidence) == (best.value, best.probability)
    assert answer.name is None


def test_a_score_is_the_mean_of_the_levels(decide):
    answer = decide(SCORE).answers[0]
    assert [(level.value, level.label) for level in answer.probabilities] == [(0, "calm"), (1, "annoyed"), (2, "furious")]
    assert sum(level.probability for level in answer.probabilities) == pytest.approx(1)
    assert answer.score == pytest.approx(sum(level.value * level.probability for level in answer.probabilities))
    assert answer.confidence == max(level.probability for level in answer.probabilities)


def test_many_questions_share_their_input(decide):
    statements = [{"type": "predicate", "instructions": f"The customer has {number} cats.", "name": str(number)} for number in range(12)]
    decisions = decide(*statements, input=INPUT + " I have a cat." * 40)
    assert [answer.name for answer in decisions.answers] == [str(number) for number in range(12)]
    assert all(0 <= answer.probability <= 1 for answer in decisions.answers)
    # All but the first question find the input in the cache.
    assert decisions.usage.input_tokens_details.cached_tokens > decisions.usage.input_tokens * 0.7
    assert decisions.usage.output_tokens == 0


def test_more_options_than_are_scored_at_once(decide):
    choices = [{"value": f"option {number}"} for number in range(40)]
    answer = decide({"type": "choice", "instructions": "Choose.", "choices": choices}).answers[0]
    assert sum(option.probability for option in answer.probabilities) == pytest.approx(1)
    assert len(answer.probabilities) == 40


def test_the_input_may_be_a_conversation(decide):
    call = {"type": "function_call", "call_id": "c", "name": "lookup", "arguments": "{}"}
    input = [
        {"role": "system", "content": "Be fair."},
        {"role": "user", "content": [{"type": "input_json", "data": {"order": 7}}]},
        call,
        {"type": "function_call_output", "call_id": "c", "output": "paid twice"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "I see."}]},
    ]
    assert [answer.type for answer in decide(PREDICATE, CHOICE, SCORE, input=input).answers] == ["predicate", "choice", "score"]


@pytest.mark.parametrize(
    "questions, input, param",
    [
        ([], INPUT, "questions"),
        ([PREDICATE], [], "input"),
        ([CHOICE | {"choices": [{"value": "a"}]}], INPUT, "questions[0].choices"),
        ([PREDICATE], [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}], "input"),
        ([PREDICATE], "word " * 3000, "input"),
    ],
    ids=str,
)
def test_what_cannot_be_decided_is_refused(decide, questions, input, param):
    with pytest.raises(openai.BadRequestError) as refusal:
        decide(*questions, input=input)
    assert refusal.value.param == param


def asked(server, *questions, input=INPUT):
    reply = server.request("POST", "/v1/decisions", {"input": input, "questions": list(questions)})
    assert reply.status == 200, reply
    return reply.json["answers"]


@pytest.fixture(scope="module")
def steady(launch):
    return launch("--ctx-size", "1024", "--parallel", "4", "--deterministic")


def test_the_same_request_has_the_same_answer(steady):
    """Whatever is cached, and whoever else is served."""
    first = asked(steady, PREDICATE, CHOICE, SCORE)
    assert asked(steady, PREDICATE, CHOICE, SCORE) == first
    assert asked(steady, SCORE, CHOICE, PREDICATE) == first[::-1]
    # Prefixes of it, from a chat and from other questions.
    steady.request("POST", "/v1/chat/completions", {"messages": [{"role": "user", "content": INPUT}], "max_tokens": 4})
    asked(steady, CHOICE, input=INPUT + " At once!")
    assert asked(steady, PREDICATE) == first[:1]
    busy = {"prompt": "Once upon a time", "max_tokens": 60, "ignore_eos": True, "stream": True}
    with steady.stream("/v1/completions", **busy) as stream:
        next(stream)
        assert asked(steady, PREDICATE, CHOICE, SCORE) == first
    assert asked(steady, CHOICE) == first[1:2]


def test_elsewhere_only_the_shape_of_batches_matters(server):
    first = asked(server, PREDICATE, input=INPUT + " Twice!")[0]["probability"]
    again = [asked(server, PREDICATE, input=INPUT + " Twice!")[0]["probability"] for _ in range(3)]
    assert all(abs(first - other) < 0.12 for other in again)


# MARK: the runner of the official client


# What the model chooses among, with large margins: 0.89 and 0.97.
STEPS = ("wash", "dry")
PARAMETERS = {"model": MODEL, "input": "Wash and dry the dishes."}


def candidates(done, execute):
    """What is left to do, and to end; at last the end alone."""
    actions = [{"id": step, "description": step, "execute": execute(step)} for step in STEPS if step not in done]
    return [*actions, {"id": "end", "description": "nothing is left to do", "done": True}]


def check(result, done):
    assert result["status"] == "verified" and tuple(done) == STEPS
    assert [decision.answers[0].choice for decision in result["decisions"]] == done


def test_the_runner_acts_on_decisions_until_it_is_done(client):
    done = []
    runner = DecisionsToolRunner(
        observe=lambda: f"Done so far: {', '.join(done) or 'nothing'}.",
        candidates=lambda _: candidates(done, lambda step: lambda: done.append(step)),
        verify=lambda _: len(done) == 2,
    )
    check(runner.run(client, PARAMETERS, max_steps=4), done)


def test_the_asynchronous_runner_does_so_too(server, connect):
    done = []

    def execute(step):
        async def act():
            done.append(step)

        return act

    async def observe():
        return f"Done so far: {', '.join(done) or 'nothing'}."

    async def offer(_):
        return candidates(done, execute)

    async def verify(_):
        return len(done) == 2

    async def run():
        async with connect(server, openai.AsyncOpenAI) as client:
            runner = AsyncDecisionsToolRunner(observe=observe, candidates=offer, verify=verify)
            return await runner.run(client, PARAMETERS, max_steps=4)

    check(asyncio.run(run()), done)
