"""What a model finds likely next, and what samplers make of it."""

import math

import pytest

PATH = "/v1/internal/logits"
# The prompt of text-generation-webui's own examples.
QUESTION = "Who is best, Asuka or Rei? Answer:"


def distribution(server, **parameters):
    reply = server.request("POST", PATH, {"prompt": QUESTION} | parameters)
    assert reply.status == 200, reply
    return reply.json


def test_the_model_s_own_distribution(server):
    told = distribution(server, use_samplers=False)
    assert len(told) == 50
    values = list(told.values())
    assert values == sorted(values, reverse=True) and 0 < sum(values) <= 1.000001
    body = {"prompt": QUESTION, "max_tokens": 1, "logprobs": 5, "temperature": 0, "ignore_eos": True}
    top = server.request("POST", "/v1/completions", body).json["choices"][0]["logprobs"]["top_logprobs"][0]
    for text, logprob in list(top.items())[:5]:
        # Kernels differ with the shape of a batch.
        assert abs(math.log(told[text]) - logprob) < 0.5, text


def test_all_of_it_is_one(server):
    told = distribution(server, top_logits=10_000)
    assert len(told) > 9_000 and 0.97 < sum(told.values()) < 1.000001


def test_without_samplers_they_change_nothing(server):
    assert distribution(server, top_k=3, temperature=0.1).keys() == distribution(server).keys()


def test_truncation_shares_out_what_it_takes(server):
    plain = distribution(server, top_logits=3)
    told = distribution(server, use_samplers=True, top_k=3)
    assert told.keys() == plain.keys()
    share = sum(plain.values())
    for text, probability in told.items():
        assert probability == pytest.approx(plain[text] / share, rel=0.05)
    assert sum(told.values()) == pytest.approx(1, abs=1e-5)


def test_temperature_and_bias(server):
    plain = distribution(server, top_logits=2)
    likeliest, second = plain.values()
    cold = list(distribution(server, use_samplers=True, top_k=2, temperature=0.5).values())
    assert cold[0] == pytest.approx(likeliest**2 / (likeliest**2 + second**2), rel=0.05)
    assert distribution(server, use_samplers=True, temperature=0) == {next(iter(plain)): 1.0}
    token = server.request("POST", "/tokenize", {"content": next(iter(plain))}).json["tokens"][0]
    banned = distribution(server, use_samplers=True, logit_bias={str(token): -100})
    assert next(iter(plain)) not in banned or banned[next(iter(plain))] < 1e-6


def test_rare_samplers_and_grammars(server):
    assert 1 <= len(distribution(server, use_samplers=True, min_p=0.2, typical_p=0.5)) < 50
    assert set(distribution(server, use_samplers=True, grammar='root ::= " Asuka" | " Rei"')) <= set(" Asuka Rei") | {
        " Asuka", " Rei", " A", " As", " R", " Re"
    }


def test_the_end_has_a_probability_too(server):
    told = distribution(server, prompt="<|im_start|>user\nHi<|im_end|>", use_samplers=True, top_k=5)
    assert sum(told.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"prompt": ""}, "prompt"),
        ({}, "prompt"),
        ({"prompt": "x", "top_logits": 0}, "top_logits"),
        ({"prompt": "x", "top_logits": 10_001}, "top_logits"),
        ({"prompt": "x", "use_samplers": 1}, "use_samplers"),
        ({"prompt": "x", "stream": True}, "stream"),
        ({"prompt": "x", "n": 2}, "n"),
        ({"prompt": "x" * 100_000}, "prompt"),
        ({"prompt": "x", "use_samplers": True, "logit_bias": {"99999999": 1}}, "logit_bias"),
        ({"prompt": "x", "use_samplers": True, "grammar": "root ::= ("}, "grammar"),
    ],
)
def test_what_is_wrong_is_named(server, body, param):
    reply = server.request("POST", PATH, body)
    assert (reply.status, reply.error["param"]) == (400, param), reply
