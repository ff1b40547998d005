"""Chats that are spoken: `modalities` and `audio`, in one piece and in a stream, by OpenAI's client."""

import base64
import concurrent.futures
import json
import time

import openai
import pytest

import sounds
from support import KEY, MODEL, OTHER_KEY, WEATHER_HISTORY, WEATHER_QUESTION, WEATHER_TOOL, message, wait_until
from test_neural_speech import POCKET, QWEN, installed

PATH = "/v1/chat/completions"
QUESTION = "Tell me a long story about a jar of marmalade and a wise old cat."
ENDLESS = {"ignore_eos": True, "max_tokens": 1500}


@pytest.fixture(scope="module")
def server(launch):
    """Gives the same answer whatever it computed before, so that what is said is compared with what is written."""
    return launch("--ctx-size", "2048", "--deterministic")


@pytest.fixture(scope="module")
def client(server, connect):
    return connect(server)


@pytest.fixture
def ask(client):
    """Asks for a spoken answer, always the same one to the same question."""

    def ask(text=QUESTION, format="wav", **parameters):
        messages = text if isinstance(text, list) else [message(text)]
        settings = {"model": "gpt-4o-audio-preview", "max_tokens": 60, "temperature": 0, "seed": 1}
        settings |= {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": format}}
        return client.chat.completions.create(messages=messages, **settings | parameters)

    return ask


def seconds(server, text):
    """How long the text takes where it is spoken alone."""
    body = {"input": text, "model": "tts-1", "voice": "alloy", "response_format": "pcm"}
    return len(server.request("POST", "/v1/audio/speech", body).body) / 2 / sounds.RATE


@pytest.mark.parametrize("name", [*sounds.NAMES, "pcm16"])
def test_an_answer_is_spoken_in_each_format(ask, client, server, name):
    answer = ask(format=name)
    said = answer.choices[0].message
    written = client.chat.completions.create(
        model=MODEL, messages=[message(QUESTION)], max_tokens=60, temperature=0, seed=1, modalities=["text"]
    )
    assert said.content is None and said.tool_calls is None
    assert said.audio.transcript == written.choices[0].message.content
    assert written.choices[0].message.audio is None
    assert answer.choices[0].finish_reason == written.choices[0].finish_reason
    assert said.audio.id.startswith("audio_") and 3500 < said.audio.expires_at - time.time() < 3700
    details = answer.usage.completion_tokens_details
    assert details.audio_tokens == 0 and answer.usage.completion_tokens == written.usage.completion_tokens
    data = base64.b64decode(said.audio.data, validate=True)
    kind = "pcm" if name == "pcm16" else name
    container, codec, rate, channels, length = sounds.probe(data, kind)
    if kind != "pcm":
        assert (container, codec) == sounds.NAMES[name]
    assert (rate, channels) == (48000 if name == "opus" else 24000, 1)
    # Every word of it, and nothing else: as long as the transcript is when it is spoken alone.
    expected = seconds(server, said.audio.transcript)
    assert expected > 5 and abs(length / expected - 1) < 0.03
    assert 0.02 < sounds.loudness(sounds.samples(data, kind)) < 0.5


def test_a_stream_speaks_while_it_writes(ask, client, server):
    parameters = {"max_tokens": 150, "stream_options": {"include_usage": True}}
    chunks = list(ask(format="pcm16", stream=True, **parameters))
    *chunks, last = chunks
    assert last.choices == [] and last.usage.completion_tokens == 150
    opening, *deltas = [chunk.choices[0] for chunk in chunks]
    assert opening.delta.role == "assistant" and opening.delta.content is None
    *deltas, expiry, end = deltas
    assert end.finish_reason == "length" and end.delta.audio is None
    assert set(expiry.delta.audio.model_fields_set) == {"expires_at"} and expiry.finish_reason is None
    assert 3500 < expiry.delta.audio.expires_at - time.time() < 3700
    audio = [delta.delta.audio for delta in deltas]
    assert all(delta.delta.content is None for delta in deltas)
    assert audio[0].id.startswith("audio_") and [part.id for part in audio[1:]] == [None] * len(audio[1:])
    transcript = "".join(part.transcript or "" for part in audio)
    written = client.chat.completions.create(model=MODEL, messages=[message(QUESTION)], max_tokens=150, temperature=0, seed=1)
    assert transcript == written.choices[0].message.content
    parts = [base64.b64decode(part.data, validate=True) for part in audio if part.data is not None]
    # Whole samples, and whole texts for whoever joins the parts' base64.
    assert all(len(part) % 2 == 0 for part in parts)
    data = b"".join(parts)
    assert abs(len(data) / 2 / sounds.RATE / seconds(server, transcript) - 1) < 0.03
    assert sounds.loudness(sounds.samples(data, "pcm")) > 0.02
    # The first sentence is heard while later ones are still to be written.
    first = next(place for place, part in enumerate(audio) if part.data is not None)
    assert sum(1 for part in audio[first:] if part.transcript) > 20


def test_the_helper_of_the_official_client_gathers_the_stream(client):
    with client.chat.completions.stream(
        model="gpt-audio", messages=[message(QUESTION)], modalities=["text", "audio"], max_tokens=30,
        audio={"voice": "onyx", "format": "pcm16"},
    ) as stream:
        for _ in stream:
            pass
        said = stream.current_completion_snapshot.choices[0].message
    assert said.content is None and said.audio.transcript and said.audio.id.startswith("audio_")


@pytest.mark.parametrize(
    "model",
    [
        "gpt-4o-audio-preview", "gpt-4o-audio-preview-2025-06-03", "gpt-4o-mini-audio-preview",
        "gpt-4o-mini-audio-preview-2024-12-17", "gpt-audio", "gpt-audio-2025-08-28", "gpt-audio-mini", "gpt-audio-1.5",
    ],
)
def test_the_names_of_models_that_talk(ask, client, model):
    answer = ask("Hi!", model=model, max_tokens=5)
    assert answer.model == MODEL and answer.choices[0].message.audio
    assert client.models.retrieve(model).id == MODEL


def test_a_later_turn_refers_to_what_was_said(ask, server):
    said = ask(max_tokens=20).choices[0].message.audio
    earlier = {"role": "assistant", "audio": {"id": said.id}}
    turns = [message(QUESTION), earlier, message("Go on.")]
    prompt = server.request("POST", "/v1/apply-template", {"messages": turns}).json["prompt"]
    assert said.transcript in prompt
    answer = ask(turns, max_tokens=10).choices[0].message
    assert answer.audio.transcript and answer.audio.id != said.id
    # A message as it came, sent back with all that is in it.
    whole = ask(max_tokens=20).choices[0].message
    assert ask([message(QUESTION), whole, message("Go on.")], max_tokens=5).choices[0].message.audio
    # What is streamed can be referred to as well.
    ids = [chunk.choices[0].delta.audio.id for chunk in ask(format="pcm16", stream=True, max_tokens=5) if chunk.choices[0].delta.audio]
    turns[1] = {"role": "assistant", "audio": {"id": ids[0]}}
    assert ask(turns, max_tokens=5, modalities=["text"], audio=openai.omit).choices[0].message.content


def test_what_was_said_is_known_to_its_key_alone(guarded, connect):
    body = {
        "messages": [message("Hi!")], "max_tokens": 4, "modalities": ["text", "audio"],
        "audio": {"voice": "nova", "format": "mp3"},
    }
    authorized = [{"Authorization": f"Bearer {key}"} for key in (KEY, OTHER_KEY)]
    reply = guarded.request("POST", PATH, body, authorized[0])
    said = reply.json["choices"][0]["message"]["audio"]
    turns = [message("Hi!"), {"role": "assistant", "audio": {"id": said["id"]}}, message("And?")]
    later = {"messages": turns, "max_tokens": 2}
    assert guarded.request("POST", PATH, later, authorized[0]).status == 200
    reply = guarded.request("POST", PATH, later, authorized[1])
    assert (reply.status, reply.error["param"], reply.error["code"]) == (400, "messages[1].audio.id", "audio_not_found")


def test_each_answer_has_a_sound_of_its_own(ask):
    choices = ask(n=3, temperature=1, max_tokens=30).choices
    assert len({choice.message.audio.id for choice in choices}) == 3
    assert len({choice.message.audio.transcript for choice in choices}) == 3
    for choice in choices:
        assert sounds.loudness(sounds.samples(base64.b64decode(choice.message.audio.data), "wav")) > 0.02
    streamed = {}
    for chunk in ask(n=2, temperature=1, max_tokens=30, stream=True, format="pcm16"):
        if (audio := chunk.choices[0].delta.audio) and audio.data:
            streamed[chunk.choices[0].index] = streamed.get(chunk.choices[0].index, b"") + base64.b64decode(audio.data)
    assert sorted(streamed) == [0, 1] and all(len(data) > sounds.RATE for data in streamed.values())


def test_a_call_is_not_spoken(ask):
    turns = [*WEATHER_HISTORY, message(WEATHER_QUESTION)]
    choice = ask(turns, tools=[WEATHER_TOOL], tool_choice="required").choices[0]
    assert choice.finish_reason == "tool_calls" and choice.message.tool_calls[0].function.name == "get_weather"
    assert choice.message.audio is None and choice.message.content is None
    chunks = list(ask(turns, tools=[WEATHER_TOOL], tool_choice="required", stream=True, format="pcm16"))
    assert all(chunk.choices[0].delta.audio is None for chunk in chunks)
    assert any(chunk.choices[0].delta.tool_calls for chunk in chunks)


def test_probabilities_are_those_of_the_transcript(ask):
    choice = ask(logprobs=True, max_tokens=10).choices[0]
    assert "".join(token.token for token in choice.logprobs.content) == choice.message.audio.transcript


WAV = {"voice": "alloy", "format": "wav"}


@pytest.mark.parametrize(
    "parameters, param, code",
    [
        ({"modalities": ["text", "audio"]}, "audio", "missing_required_parameter"),
        ({"modalities": ["audio"], "audio": WAV}, "modalities", "unsupported_value"),
        ({"modalities": [], "audio": WAV}, "modalities", "empty_array"),
        ({"modalities": ["text", "video"], "audio": WAV}, "modalities[1]", "invalid_value"),
        ({"audio": WAV}, "audio", "invalid_value"),
        ({"modalities": ["text"], "audio": WAV}, "audio", "invalid_value"),
        ({"modalities": ["text", "audio"], "audio": {"voice": "alloy"}}, "audio.format", "missing_required_parameter"),
        ({"modalities": ["text", "audio"], "audio": {"format": "wav"}}, "audio.voice", "missing_required_parameter"),
        ({"modalities": ["text", "audio"], "audio": WAV | {"format": "midi"}}, "audio.format", "invalid_value"),
        ({"modalities": ["text", "audio"], "audio": WAV | {"voice": "nobody"}}, "audio.voice", "invalid_value"),
        ({"modalities": ["text", "audio"], "audio": WAV | {"voice": {"id": "voice_0"}}}, None, "not_found"),
        ({"modalities": ["text", "audio"], "audio": WAV | {"speed": 2}}, "audio.speed", "unknown_parameter"),
        ({"modalities": ["text", "audio"], "audio": WAV, "stream": True}, "audio.format", "unsupported_value"),
        ({"modalities": ["text", "audio"], "audio": WAV, "mode": "chat"}, "modalities", "invalid_value"),
        ({"messages": [{"role": "assistant", "audio": {"id": "audio_0"}}, message()]}, "messages[0].audio.id", "audio_not_found"),
        ({"messages": [{"role": "assistant", "audio": {}}, message()]}, "messages[0].audio.id", "missing_required_parameter"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told(server, parameters, param, code):
    reply = server.request("POST", PATH, {"messages": [message()], "max_tokens": 2} | parameters)
    assert reply.status == (404 if code == "not_found" else 400), reply
    assert (reply.error["param"], reply.error["code"]) == (param, code)


def test_other_dialects_refuse_it_by_name(server):
    """None of them has spoken answers."""
    audio = {"modalities": ["text", "audio"], "audio": WAV}
    for path, body in [
        ("/v1/responses", {"input": "Hi!"}),
        ("/v1/messages", {"messages": [message()], "max_tokens": 2, "model": MODEL}),
        ("/api/chat", {"messages": [message()], "model": MODEL}),
        ("/v1/completions", {"prompt": "Hi!"}),
    ]:
        reply = server.request("POST", path, body | audio)
        assert reply.status == 400 and b"modalities" in reply.body, reply


def test_a_client_that_leaves_ends_both(single):
    """One answer is written and spoken at a time: the next one gets the place of the one whose client left."""
    spoken = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "pcm16"}}
    body = {"messages": [message(QUESTION)]} | spoken
    stream = single.stream(**body, **ENDLESS)
    for event in stream:
        if "data" in ((event["choices"][0]["delta"].get("audio")) or {}):
            break
    assert single.request("POST", PATH, body | {"max_tokens": 2, "stream": True}).status == 429
    stream.close()

    def is_free():
        return single.request("POST", PATH, body | {"max_tokens": 2, "stream": True}).status == 200

    # It takes the one sequence as well.
    wait_until(is_free, "the place of the client that left")


def test_a_client_that_does_not_read_stops_nobody_else(server):
    spoken = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "pcm16"}}
    lazy = server.stream(receive_buffer=4096, messages=[message(QUESTION)], **spoken, **ENDLESS)
    try:
        reply = server.request("POST", PATH, {"messages": [message(QUESTION)], "max_tokens": 40} | spoken | {"audio": WAV})
        assert reply.status == 200 and json.loads(reply.body)["choices"][0]["message"]["audio"]["data"]
    finally:
        lazy.close()


# MARK: with a neural model


@pytest.fixture(scope="module", params=[POCKET, QWEN])
def neural(request, launch, tmp_path_factory):
    """A server on which a neural model of random weights speaks."""
    folder = installed(tmp_path_factory.mktemp("neural") / "models", request.param)
    return launch("--models-dir", folder, "--ctx-size", "1024", "--deterministic", "--max-queue", "2")


def neural_body(format, **parameters):
    settings = {"messages": [message(QUESTION)], "max_tokens": 60, "temperature": 0, "modalities": ["text", "audio"]}
    return settings | {"audio": {"voice": "nova", "format": format}} | parameters


def neural_speech(server, text):
    """What the endpoint of speech makes of a text."""
    body = {"input": text, "model": "tts-1", "voice": "nova", "response_format": "pcm"}
    reply = server.request("POST", "/v1/audio/speech", body)
    assert reply.status == 200, reply
    return reply.body


def test_a_neural_model_speaks_an_answer(neural, connect):
    """Sentence by sentence as they are written, and sample by sample what it says of the whole text."""
    answer = connect(neural).chat.completions.create(model="gpt-audio", **neural_body("wav"))
    said = answer.choices[0].message
    assert said.content is None and len(said.audio.transcript) > 100 and answer.usage.completion_tokens == 60
    data = base64.b64decode(said.audio.data, validate=True)
    assert sounds.probe(data, "wav")[:4] == ("wav", "pcm_s16le", 24000, 1)
    expected = neural_speech(neural, said.audio.transcript)
    assert sounds.samples(data, "wav").tobytes() == expected
    espeak = neural.request("POST", "/v1/audio/speech", {"input": said.audio.transcript, "model": "espeak-ng", "voice": "nova", "response_format": "pcm"})
    assert espeak.body != expected


def test_a_stream_of_a_neural_model_is_the_same(neural, connect):
    chunks = list(connect(neural).chat.completions.create(model="gpt-audio", stream=True, **neural_body("pcm16")))
    audio = [chunk.choices[0].delta.audio for chunk in chunks if chunk.choices[0].delta.audio]
    transcript = "".join(part.transcript or "" for part in audio)
    data = b"".join(base64.b64decode(part.data, validate=True) for part in audio if part.data)
    assert len(data) > sounds.RATE and data == neural_speech(neural, transcript)
    assert audio[-1].expires_at and chunks[-1].choices[0].finish_reason == "length"


def test_answers_of_a_neural_model_take_turns(neural):
    """Several at once, each sounding as it does alone; and a text answer beside them."""
    expected = neural.request("POST", PATH, neural_body("wav")).json["choices"][0]["message"]["audio"]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        spoken = [pool.submit(neural.request, "POST", PATH, neural_body("wav")) for _ in range(2)]
        written = pool.submit(neural.request, "POST", PATH, {"messages": [message(QUESTION)], "max_tokens": 60, "temperature": 0})
        for future in spoken:
            audio = future.result().json["choices"][0]["message"]["audio"]
            assert (audio["transcript"], audio["data"]) == (expected["transcript"], expected["data"])
        assert written.result().json["choices"][0]["message"]["content"] == expected["transcript"]


def test_a_client_of_a_neural_model_that_leaves_ends_both(neural):
    body = neural_body("pcm16") | ENDLESS | {"max_tokens": 800}
    streams = [neural.stream(**body) for _ in range(2)]
    for stream in streams:
        assert any("data" in (event["choices"][0]["delta"].get("audio") or {}) for event in stream)
    assert neural.request("POST", PATH, neural_body("wav", max_tokens=2)).status == 429
    for stream in streams:
        stream.close()
    wait_until(lambda: neural.request("POST", PATH, neural_body("wav", max_tokens=2)).status == 200, "the places of those that left")


@pytest.mark.parametrize("voice", ["nobody", {"id": "voice_0"}], ids=str)
def test_a_voice_that_a_neural_model_does_not_have_is_told(neural, voice):
    reply = neural.request("POST", PATH, neural_body("wav", audio={"voice": voice, "format": "wav"}))
    assert reply.status in (400, 404) and reply.error["code"] in ("invalid_value", "not_found")
