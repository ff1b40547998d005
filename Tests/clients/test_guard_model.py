"""Moderations by a guard model: the mechanics, on a tiny model with random weights that is called one."""

import math
import shutil

import pytest

from support import MODEL, ROOT, message

TINY = ROOT / "Tests/LlamaTests/Models/tiny-llama.gguf"
GUARD = "tiny-Llama-Guard"


@pytest.fixture(scope="module")
def guarding(launch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("guard")
    shutil.copy(TINY, folder / f"{GUARD}.gguf")
    return launch("--models-dir", folder, "--ctx-size", "512", "--parallel", "2", "--deterministic")


def test_all_categories_are_scored(guarding, connect):
    client = connect(guarding)
    moderation = client.moderations.create(model="omni-moderation-latest", input=["bread", "honey", ""])
    assert len(moderation.results) == 3
    for result in moderation.results:
        scores = result.category_scores.model_dump(by_alias=True)
        assert len(scores) == 13 and all(0 <= score <= 1 for score in scores.values())
        assert result.flagged == any(result.categories.model_dump(by_alias=True).values())
    assert all(score == 0 for score in moderation.results[2].category_scores.model_dump().values())
    assert client.moderations.create(input="bread").results[0] == moderation.results[0]
    assert client.moderations.create(model=GUARD, input="bread").model == GUARD


def tokens(server, text, **parameters):
    return server.request("POST", "/tokenize", {"content": text} | parameters).json["tokens"]


def test_the_scores_are_the_model_s_own(guarding):
    """Those of all tokens of each verdict and of the end behind it."""
    scores = guarding.request("POST", "/v1/moderations", {"input": "bread"}).json["results"][0]["category_scores"]
    prompt = guarding.request("POST", "/apply-template", {"messages": [message("bread")]}).json["prompt"]
    opening = "" if prompt.endswith("\n") else "\n\n"
    asked = tokens(guarding, prompt, add_special=True)
    (end,) = tokens(guarding, "</s>")

    def likelihood(verdict):
        answer = tokens(guarding, opening + verdict, parse_special=False) + [end]
        body = {"prompt": asked + answer, "max_tokens": 0, "echo": True, "logprobs": 0}
        told = guarding.request("POST", "/v1/completions", body).json["choices"][0]["logprobs"]["token_logprobs"]
        return math.exp(sum(told[-len(answer):]))

    values = [likelihood(verdict) for verdict in ["safe"] + [f"unsafe\nS{code}" for code in range(1, 15)]]
    assert scores["hate"] == pytest.approx(values[10] / sum(values), rel=0.02, abs=1e-9)
    assert scores["self-harm"] == pytest.approx(values[11] / sum(values), rel=0.02, abs=1e-9)


def test_texts_that_do_not_fit_are_named(guarding):
    reply = guarding.request("POST", "/v1/moderations", {"input": ["x", "y" * 5_000]})
    assert (reply.status, reply.error["param"]) == (400, "input[1]")


def test_without_one_the_embedding_model_judges(server):
    reply = server.request("POST", "/v1/moderations", {"input": "bread"})
    assert reply.status == 200 and reply.json["model"] != MODEL
