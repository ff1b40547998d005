"""Neural speech, on tiny models with random weights (Scripts/make-tiny-speech-models.py): noise that depends on all it should."""

import concurrent.futures
import json
import math
import shutil
import struct

import openai
import pytest

import sounds
from metrics import PREFIX
from support import KEY, MODEL, OTHER_KEY, ROOT, chat_body, post, wait_until

TINY = ROOT / "Tests" / "LlamaTests" / "Speech"
CHAT = f"{MODEL}.Q4_1"
POCKET, QWEN = "tiny-pockettts", "tiny-qwen3tts"
PATH = "/v1/audio/speech"
VOICES = "alloy ash ballad coral echo fable nova onyx sage shimmer verse marin cedar".split()
TEXT = "Warm wind. All away."


def tone(frequency, seconds=1.0, rate=24000):
    """A wave file."""
    values = (int(9000 * math.sin(2 * math.pi * frequency * index / rate)) for index in range(int(seconds * rate)))
    data = b"".join(struct.pack("<h", value) for value in values)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16, b"data", len(data))
    return head + data


def installed(folder, *names):
    folder.mkdir(exist_ok=True)
    (folder / f"{CHAT}.gguf").symlink_to(ROOT / "models" / f"{CHAT}.gguf")
    for name in names:
        for file in (f"{name}.gguf", f"mmproj-{name}.gguf"):
            shutil.copy(TINY / file, folder / file)
    return folder


@pytest.fixture(scope="module")
def neural(launch, tmp_path_factory):
    """A server with both neural models, and a recording beside one of them."""
    root = tmp_path_factory.mktemp("neural")
    folder = installed(root / "models", POCKET, QWEN)
    (folder / f"{POCKET}.voices").mkdir()
    (folder / f"{POCKET}.voices" / "ada.wav").write_bytes(tone(220))
    (folder / f"{POCKET}.voices" / "broken.wav").write_bytes(b"nothing")
    return launch(
        *("--models-dir", folder, "--ctx-size", "512", "--parallel", "2", "--voices", root / "voices"),
        *("--api-key", KEY, "--api-key", OTHER_KEY, "--max-queue", "8"),
    )


def request(server, key=KEY, **body):
    body = {"model": POCKET, "voice": "alloy", "input": TEXT, "response_format": "pcm"} | body
    return server.request("POST", PATH, json.dumps(body), {"Content-Type": "application/json", "Authorization": f"Bearer {key}"})


def speak(server, **body):
    reply = request(server, **body)
    assert reply.status == 200, reply
    return reply.body


def refusal(server, **body):
    reply = request(server, **body)
    return reply.status, reply.error["param"], reply.error["code"]


# MARK: formats


@pytest.fixture(scope="module")
def length(neural):
    return len(speak(neural)) / 2 / sounds.RATE


@pytest.mark.parametrize("name", sounds.FORMATS)
def test_each_format_is_what_it_says(neural, length, name):
    container, codec, rate, channels, seconds = sounds.probe(speak(neural, response_format=name), name)
    if name != "pcm":
        assert (container, codec) == sounds.NAMES[name]
    assert (rate, channels) == (48000 if name == "opus" else 24000, 1)
    assert abs(seconds - length) <= 0.02 * length + (0.13 if name in ("mp3", "aac") else 0)


def test_the_official_client_streams_it(neural, connect):
    client = connect(neural, api_key=KEY)
    with client.audio.speech.with_streaming_response.create(
        model=POCKET, voice="nova", input=TEXT, response_format="pcm"
    ) as reply:
        parts = list(reply.iter_bytes())
    assert b"".join(parts) == speak(neural, voice="nova")
    with client.audio.speech.with_streaming_response.create(
        model=QWEN, voice="nova", input="Hello.", response_format="wav", stream_format="sse"
    ) as reply:
        events = [json.loads(line[5:]) for line in reply.iter_lines() if line.startswith("data:")]
    assert {event["type"] for event in events} == {"speech.audio.delta", "speech.audio.done"}


@pytest.mark.parametrize("model", [POCKET, QWEN])
def test_the_speed_is_as_asked(neural, model):
    normal = len(speak(neural, model=model, input="Warm wind."))
    assert abs(len(speak(neural, model=model, input="Warm wind.", speed=2)) * 2 / normal - 1) < 0.05


# MARK: which engine


def test_names_say_what_speaks(neural):
    own = {name: speak(neural, model=name) for name in (POCKET, QWEN, "espeak-ng")}
    assert len(set(own.values())) == 3
    # The first of them by name, since no manifest says otherwise.
    for name in ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15"):
        assert speak(neural, model=name) == own[POCKET], name
    assert refusal(neural, model="nothing") == (404, "model", "model_not_found")
    assert refusal(neural, model=CHAT) == (400, "model", "unsupported_model")


def test_a_model_that_speaks_is_listed_and_does_nothing_else(neural, connect):
    client = connect(neural, api_key=KEY)
    cards = {model.id: model for model in client.models.list()}
    assert {POCKET, QWEN, CHAT} <= cards.keys() and f"mmproj-{POCKET}" not in cards
    assert cards[POCKET].meta["kind"] == "speech"
    for call in (
        lambda: client.chat.completions.create(model=POCKET, messages=[{"role": "user", "content": "Hello"}]),
        lambda: client.embeddings.create(model=POCKET, input="Hello"),
    ):
        with pytest.raises(openai.BadRequestError) as failure:
            call()
        assert failure.value.code == "unsupported_model" and "/v1/audio/speech" in failure.value.message


def test_a_model_without_its_codec_is_told_of(launch, tmp_path):
    folder = installed(tmp_path / "models", POCKET)
    (folder / f"mmproj-{POCKET}.gguf").unlink()
    server = launch("--models-dir", folder, "--ctx-size", "512", "--parallel", "1")
    reply = server.request("POST", PATH, {"model": POCKET, "input": TEXT, "voice": "alloy"})
    assert (reply.status, reply.error["code"]) == (400, "model_unusable")
    assert f"mmproj-{POCKET}.gguf" in server.log
    # What the names of OpenAI's mean is then espeak-ng, which is there always.
    assert server.request("POST", PATH, {"model": "tts-1", "input": TEXT, "voice": "alloy"}).status == 200
    server.stop()


def test_a_damaged_codec_leaves_the_server_as_it_is(launch, tmp_path):
    folder = installed(tmp_path / "models", POCKET, QWEN)
    damaged = folder / f"mmproj-{POCKET}.gguf"
    data = bytearray(damaged.read_bytes())
    # The two dimensions of a tensor, the other way round: its size is the same.
    place = data.index(b"a.gen.flow.input_proj.weight") + len(b"a.gen.flow.input_proj.weight") + 4
    data[place], data[place + 8] = data[place + 8], data[place]
    damaged.write_bytes(data)
    server = launch("--models-dir", folder, "--ctx-size", "512", "--parallel", "1")
    assert server.request("POST", PATH, {"model": POCKET, "input": TEXT, "voice": "alloy"}).status == 400
    assert "a.gen.flow.input_proj" in server.log
    assert server.request("POST", PATH, {"model": "tts-1", "input": TEXT, "voice": "alloy"}).status == 200
    server.stop()


# MARK: voices


def test_each_of_openais_voices_is_one_of_its_own_and_stays_so(neural):
    sounds_of = {voice: speak(neural, voice=voice, input="Warm wind.", seed=1) for voice in VOICES}
    # The seed is the same: what differs is the speaker.
    assert len(set(sounds_of.values())) == len(VOICES)
    assert speak(neural, voice="cedar", input="Warm wind.", seed=1) == sounds_of["cedar"]
    assert speak(neural, voice="cedar", input="Warm wind.") == speak(neural, voice="cedar", input="Warm wind.")


def test_a_seed_gives_other_samples_and_the_same_again(neural):
    first, other, again = (speak(neural, model=QWEN, input="Warm wind.", seed=seed) for seed in (5, 6, 5))
    assert first == again != other
    for seed in (-1, 2**32 - 1, "x", 0.5):
        assert refusal(neural, seed=seed)[:2] == (400, "seed")


def test_a_recording_beside_the_model_is_a_voice(neural):
    reply = neural.request("GET", "/v1/audio/voices", headers={"Authorization": f"Bearer {KEY}"})
    listed = {voice["id"]: voice for voice in json.loads(reply.body)["data"]}
    assert {"ada", *VOICES} <= listed.keys() and POCKET in listed["ada"]["description"]
    assert speak(neural, voice="ada", input="Warm wind.") not in (
        speak(neural, voice=voice, input="Warm wind.") for voice in ("alloy", "nova")
    )
    assert refusal(neural, voice="broken") == (500, "voice", "voice_unusable")
    # It lies beside the other model.
    for voice in ("ada", "nobody", "../ada", "ada.wav"):
        assert refusal(neural, voice=voice, model=QWEN) == (400, "voice", "invalid_value")


def test_a_custom_voice_is_a_speaker(neural, connect):
    client = connect(neural, api_key=KEY)
    consent = client.audio.voice_consents.create(language="en-US", name="Ada", recording=("c.wav", tone(200), "audio/wav"))
    low, high = (
        client.audio.voices.create(name=f"{frequency}", audio_sample=("v.wav", tone(frequency), "audio/wav"), consent=consent.id)
        for frequency in (120, 440)
    )
    said = [speak(neural, voice={"id": voice.id}, input="Warm wind.", seed=1) for voice in (low, high, low)]
    assert said[0] == said[2] != said[1]
    assert speak(neural, voice=low.id, input="Warm wind.", seed=1) == said[0]
    assert request(neural, OTHER_KEY, voice={"id": low.id}).status == 404
    assert refusal(neural, model="espeak-ng", voice={"id": low.id}) == (400, "voice", "unsupported_voice")
    head = {"Authorization": f"Bearer {KEY}"}
    for voice in (low, high):
        assert neural.request("DELETE", f"/v1/audio/voices/{voice.id}", headers=head).status == 200
    assert request(neural, voice={"id": low.id}).status == 404


def test_languages(neural):
    german, english = (speak(neural, model=QWEN, input="Hallo.", language=code, seed=1) for code in ("de-AT", "en"))
    assert german != english
    assert refusal(neural, model=QWEN, language="tlh") == (400, "language", "invalid_value")
    assert refusal(neural, language="en") == (400, "language", "invalid_value")
    # A voice of a language speaks it; the script of a text tells its.
    assert speak(neural, model=QWEN, input="Hallo.", voice="de", seed=1) != speak(neural, model=QWEN, input="Hallo.", voice="fr-fr", seed=1)
    assert len(speak(neural, model=QWEN, input="你好。")) > 0


def test_instructions_are_refused_by_name(neural):
    assert refusal(neural, instructions="Whisper.")[:2] == (400, "instructions")
    assert request(neural, instructions="").status == 200


@pytest.mark.parametrize("text", ["", " ", "…", "\x00"])
def test_nothing_to_say_is_refused(neural, text):
    assert refusal(neural, input=text)[:2] == (400, "input")


def test_special_tokens_in_a_text_are_plain_text(neural):
    for text in ("<|im_end|> a <|codec_5|>", "<|audio_bos|> a <|bos_before_voice|>", "<tts_text_eod> a"):
        for model in (POCKET, QWEN):
            assert len(speak(neural, model=model, input=text)) > 0


# MARK: many at once


def test_many_at_once_say_what_each_says_alone(neural):
    bodies = [{"model": model, "input": f"{word} wind.", "seed": seed}
        for model in (POCKET, QWEN) for word, seed in (("Warm", 1), ("Cold", 1), ("Wild", 2))]
    alone = [speak(neural, **body) for body in bodies]
    with concurrent.futures.ThreadPoolExecutor(len(bodies)) as pool:
        assert list(pool.map(lambda body: speak(neural, **body), bodies)) == alone


def long_request(server):
    """A connection on which a long text is being spoken."""
    body = {"model": POCKET, "voice": "alloy", "input": "This is a sentence that goes on. " * 40, "response_format": "pcm"}
    connection = server.socket()
    connection.sendall(post(PATH, body, [f"Authorization: Bearer {KEY}"]))
    # Something of it has been said.
    assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    return connection


def test_clients_that_leave_free_their_places(neural):
    for _ in range(5):
        long_request(neural).close()
    expected = speak(neural, input="Warm wind.")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: speak(neural, input="Warm wind."), range(4))) == {expected}
    reply = neural.request("POST", "/v1/chat/completions", chat_body(max_tokens=2), {"Authorization": f"Bearer {KEY}"})
    assert reply.status == 200


def test_too_many_are_refused_with_a_time_to_come_again(neural):
    connections = [long_request(neural) for _ in range(8)]
    reply = request(neural)
    assert reply.status == 429 and int(reply.headers["Retry-After"]) >= 1
    for connection in connections:
        connection.close()
    wait_until(lambda: request(neural).status == 200, "the places are free again")


# MARK: what is counted


def counted(server, model):
    """What a model that speaks has counted, as /metrics tells it."""
    return {sample: value for sample, value in server.metrics(KEY).samples.items() if ("engine", model) in sample[1]}


def is_loaded(server, model):
    return model in server.request("GET", "/health").json["components"]


def test_counters_outlive_what_is_loaded(neural):
    """Monitoring takes a counter that goes down for a restart."""
    speak(neural, model=QWEN, input="Warm wind.")
    before = counted(neural, QWEN)
    finished = PREFIX + "speech_utterances_total", (("engine", QWEN), ("outcome", "finished"))
    assert before[finished] >= 1 and is_loaded(neural, QWEN)
    body = json.dumps({"model": QWEN, "keep_alive": 0})
    assert neural.request("POST", "/api/generate", body, {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}).status == 200
    wait_until(lambda: not is_loaded(neural, QWEN), "the model is unloaded")
    assert counted(neural, QWEN) == before
    speak(neural, model=QWEN, input="Warm wind.")
    after = counted(neural, QWEN)
    assert after[finished] == before[finished] + 1 and all(after[name] >= value for name, value in before.items())
