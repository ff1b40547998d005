"""A second model that guesses ahead: `serve --draft-model`. The default model drafts for itself here."""

import re

import pytest

from support import MODEL, ROOT, run

TINY = ROOT / "Tests" / "LlamaTests" / "Models"
SMALL = ("--ctx-size", "512", "--parallel", "2")
# There is one way to go on, so that no two logits tie.
COUNTING = {"prompt": "1, 2, 3, 4, 5, 6, 7, 8,", "temperature": 0}


def drafts(server):
    reply = server.request("GET", "/v1/internal/scheduler")
    model = next(model for model in reply.json["models"] if model["id"] == MODEL)
    return {entry.pop("source"): entry for entry in model["drafts"]}


def complete(server, **parameters):
    reply = server.request("POST", "/v1/completions", COUNTING | {"max_tokens": 24} | parameters)
    assert reply.status == 200
    return reply.json["choices"][0]["text"]


def test_a_model_that_drafts_for_itself_gives_the_same_answers(start_server):
    plain = start_server(*SMALL, "--draft-max", "0")
    # A gap that leaves time for guesses on a busy machine too.
    drafting = start_server(*SMALL, "--draft-model", MODEL, "--max-gap-ms", "10000")
    assert "drafts for it" in drafting.log
    expected = complete(plain)
    assert "9, 10, 11" in expected
    # It does not pay, so it is tried rarely: before long it was, and was right.
    for number in range(100):
        # Each is a new text for the draft model.
        assert complete(drafting, max_tokens=24) == expected
        complete(drafting, prompt=f"{number}. Once upon a time", max_tokens=60)
        if drafts(drafting)["model"]["drafted_tokens"] >= 8:
            break
    made = drafts(drafting)["model"]
    assert made["drafted_tokens"] >= 8
    assert made["drafted_tokens"] >= made["accepted_tokens"] > made["drafted_tokens"] / 2
    metrics = drafting.metrics()
    assert metrics.value("draft_tokens_total", model=MODEL, source="model") == made["drafted_tokens"]
    assert metrics.value("accepted_draft_tokens_total", model=MODEL, source="model") == made["accepted_tokens"]


def test_without_a_draft_model_nothing_is_drafted_by_one(server):
    assert drafts(server)["model"] == {"drafted_tokens": 0, "accepted_tokens": 0}
    assert server.metrics().value("draft_tokens_total", model=MODEL, source="model") == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--draft-model", "nothing"], 1, ["no model 'nothing'"]),
        (["--draft-model", MODEL, "--draft-max", "0"], 2, ["--draft-model", "--draft-max 0"]),
        (["--draft-model", MODEL, "--deterministic"], 2, ["--draft-model", "--deterministic"]),
        (["--draft-model", __file__], 1, [__file__, "not a GGUF file"]),
        (
            ["--draft-model", TINY / "tiny-gemma2.gguf"],
            1,
            ["tiny-gemma2.gguf has another vocabulary than", MODEL, "49152 in A and 312 in B"],
        ),
        (["--draft-model", TINY / "tiny-mamba.gguf"], 1, ["tiny-mamba.gguf can't be used", "recurrent"]),
        (
            ["--model", TINY / "tiny-mamba.gguf", "--draft-model", TINY / "tiny-llama.gguf"],
            1,
            ["no draft model can help", "tiny-mamba.gguf"],
        ),
        (
            ["--draft-model", MODEL, "--ctx-size", "2048", "--memory-budget", "700M"],
            1,
            ["does not fit", "--memory-budget"],
        ),
    ],
    ids=lambda value: " ".join(map(str, value)).rpartition("/")[2] if isinstance(value, list) else "",
)
def test_what_can_not_draft_is_refused_in_one_line(arguments, status, words):
    result = run("serve", "--port", "0", "--log-level", "error", *arguments)
    assert (result.returncode, result.stdout) == (status, "")
    (line,) = result.stderr.splitlines()
    for word in words:
        assert word in line


def test_the_plan_counts_the_draft_model(start_server):
    def planned(server):
        pattern = rf"{MODEL}: .*\(weights (\d+) MiB, KV cache (\d+) MiB, compute (\d+) MiB(.*)"
        match = re.search(pattern, server.log)
        return [int(number) for number in match.groups()[:3]], match[4]

    alone, _ = planned(start_server(*SMALL))
    both, rest = planned(start_server(*SMALL, "--draft-model", MODEL))
    assert all(abs(two - 2 * one) <= 2 for one, two in zip(alone, both))
    assert "the draft model" in rest and "included" in rest
