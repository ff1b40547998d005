"""What llama.cpp's requests ask for beside OpenAI's parameters."""

import json

import pytest

from support import BEGINNING, PROMPT, chat_body, message

SETTLED = {"temperature": 0, "ignore_eos": True}
TIMINGS = {
    "cache_n", "prompt_n", "prompt_ms", "prompt_per_token_ms", "prompt_per_second",
    "predicted_n", "predicted_ms", "predicted_per_token_ms", "predicted_per_second",
}
ENDPOINTS = ["/v1/chat/completions", "/v1/completions", "/completion"]


def body(path, count=8, **parameters):
    prompt = {"messages": [message()]} if "chat" in path else {"prompt": BEGINNING}
    return prompt | SETTLED | {"max_tokens": count} | parameters


def answer(server, path, **parameters):
    reply = server.request("POST", path, body(path, **parameters))
    assert reply.status == 200, reply
    return reply.json


def pieces(server, path, **parameters):
    """The events of a streamed answer."""
    reply = server.request("POST", path, body(path, stream=True, **parameters))
    assert reply.status == 200, reply
    lines = [line[6:] for line in reply.body.decode().splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def choice(event):
    return event["choices"][0] if "choices" in event else event


# MARK: probabilities


def told(event):
    """The tokens of which an answer, or a piece of one, tells."""
    part = choice(event)
    if "choices" not in event:
        return part.get("completion_probabilities", [])
    return (part["logprobs"] or {"content": []})["content"]


@pytest.mark.parametrize("path", ENDPOINTS)
def test_tokens_are_told_with_their_ids(server, path):
    whole = told(answer(server, path, n_probs=3, return_tokens=True))
    assert len(whole) == 8
    for entry in whole:
        assert list(entry) == ["id", "token", "logprob", "bytes", "top_logprobs"]
        assert [list(top) for top in entry["top_logprobs"]] == [["id", "token", "logprob", "bytes"]] * 3
        assert entry["id"] == entry["top_logprobs"][0]["id"], "temperature 0 takes the likeliest"
        text = server.request("POST", "/detokenize", {"tokens": [entry["id"]]}).json["content"]
        assert text.encode() == bytes(entry["bytes"]) or "\ufffd" in text
    streamed = [entry for event in pieces(server, path, n_probs=3) for entry in told(event)]
    # Not the same ones: what is cached is computed in other batches, and kernels differ with these.
    assert len(streamed) == 8 and all(list(entry) == list(whole[0]) for entry in streamed)


@pytest.mark.parametrize("path", ENDPOINTS)
def test_what_tokens_were_drawn_by(server, path):
    drawn = {"temperature": 1.0, "top_k": 3, "min_p": 0, "top_p": 1, "seed": 5, "n_probs": 5, "post_sampling_probs": True}
    for entry in told(answer(server, path, **drawn)):
        assert list(entry) == ["id", "token", "prob", "bytes", "top_probs"]
        assert sum(top["prob"] for top in entry["top_probs"]) == pytest.approx(1, abs=1e-4)
        assert entry["prob"] in [top["prob"] for top in entry["top_probs"]]
    for entry in told(answer(server, path, n_probs=5, post_sampling_probs=True)):
        assert entry["prob"] == 1 and len(entry["top_probs"]) == 1


def test_they_are_those_that_openai_s_parameter_tells(server):
    plain = answer(server, "/v1/chat/completions", logprobs=True, top_logprobs=3)["choices"][0]["logprobs"]["content"]
    for mine, other in zip(told(answer(server, "/v1/chat/completions", n_probs=3)), plain, strict=True):
        assert mine["token"] == other["token"] and abs(mine["logprob"] - other["logprob"]) < 0.5
        assert "id" not in other


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"post_sampling_probs": True}, "post_sampling_probs"),
        ({"n_probs": 101}, "n_probs"),
        ({"n_probs": -1}, "n_probs"),
        ({"n_indent": -1}, "n_indent"),
        ({"t_max_predict_ms": "1"}, "t_max_predict_ms"),
        ({"return_tokens": 1}, "return_tokens"),
    ],
)
def test_what_is_wrong_is_named(server, path, parameters, param):
    reply = server.request("POST", path, body(path, **parameters))
    assert (reply.status, reply.error["param"]) == (400, param), reply


def test_two_names_of_one_are_refused(server):
    for path, parameters in [("/v1/chat/completions", {"logprobs": True}), ("/v1/completions", {"logprobs": 1})]:
        reply = server.request("POST", path, body(path, n_probs=1, **parameters))
        assert (reply.status, reply.error["param"]) == (400, "n_probs")


# MARK: tokens and times


@pytest.mark.parametrize("path", ENDPOINTS)
def test_the_ids_of_tokens(server, path):
    whole = choice(answer(server, path, return_tokens=True))
    text = whole["message"]["content"] if "message" in whole else whole.get("text", whole.get("content"))
    assert server.request("POST", "/detokenize", {"tokens": whole["tokens"]}).json == {"content": text}
    assert len(whole["tokens"]) == 8
    streamed = [token for event in pieces(server, path, return_tokens=True) for token in choice(event).get("tokens", [])]
    assert len(streamed) == 8
    if path != "/completion":
        assert "tokens" not in choice(answer(server, path))


@pytest.mark.parametrize("path", ENDPOINTS)
def test_times(server, path):
    timings = answer(server, path, timings_per_token=True)["timings"]
    assert timings.keys() - {"draft_n", "draft_n_accepted"} == TIMINGS
    assert timings["predicted_n"] == 8 and timings["prompt_n"] + timings["cache_n"] > 5
    assert timings["predicted_per_second"] > 0 and all(value >= 0 for value in timings.values())
    counts = [event["timings"]["predicted_n"] for event in pieces(server, path, timings_per_token=True) if "timings" in event]
    assert counts == sorted(counts) and counts[-1] == 8 and len(set(counts)) > 3
    assert ("timings" in answer(server, path)) == (path == "/completion")


def test_several_answers_have_one_time(server):
    whole = answer(server, "/v1/chat/completions", timings_per_token=True, n=2)
    assert whole["timings"]["predicted_n"] == 16


@pytest.mark.parametrize("path", ENDPOINTS)
def test_how_much_of_the_prompt_is_computed(start_server, path):
    server = start_server("--ctx-size", "2048", "--parallel", "1")
    long = " ".join(f"{number} jars." for number in range(250))
    prompt = {"messages": [message(long)]} if "chat" in path else {"prompt": long}
    request = prompt | {"max_tokens": 1, "stream": True, "return_progress": True, "cache_prompt": False}
    reply = server.request("POST", path, request)
    assert reply.status == 200, reply
    events = [json.loads(line[6:]) for line in reply.body.decode().splitlines() if line.startswith("data: {")]
    progress = [event["prompt_progress"] for event in events if "prompt_progress" in event]
    assert len(progress) >= 2
    processed = [step["processed"] for step in progress]
    assert processed == sorted(set(processed))
    assert all(list(step) == ["total", "cache", "processed", "time_ms"] for step in progress)
    assert all(step["cache"] <= step["processed"] <= step["total"] for step in progress)


# MARK: where answers end


def test_lines_are_indented(server):
    grammar = r'root ::= "if x:\n    a = 1\n  b = 2\n"'
    for path in ENDPOINTS:
        for stream in (False, True):
            parameters = {"grammar": grammar, "n_indent": 4, "count": 60}
            if stream:
                parts = [choice(event) for event in pieces(server, path, **parameters)]
                text = "".join((part.get("delta") or part).get("content") or part.get("text") or "" for part in parts)
                end = parts[-1]
            else:
                end = choice(answer(server, path, **parameters))
                text = end["message"]["content"] if "message" in end else end.get("text", end.get("content"))
            assert text == "if x:\n    a = 1\n  ", path
            assert end.get("finish_reason", end.get("stop_type")) in ("length", "limit")


def test_answers_end_with_a_line_once_their_time_is_up(server):
    grammar = r'root ::= ([a-z] [a-z] [a-z] "\n")+'
    for path in ENDPOINTS:
        end = choice(answer(server, path, count=500, grammar=grammar, t_max_predict_ms=1))
        text = end["message"]["content"] if "message" in end else end.get("text", end.get("content"))
        # Five hundred tokens take more than a millisecond.
        assert text.endswith("\n") and len(text) < 500
        assert end.get("finish_reason", end.get("stop_type")) in ("length", "limit")
    assert len(answer(server, "/completion", count=50, t_max_predict_ms=-1, return_tokens=True)["tokens"]) == 50


# MARK: the rest


@pytest.mark.parametrize("path", ["/v1/completions", "/completion"])
def test_texts_are_held_to_a_schema(server, path):
    schema = {"type": "object", "properties": {"jars": {"type": "integer", "minimum": 1, "maximum": 99}}, "required": ["jars"]}
    whole = choice(answer(server, path, count=40, json_schema=schema, ignore_eos=False))
    value = json.loads(whole.get("text", whole.get("content")))
    assert list(value) == ["jars"] and 1 <= value["jars"] <= 99
    for wrong in ({"json_schema": "x"}, {"json_schema": schema, "grammar": 'root ::= "x"'}):
        reply = server.request("POST", path, body(path, **wrong))
        assert (reply.status, reply.error["param"]) == (400, "json_schema"), reply


def test_members_of_the_end_are_chosen(server):
    whole = answer(server, "/completion", response_fields=["content", "timings/predicted_n", "no/such", "content"])
    assert list(whole) == ["content", "timings/predicted_n"] and whole["timings/predicted_n"] == 8
    last = pieces(server, "/completion", response_fields=["stop_type"])[-1]
    assert last == {"stop_type": "limit"}


def test_a_chat_without_an_opening(server):
    prompt = server.request("POST", "/apply-template", chat_body(add_generation_prompt=False)).json["prompt"]
    assert prompt.rstrip().endswith("<|im_end|>") and PROMPT in prompt
    tokens = server.request("POST", "/tokenize", {"content": prompt, "add_special": True}).json["tokens"]
    reply = server.request("POST", "/v1/chat/completions", chat_body(add_generation_prompt=False, max_tokens=4))
    assert reply.status == 200 and reply.json["usage"]["prompt_tokens"] == len(tokens)


def test_dialogues_tell_no_details(server):
    request = chat_body(mode="chat", timings_per_token=True)
    reply = server.request("POST", "/v1/chat/completions", request)
    assert (reply.status, reply.error["param"]) == (400, "timings_per_token")
