"""Ollama's API through its official client."""

import asyncio
import json

import ollama
import pydantic
import pytest

from support import DEADLINE, MODEL, PROMPT, WEATHER_QUESTION, WEATHER_SO_FAR, WEATHER_TOOL, message, wait_until

QUESTION = "What is the weather in Linz?"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["C", "F"]}},
            "required": ["city", "unit"],
        },
    },
}
FIXED = {"temperature": 0, "num_predict": 16}


class Brick(pydantic.BaseModel):
    colour: str = pydantic.Field(pattern="^(red|blue)$")
    count: int


# Answers are compared, which rounding in other batches could change.
@pytest.fixture(scope="module")
def steady(launch):
    return launch("--ctx-size", "2048", "--deterministic")


@pytest.fixture(scope="module")
def client(steady):
    return ollama.Client(host=steady.url, timeout=DEADLINE)


def check_numbers(answer):
    """The last object of an answer tells how long it took, and how many tokens it had."""
    assert answer.done and answer.eval_count > 0 and answer.prompt_eval_count > 0
    parts = (answer.load_duration, answer.prompt_eval_duration, answer.eval_duration)
    assert all(part >= 0 for part in parts) and answer.eval_duration > 0
    # Nanoseconds: an answer of some tokens takes more than some microseconds.
    assert answer.total_duration >= sum(parts) > 100_000


# MARK: chats


def test_a_chat_is_answered(client):
    answer = client.chat(MODEL, [message("You are brief.", "system"), message()], options=FIXED)
    assert (answer.model, answer.message.role, answer.done_reason) == (MODEL, "assistant", "length")
    assert answer.message.content.strip() and answer.eval_count == 16
    check_numbers(answer)


def test_a_streamed_chat_says_the_same(client):
    chunks = list(client.chat(MODEL, [message()], stream=True, options=FIXED))
    assert len(chunks) > 5 and not any(chunk.done for chunk in chunks[:-1])
    plain = client.chat(MODEL, [message()], options=FIXED)
    assert "".join(chunk.message.content for chunk in chunks) == plain.message.content
    check_numbers(chunks[-1])


def test_it_streams_unless_told_otherwise(server):
    reply = server.request("POST", "/api/chat", {"model": MODEL, "messages": [message()], "options": FIXED})
    assert reply.headers["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in reply.body.splitlines()]
    assert len(lines) > 5 and [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]


def test_the_asynchronous_client_streams(server):
    async def run():
        client = ollama.AsyncClient(host=server.url, timeout=DEADLINE)
        return [chunk async for chunk in await client.chat(MODEL, [message()], stream=True, options=FIXED)]

    check_numbers(asyncio.run(run())[-1])


def test_options_are_followed(client):
    def ask(**options):
        return client.chat(MODEL, [message()], options=FIXED | options).message.content

    whole = ask()
    word = whole.split()[3]
    assert ask(stop=[word]) == whole[: whole.index(word)].rstrip() or ask(stop=[word]) == whole[: whole.index(word)]
    assert ask(temperature=1, seed=7) == ask(temperature=1, seed=7)
    assert ask(temperature=1, top_k=1) == ask(temperature=2, top_k=1, min_p=0.5) == whole
    assert ask(num_ctx=1024, num_thread=2, num_gpu=0, use_mmap=True) == whole


def test_a_call_comes_whole(client):
    # Ollama's API has no way to require a call: the schema of an answer that is one stands in for it below.
    answer = client.chat(MODEL, [message(QUESTION)], tools=[WEATHER], options=FIXED)
    assert answer.message.content or answer.message.tool_calls


def test_results_of_calls_are_read(client):
    call = {"function": {"name": "get_weather", "arguments": {"city": "Linz", "unit": "C"}}}
    messages = [
        message(QUESTION),
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_name": "get_weather", "content": "20 degrees"},
    ]
    with_results = client.chat(MODEL, messages, tools=[WEATHER], options=FIXED)
    without = client.chat(MODEL, messages[:1], tools=[WEATHER], options=FIXED)
    assert with_results.message.content and with_results.prompt_eval_count > without.prompt_eval_count + 10


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_calls_a_tool_by_itself_and_uses_its_result(client, stream):
    messages = []
    for city, weather in WEATHER_SO_FAR.items():
        call = {"function": {"name": "get_weather", "arguments": {"city": city}}}
        messages += [
            message(f"What is the weather in {city}?"),
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_name": "get_weather", "content": weather},
            message(f"It is {weather} in {city}.", "assistant"),
        ]
    messages.append(message(WEATHER_QUESTION))

    def ask():
        options = FIXED | {"num_predict": 64}
        answer = client.chat(MODEL, messages, tools=[WEATHER_TOOL], options=options, stream=stream)
        parts = [part.message for part in answer] if stream else [answer.message]
        calls = [call for part in parts for call in part.tool_calls or []]
        return "".join(part.content or "" for part in parts), calls

    text, calls = ask()
    assert not text and [call.function.name for call in calls] == ["get_weather"]
    assert list(calls[0].function.arguments) == ["city"]
    messages.append({"role": "assistant", "content": "", "tool_calls": [call.model_dump() for call in calls]})
    messages.append({"role": "tool", "tool_name": "get_weather", "content": "cloudy"})
    text, calls = ask()
    assert "cloudy" in text and not calls


# MARK: structured answers


def test_an_answer_has_the_form_of_a_schema(client):
    answer = client.chat(
        MODEL, [message("Describe a brick.")], format=Brick.model_json_schema(), options={"num_predict": 128}
    )
    Brick.model_validate_json(answer.message.content)


def test_a_streamed_answer_has_it_too(client):
    chunks = client.chat(
        MODEL, [message("Describe a brick.")], format=Brick.model_json_schema(), stream=True, options={"num_predict": 128}
    )
    Brick.model_validate_json("".join(chunk.message.content for chunk in chunks))


def test_any_object_is_json(client):
    for seed in range(8):
        answer = client.generate(
            MODEL, "Describe a brick in JSON.", format="json", options={"num_predict": 300, "seed": seed}
        )
        if answer.done_reason == "stop":
            assert isinstance(json.loads(answer.response), dict)
            return
    pytest.fail("no answer of eight ended by itself")


# MARK: texts


def test_a_prompt_is_answered_as_a_chat(client):
    answer = client.generate(MODEL, PROMPT, system="You are brief.", options=FIXED)
    chat = client.chat(MODEL, [message("You are brief.", "system"), message()], options=FIXED)
    assert answer.response == chat.message.content
    check_numbers(answer)


def test_a_streamed_text_says_the_same(client):
    chunks = list(client.generate(MODEL, PROMPT, stream=True, options=FIXED))
    assert "".join(chunk.response for chunk in chunks) == client.generate(MODEL, PROMPT, options=FIXED).response
    check_numbers(chunks[-1])


def test_a_raw_prompt_has_no_template(client, lenient):
    answer = client.generate(MODEL, "Once upon a time", raw=True, options=FIXED | {"top_k": 0, "top_p": 1})
    plain = lenient.completions.create(model=MODEL, prompt="Once upon a time", temperature=0, max_tokens=16)
    assert answer.response == plain.choices[0].text
    assert answer.prompt_eval_count == plain.usage.prompt_tokens


def test_without_a_prompt_the_model_is_only_loaded(client):
    assert client.generate(MODEL).done_reason == "load"
    assert client.chat(MODEL).done_reason == "load"


# MARK: models


def test_models_are_listed(client):
    models = {model.model: model for model in client.list().models}
    assert MODEL in models
    model = models[MODEL]
    assert model.size > 1_000_000 and len(model.digest) == 64 and model.modified_at.year > 2000
    assert (model.details.format, model.details.family) == ("gguf", "llama")
    assert model.details.parameter_size.endswith("M") and model.details.quantization_level


def test_a_model_is_shown(client):
    shown = client.show(MODEL)
    assert shown.modelinfo["general.architecture"] == "llama" and shown.modelinfo["llama.context_length"] > 1000
    assert {"completion", "tools"} <= set(shown.capabilities) and "thinking" not in shown.capabilities
    client.generate(MODEL)
    assert "<|im_start|>" in client.show(MODEL).template
    assert client.show(EMBEDDER).capabilities == ["embedding"]


def test_loaded_models_are_told(client):
    client.generate(MODEL)
    running = {model.model: model for model in client.ps().models}
    assert running[MODEL].context_length == 2048 and running[MODEL].size > 1_000_000


def test_a_tag_may_say_latest(client):
    assert client.chat(f"{MODEL}:latest", [message()], options=FIXED).model == MODEL


def test_the_version_is_told(server):
    assert server.request("GET", "/api/version").json["version"]


# MARK: vectors


EMBEDDER = "all-MiniLM-L6-v2"


def test_texts_become_vectors(client, server):
    answer = client.embed(EMBEDDER, ["red apples", "green pears"])
    assert answer.model == EMBEDDER and answer.prompt_eval_count > 4 and answer.total_duration > 0
    expected = server.request("POST", "/v1/embeddings", {"model": EMBEDDER, "input": ["red apples", "green pears"]})
    for vector, entry in zip(answer.embeddings, expected.json["data"], strict=True):
        assert vector == pytest.approx(entry["embedding"], abs=2e-3)
    short = client.embed(EMBEDDER, "red apples", dimensions=32).embeddings[0]
    assert len(short) == 32 and sum(number * number for number in short) == pytest.approx(1, abs=1e-5)
    assert client.embed(EMBEDDER, []).embeddings == []
    assert client.embeddings(EMBEDDER, "red apples").embedding == pytest.approx(answer.embeddings[0], abs=2e-3)
    assert list(client.embeddings(EMBEDDER, "").embedding) == []


def test_long_texts_are_cut_unless_told_otherwise(client):
    assert len(client.embed(EMBEDDER, "word " * 5_000).embeddings[0]) == 384
    assert refusal(client.embed, EMBEDDER, "word " * 5_000, truncate=False).status_code == 400


@pytest.mark.parametrize(
    ("model", "parameters", "status"),
    [(EMBEDDER, {"dimensions": 385}, 400), (MODEL, {}, 400), ("no-such-model", {}, 404), (EMBEDDER, {"keep_alive": "x"}, 400)],
)
def test_vectors_that_can_not_be_had(client, model, parameters, status):
    assert refusal(client.embed, model, "x", **parameters).status_code == status


# MARK: unloading


def status(server):
    return {model["id"]: model["status"]["value"] for model in server.request("GET", "/v1/models").json["data"]}


def test_models_are_unloaded_when_that_is_asked_for(start_server):
    server = start_server("--ctx-size", "512", "--parallel", "1")
    client = ollama.Client(host=server.url)
    assert client.generate(MODEL, keep_alive=0).done_reason == "unload"
    assert status(server)[MODEL] == "unloaded" and client.ps().models == []
    assert client.generate(MODEL, "Hi", options={"num_predict": 1}, keep_alive="0s").done
    wait_until(lambda: status(server)[MODEL] == "unloaded", "unloading behind an answer")
    assert client.chat(MODEL, [message()], options={"num_predict": 1}, keep_alive="5m").done
    assert status(server)[MODEL] == "loaded"
    assert client.chat(MODEL, [], keep_alive=0).done_reason == "unload"
    assert status(server)[MODEL] == "unloaded"
    client.embed(EMBEDDER, "x", keep_alive=0)
    wait_until(lambda: status(server)[EMBEDDER] == "unloaded", "unloading behind vectors")


# MARK: refusals


def refusal(call, *arguments, **parameters):
    with pytest.raises(ollama.ResponseError) as caught:
        call(*arguments, **parameters)
    return caught.value


def test_an_unknown_model_is_not_found(client):
    error = refusal(client.chat, "no-such-model", [message()])
    assert (error.status_code, error.error) == (404, "model 'no-such-model' not found")
    assert refusal(client.show, "no-such-model").status_code == 404


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"options": {"num_ctx": 100_000}}, "num_ctx"),
        ({"options": {"tfs_z": 0.5}}, "options.tfs_z"),
        ({"options": {"temperatur": 1}}, "options.temperatur"),
        ({"think": True}, "does not reason"),
        ({"format": "xml"}, "xml"),
        ({"keep_alive": "soon"}, "keep_alive"),
        ({"messages": [{"role": "user", "content": "?", "images": ["AAAA"]}]}, "does not see images"),
        ({"messages": [{"role": "nobody", "content": "?"}]}, "nobody"),
    ],
)
def test_what_can_not_be_done_is_refused_by_name(server, parameters, words):
    body = {"model": MODEL, "messages": [message()], "stream": False} | parameters
    reply = server.request("POST", "/api/chat", body)
    assert reply.status == 400
    assert list(reply.json) == ["error"] and words in reply.json["error"]


@pytest.mark.parametrize(
    "parameters", [{"suffix": "x", "raw": True}, {"template": "{{ .Prompt }}"}, {"context": [1]}, {"raw": True, "format": "json"}]
)
def test_what_a_text_can_not_have_is_refused_by_name(client, parameters):
    error = refusal(client.generate, MODEL, "Hi", **parameters)
    assert error.status_code == 400 and list(parameters)[-1] in error.error


def test_models_are_neither_fetched_nor_changed(client):
    for call in (client.pull, client.push, client.delete):
        error = refusal(call, MODEL)
        assert error.status_code == 403 and "This server can't" in error.error
    assert refusal(client.copy, MODEL, "other").status_code == 403
    assert refusal(client.create, "other", from_=MODEL).status_code == 403
