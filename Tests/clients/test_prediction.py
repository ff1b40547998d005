"""`prediction`: text that an answer is expected to repeat."""

import pytest

from support import MODEL, chat_body, message

BODY = {"temperature": 0, "max_tokens": 80, "ignore_eos": True}


def steps(server):
    return server.metrics().value("step_seconds_count", model=MODEL)


def ask(server, prediction=None, **parameters):
    """An answer, how many steps it took, and how its prediction fared."""
    before = steps(server)
    if prediction is not None:
        parameters["prediction"] = {"type": "content", "content": prediction}
    reply = server.request("POST", "/v1/chat/completions", chat_body(**BODY | parameters))
    assert reply.status == 200, reply
    usage = reply.json["usage"]
    details = usage["completion_tokens_details"]
    counts = details["accepted_prediction_tokens"], details["rejected_prediction_tokens"]
    return steps(server) - before, reply.json["choices"][0]["message"]["content"], counts


@pytest.fixture(scope="module")
def alone(launch):
    # However dear a guess once seemed, it is made again.
    return launch("--ctx-size", "1024", "--parallel", "1", "--draft-max", "8", "--max-gap-ms", "10000")


@pytest.fixture(scope="module")
def text(alone):
    """What the model says anyway."""
    return ask(alone)[1]


def test_a_right_prediction_saves_steps(alone, text):
    half = len(text) // 2
    for prediction in (text, [{"type": "text", "text": text[:half]}, {"type": "text", "text": text[half:]}]):
        taken, _, (accepted, rejected) = ask(alone, prediction)
        # How many are guessed depends on what guesses cost on this machine now: PredictionTests count where they are cheap.
        assert accepted > 0, f"{rejected} in vain"
        assert taken <= 80 - accepted + 3, f"{taken} steps"


def test_a_wrong_prediction_costs_next_to_nothing(alone, text):
    plain, _, counts = ask(alone)
    assert counts == (0, 0)
    taken, _, (accepted, rejected) = ask(alone, "Zebras graze in the shade of tall acacia trees all afternoon long.")
    assert taken <= plain + 16 and accepted <= 3 and rejected <= 16


def test_the_official_client_reads_it(alone, connect, text):
    client = connect(alone)
    request = {
        "model": "gpt-4o", "messages": [message()], "prediction": {"type": "content", "content": text}, "extra_body": BODY
    }
    completion = client.chat.completions.create(**request)
    assert completion.usage.completion_tokens_details.accepted_prediction_tokens > 0
    with client.chat.completions.create(**request, stream=True, stream_options={"include_usage": True}) as stream:
        *_, last = stream
    assert last.usage.completion_tokens_details.accepted_prediction_tokens > 0


@pytest.mark.parametrize(
    ("prediction", "param"),
    [
        ({"type": "content"}, "prediction.content"),
        ({"type": "file", "content": "x"}, "prediction.type"),
        ("x", "prediction"),
        ({"type": "content", "content": "x " * 100_000}, "prediction"),
    ],
)
def test_what_is_wrong_is_named(alone, prediction, param):
    reply = alone.request("POST", "/v1/chat/completions", chat_body(prediction=prediction))
    assert (reply.status, reply.error["param"]) == (400, param), reply
