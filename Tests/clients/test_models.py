"""The list of models, and what requests may call them."""

import openai
import pytest

from support import MODEL, PROMPT, message


def test_the_models_are_listed(client):
    models = list(client.models.list())
    assert [model.id for model in models] == [MODEL, "all-MiniLM-L6-v2", "espeak-ng"]
    assert models[0].object == "model"
    assert models[0].created > 0
    assert models[0].owned_by


def test_a_model_is_found_by_its_id(client):
    assert client.models.retrieve(MODEL) == next(iter(client.models.list()))


def test_a_name_of_openai_finds_the_default_model(client):
    assert client.models.retrieve("gpt-4o").id == MODEL


def test_what_speaks_is_found_by_its_names(client, single):
    card = client.models.retrieve("espeak-ng")
    assert card.created > 0 and card.meta["kind"] == "speech" and card.meta["languages"] > 100
    assert client.models.retrieve("tts-1") == client.models.retrieve("gpt-4o-mini-tts") == card
    assert single.request("GET", "/v1/models/espeak-ng").status == 200
    assert single.request("GET", "/v1/models/tts-1").status == 404


@pytest.mark.parametrize("name", ["no-such-model", "a/b/c", "gpt-4o-realtime-preview", "text-embedding-4", "ä ö?#"])
def test_an_unknown_model_is_not_found(client, name):
    with pytest.raises(openai.NotFoundError) as refusal:
        client.models.retrieve(name)
    assert refusal.value.code == "model_not_found"
    assert refusal.value.param == "model"


@pytest.mark.parametrize("name", ["no-such-model", "", "x" * 999, MODEL.lower() + "\n"])
def test_a_chat_with_an_unknown_model_is_refused(client, name):
    with pytest.raises(openai.NotFoundError) as refusal:
        client.chat.completions.create(model=name, messages=[message()])
    assert refusal.value.code == "model_not_found"
    assert refusal.value.type == "invalid_request_error"
    assert refusal.value.param == "model"
    assert name[:50] in refusal.value.message


def test_strict_models_refuse_the_names_of_openai(single, connect):
    client = connect(single)
    with pytest.raises(openai.NotFoundError) as refusal:
        client.chat.completions.create(model="gpt-4o", messages=[message()])
    assert refusal.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4o")
    assert client.chat.completions.create(model=MODEL, messages=[message()], max_tokens=1).model == MODEL


def test_no_model_is_the_default_model(server):
    reply = server.request("POST", "/v1/chat/completions", {"messages": [message()], "max_tokens": 1})
    assert reply.status == 200 and reply.json["model"] == MODEL


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_every_route_is_there_with_and_without_a_prefix(server, prefix):
    assert server.request("GET", f"{prefix}/models").json["data"][0]["id"] == MODEL
    assert server.request("GET", f"{prefix}/models/{MODEL}").json["id"] == MODEL
    assert server.request("GET", f"{prefix}/health").json["status"] == "ok"
    assert MODEL in server.request("GET", f"{prefix}/about").json["models"]
    chat = {"messages": [message()], "max_tokens": 1}
    assert server.request("POST", f"{prefix}/chat/completions", chat).status == 200
    assert server.request("POST", f"{prefix}/completions", {"prompt": PROMPT, "max_tokens": 1}).status == 200


# Gone from OpenAI's API, and those that need no parameters: these do what they are there for, so test_webui.py tries them.
GONE = ("/v1/edits", "/v1/assistants", "/v1/threads")
# They take forms.
FORMS = ("/v1/audio/voices", "/v1/audio/voice_consents", "/v1/audio/transcriptions", "/v1/audio/translations")
ACTIONS = ("/v1/internal/model/unload", "/v1/internal/stop-generation")


def test_the_routes_that_the_server_names_are_there(server):
    for route in server.request("GET", "/about").json["endpoints"]:
        method, path = route.split()
        if path in ACTIONS:
            continue
        path = path.replace("{model}", MODEL).replace("{engine}", MODEL)
        reply = server.request(method, path, {} if method == "POST" else None)
        if method == "POST" and path in FORMS:
            assert reply.status == 415, route
        elif any(name in path for name in ("{response}", "{voice}", "{consent}")) and reply.status != 400:
            assert (reply.status, reply.error["code"]) == (404, "not_found"), route
        else:
            assert reply.status == (410 if path.startswith(GONE) else 400 if method == "POST" else 200), route
