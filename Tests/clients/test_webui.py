"""What text-generation-webui's clients use beside OpenAI's endpoints."""

import pytest

from support import KEY, MODEL, OTHER_KEY, PROMPT, TOPIC, chat_body, wait_until

TEXT = f"A jar of {TOPIC}: ä 漢 🍊"


def ask(server, path, body=None, key=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return server.request("GET" if body is None else "POST", path, body, headers)


def answer(server, path, body=None):
    reply = ask(server, path, body)
    assert reply.status == 200, reply
    return reply.json


# MARK: tokens


def test_a_text_becomes_tokens_and_a_text_again(server):
    encoded = answer(server, "/v1/internal/encode", {"text": TEXT})
    assert encoded["length"] == len(encoded["tokens"]) > 5
    assert answer(server, "/v1/internal/token-count", {"text": TEXT}) == {"length": encoded["length"]}
    assert answer(server, "/v1/internal/decode", {"tokens": encoded["tokens"]}) == {"text": TEXT}


def test_tokens_count_as_the_prompt_of_a_completion_does(server):
    length = answer(server, "/v1/internal/token-count", {"text": PROMPT})["length"]
    completion = answer(server, "/v1/completions", {"prompt": PROMPT, "max_tokens": 1})
    assert completion["usage"]["prompt_tokens"] == length


def test_names_of_special_tokens_are_these_tokens(server):
    tokens = answer(server, "/v1/internal/encode", {"text": "<|im_end|>"})["tokens"]
    assert tokens == [2]
    assert answer(server, "/v1/internal/decode", {"tokens": tokens}) == {"text": ""}


def test_nothing_is_no_tokens(server):
    assert answer(server, "/v1/internal/encode", {"text": ""}) == {"tokens": [], "length": 0}
    assert answer(server, "/v1/internal/decode", {"tokens": []}) == {"text": ""}


@pytest.mark.parametrize("tokens", [[-1], [49152], [2**31], ["1"], [1.5], 7])
def test_what_is_no_token_is_refused(server, tokens):
    reply = ask(server, "/v1/internal/decode", {"tokens": tokens})
    assert reply.status == 400
    assert reply.error["param"].startswith("tokens")


def test_a_text_longer_than_the_context_is_counted(server):
    assert answer(server, "/v1/internal/token-count", {"text": "word " * 10_000})["length"] >= 10_000


# MARK: models


def test_models_are_listed(server):
    # What speaks is no model that could be loaded.
    names = [model["id"] for model in answer(server, "/v1/models")["data"] if model["id"] != "espeak-ng"]
    assert answer(server, "/v1/internal/model/list") == {"model_names": names} and MODEL in names
    assert answer(server, "/v1/internal/model/info")["model_name"] == MODEL
    assert answer(server, "/v1/internal/health")["status"] == "ok"


def test_a_model_is_loaded_by_its_id(server):
    assert answer(server, "/v1/internal/model/load", {"model_name": MODEL, "args": {}, "settings": None}) == "OK"


@pytest.mark.parametrize("name", ["no-such-model", "/etc/passwd", "../models/x.gguf", "models/x.gguf", ".", "~"])
def test_a_model_that_is_not_installed_is_not_found(server, name):
    reply = ask(server, "/v1/internal/model/load", {"model_name": name})
    assert (reply.status, reply.error["code"], reply.error["param"]) == (404, "model_not_found", "model_name")


@pytest.mark.parametrize("member", ["args", "settings"])
def test_how_a_model_is_loaded_is_settled(server, member):
    reply = ask(server, "/v1/internal/model/load", {"model_name": MODEL, member: {"loader": "exllama"}})
    assert (reply.status, reply.error["param"]) == (400, f"{member}.loader")


def test_a_model_that_is_unloaded_is_loaded_again(start_server):
    server = start_server("--ctx-size", "512", "--parallel", "1")
    assert answer(server, "/v1/internal/model/unload", {}) == "OK"
    assert answer(server, "/v1/models")["data"][0]["status"]["value"] == "unloaded"
    assert ask(server, "/slots").json[0]["is_processing"] is False
    assert answer(server, "/v1/models")["data"][0]["status"]["value"] == "unloaded"
    assert answer(server, "/v1/completions", {"prompt": PROMPT, "max_tokens": 1})["usage"]["completion_tokens"] == 1
    assert answer(server, "/v1/models")["data"][0]["status"]["value"] == "loaded"


def test_a_model_in_use_stays(single):
    with single.stream(**chat_body(ignore_eos=True)) as stream:
        next(stream)
        reply = ask(single, "/v1/internal/model/unload", {})
        assert (reply.status, reply.error["code"]) == (409, "model_in_use")


def test_requests_without_parameters_take_none(server):
    assert server.request("POST", "/v1/internal/stop-generation").status == 200
    reply = ask(server, "/v1/internal/stop-generation", {"now": True})
    assert (reply.status, reply.error["param"]) == (400, "now")


# MARK: stopping


def test_answers_end_where_they_are(single):
    with single.stream(**chat_body(ignore_eos=True)) as stream:
        pieces = stream.pieces
        assert next(pieces)
        assert answer(single, "/v1/internal/stop-generation", {}) == "OK"
        rest = list(stream)
    assert rest[-1]["choices"][0]["finish_reason"] == "stop"
    assert stream.is_done
    wait_until(lambda: ask(single, "/v1/internal/scheduler").json["models"][0]["counts"]["running"] == 0, "its end")


def test_answers_of_other_keys_go_on(guarded):
    mine = {"headers": [f"Authorization: Bearer {KEY}"]}
    with guarded.stream(**mine, **chat_body(ignore_eos=True, max_tokens=300)) as stream:
        next(stream)
        assert ask(guarded, "/v1/internal/stop-generation", {}, OTHER_KEY).json == "OK"
        assert next(stream)["choices"][0]["finish_reason"] is None
        assert ask(guarded, "/v1/internal/stop-generation", {}, KEY).json == "OK"
        assert [event["choices"][0]["finish_reason"] for event in stream][-1] == "stop"


# MARK: what there was once


def test_engines_are_models(server):
    engine = {"id": MODEL, "object": "engine", "owner": "local", "ready": True}
    engines = answer(server, "/v1/engines")
    assert engines["object"] == "list" and engine in engines["data"]
    assert answer(server, f"/v1/engines/{MODEL}") == engine
    assert ask(server, "/v1/engines/no-such-model").error["code"] == "model_not_found"


def test_an_engine_completes_texts(server):
    body = {"prompt": PROMPT, "max_tokens": 4, "temperature": 0, "ignore_eos": True}
    text = answer(server, f"/v1/engines/{MODEL}/completions", body)["choices"][0]["text"]
    assert text == answer(server, "/v1/completions", body)["choices"][0]["text"]
    reply = ask(server, f"/v1/engines/{MODEL}/completions", body | {"model": "gpt-4o"})
    assert (reply.status, reply.error["param"]) == (400, "model")
    assert ask(server, "/v1/engines/no-such-model/completions", body).status == 404


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/v1/edits", "/v1/assistants", "/v1/assistants/a1", "/threads/t1/runs/r1/steps"])
def test_what_is_gone_says_what_to_use(server, method, path):
    reply = server.request(method, path)
    assert reply.status == 410
    assert reply.error["code"] == "endpoint_retired"
    assert "Please use /v1/" in reply.error["message"]
