"""Sound in chats: `input_audio` parts become what is said in them, before the model that does not hear sees them."""

import base64
import io
import subprocess
import sys
import wave

import openai
import pytest

from metrics import Metrics
from support import KEY, MODEL, OTHER_KEY, ROOT, message

PATH = "/v1/chat/completions"
# It knows these words; without it, a model that writes nonsense does.
WHISPER = ROOT / "Tests/models/whisper-words.bin"
FIRST, SECOND = "the clever cat found my table", "seven yellow horses"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for path in ROOT.glob(f"models/{MODEL}.*.gguf"):
        (folder / path.name).symlink_to(path)
    if WHISPER.exists():
        (folder / WHISPER.name).symlink_to(WHISPER)
    else:
        header = ROOT / ".native/src/whisper.cpp/models/for-tests-ggml-tiny.bin"
        options = ["--width", "64", "--heads", "2", "--layers", "3"]
        subprocess.run([sys.executable, ROOT / "Scripts/make-whisper-models.py", header, folder / "random.bin", *options], check=True)
    return folder


@pytest.fixture(scope="module")
def hearing(launch, folder):
    return launch("--models-dir", folder, "--ctx-size", "1024", "--api-key", KEY, INFERENCE_SERVER_API_KEY=OTHER_KEY)


@pytest.fixture
def call(hearing):
    def call(path, body=None, key=KEY):
        method = "GET" if body is None else "POST"
        return hearing.request(method, path, body, {"Authorization": f"Bearer {key}"})

    return call


@pytest.fixture
def say(call):
    """A part that says a text."""

    def say(text, form="wav"):
        body = {"input": text, "model": "tts-1", "voice": "alloy", "response_format": form}
        return part(call("/v1/audio/speech", body).body, form)

    return say


def part(data, form="wav"):
    return {"type": "input_audio", "input_audio": {"data": base64.b64encode(data).decode(), "format": form}}


def text(words):
    return {"type": "text", "text": words}


def silence(seconds=1):
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(int(seconds * 16000)))
    return file.getvalue()


def transcriptions(call):
    return sum(Metrics(call("/metrics")).values("transcriptions_total", outcome="finished"))


def prompt(call, *content):
    return call("/v1/apply-template", {"messages": [message(list(content))]}).json["prompt"]


@pytest.fixture
def said(hearing, connect):
    """What the endpoint of transcriptions makes of a part."""

    def said(part):
        file = ("sound", base64.b64decode(part["input_audio"]["data"]))
        return connect(hearing, api_key=KEY).audio.transcriptions.create(model="whisper-1", file=file).text

    return said


def test_what_is_said_takes_the_sounds_place(call, say, said):
    """In order, among texts, in both formats of OpenAI's; word for word what the endpoint of transcriptions has."""
    first, second = say(FIRST), say(SECOND, "mp3")
    texts = [said(first), said(second)]
    assert texts[0] != texts[1]
    expected = prompt(call, *(text(words) for words in ("One:", texts[0], "Two:", texts[1], "End.")))
    assert prompt(call, text("One:"), first, text("Two:"), second, text("End.")) == expected


@pytest.mark.skipif(not WHISPER.exists(), reason="needs the model that reads these words")
def test_the_model_is_told_the_words(call, say):
    shown = prompt(call, say(FIRST), say(SECOND, "mp3")).lower()
    assert shown.index(FIRST) < shown.index(SECOND)


def test_the_official_client_is_answered(hearing, connect, say):
    client = connect(hearing, api_key=KEY)
    content = [say(FIRST), text("What did I say?")]
    answer = client.chat.completions.create(model="gpt-4o-audio-preview", messages=[message(content)], max_tokens=8)
    assert answer.choices[0].message.content
    # No token of the prompt is sound.
    assert answer.usage.prompt_tokens_details.audio_tokens == 0
    streamed = client.chat.completions.create(
        model="gpt-audio", messages=[message(content)], max_tokens=8, stream=True, modalities=["text", "audio"],
        audio={"voice": "echo", "format": "pcm16"},
    )
    assert any(chunk.choices[0].delta.audio and chunk.choices[0].delta.audio.data for chunk in streamed)


def test_a_sound_is_read_once(call, say):
    """Clients send all earlier turns again; each key's sounds are its own."""
    sound = say("big red dog")
    before = transcriptions(call)
    body = {"messages": [message([sound])], "max_tokens": 1}
    for key, runs in [(KEY, 1), (KEY, 1), (OTHER_KEY, 2), (OTHER_KEY, 2)]:
        assert call(PATH, body, key).status == 200
        assert transcriptions(call) == before + runs


def test_silence_says_nothing(call):
    with_silence = prompt(call, text("A"), part(silence()), text("B"))
    assert with_silence == prompt(call, text("A"), text(""), text("B"))


@pytest.mark.parametrize(
    "content, code",
    [
        (part(b"this is a text"), "invalid_audio"),
        (part(b"PK\x03\x04" + bytes(500)), "invalid_audio"),
        (part(b"#EXTM3U\n/etc/passwd\n"), "invalid_audio"),
        ({"type": "input_audio", "input_audio": {"data": "!", "format": "wav"}}, "invalid_base64"),
    ],
    ids=["text", "zip", "playlist", "base64"],
)
def test_what_is_no_sound_is_told_where_it_stands(call, content, code):
    reply = call(PATH, {"messages": [message([text("x"), content])], "max_tokens": 1})
    assert (reply.status, reply.error["param"], reply.error["code"]) == (400, "messages[0].content[1].input_audio.data", code)


@pytest.mark.parametrize(
    "content, param, code",
    [
        ({"type": "input_audio"}, "input_audio", "missing_required_parameter"),
        ({"type": "input_audio", "input_audio": {"format": "wav"}}, "input_audio.data", "missing_required_parameter"),
        ({"type": "input_audio", "input_audio": {"data": "AAAA"}}, "input_audio.format", "missing_required_parameter"),
        ({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}, "input_audio.data", "empty_string"),
        ({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "flac"}}, "input_audio.format", "invalid_value"),
    ],
    ids=str,
)
def test_a_malformed_part_is_refused(server, content, param, code):
    reply = server.request("POST", PATH, {"messages": [message([content])]})
    assert (reply.status, reply.error["param"], reply.error["code"]) == (400, f"messages[0].content[0].{param}", code)


def test_others_than_users_send_no_sound(server):
    for role in ("system", "assistant", "developer"):
        reply = server.request("POST", PATH, {"messages": [message([part(silence())], role), message()]})
        assert (reply.status, reply.error["param"]) == (400, "messages[0].content[0].type")


def test_too_many_sounds(call):
    reply = call(PATH, {"messages": [message([part(silence(0.1))] * 65)]})
    assert (reply.status, reply.error["code"]) == (400, "too_many_sounds")


def test_without_a_model_that_transcribes_it_is_said_what_to_install(client):
    with pytest.raises(openai.NotFoundError) as refusal:
        client.chat.completions.create(model="gpt-audio", messages=[message([part(silence())])])
    assert refusal.value.param == "messages[0].content[0].input_audio.data" and "ggml-base.bin" in refusal.value.message


def test_an_unknown_model_is_told_before_anything_is_heard(server):
    reply = server.request("POST", PATH, {"messages": [message([part(silence())])], "model": "no-such-model"})
    assert (reply.status, reply.error["param"]) == (404, "model")


def test_speech_is_counted(call, say):
    before = Metrics(call("/metrics"))
    say("Twenty words or so. They make two sentences.")
    after = Metrics(call("/metrics"))

    def grown(name, **labels):
        return after.value(name, engine="espeak-ng", **labels) - before.value(name, engine="espeak-ng", **labels)

    assert grown("speech_utterances_total", outcome="finished") == 1
    assert 1 <= grown("speech_seconds_total") <= 6
    assert grown("speech_first_sound_seconds_count") == 1
    assert after.value("speech_worker_restarts_total", engine="espeak-ng") == 0
    assert call("/health").json["components"]["espeak-ng"] == "ok"
