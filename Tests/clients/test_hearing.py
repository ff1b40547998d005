"""Sound for chat models that hear, on tiny models with random weights (Scripts/make-tiny-models.py)."""

import base64
import io
import json
import subprocess
import wave

import ollama
import pytest

from support import DEADLINE, KEY, OTHER_KEY, ROOT, message

TINY = ROOT / "Tests/LlamaTests/Models"
VOICE = (ROOT / ".native/src/whisper.cpp/samples/jfk.wav").read_bytes()
WAVES = (ROOT / "Tests/LlamaTests/Images/waves.png").read_bytes()
# It sees and hears; a model of the same kind that sees alone; and one whose projector is named at start.
OMNI, SEES, NAMED = "tiny-omni", "tiny-qwen2vl", "tiny-smolvlm"
QUESTION = "what is it"
GREEDY = {"temperature": 0, "max_tokens": 24}
# What llama.cpp's own tool has printed of the same question behind the voice.
PRINTED = {
    entry["model"]: bytes.fromhex(entry["answer"]).decode(errors="replace")
    for entry in json.loads((ROOT / "Tests/LlamaTests/Sounds/mtmd-cli.json").read_text())
}


def part(data, form="wav"):
    return {"type": "input_audio", "input_audio": {"data": base64.b64encode(data).decode(), "format": form}}


def text(words):
    return {"type": "text", "text": words}


def tone(seconds, rate=16000):
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(b"".join((index * 97 % 6000).to_bytes(2, "little") for index in range(int(seconds * rate))))
    return file.getvalue()


def ask(server, *parts, **parameters):
    body = {"model": OMNI, "messages": [message(list(parts))]} | GREEDY | parameters
    return server.request("POST", "/v1/chat/completions", body)


def content(reply):
    assert reply.status == 200, reply.body
    return reply.json["choices"][0]["message"]["content"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name in ("tiny-omni", "mmproj-tiny-omni", SEES, "mmproj-tiny-qwen2vl", NAMED):
        (folder / f"{name}.gguf").symlink_to(TINY / f"{name}.gguf")
    return folder


@pytest.fixture(scope="module")
def hearing(launch, folder):
    return launch("--models-dir", folder, "--model", OMNI, "--ctx-size", "1024", "--deterministic")


def test_the_answer_is_that_of_llama_cpps_own_tool(hearing):
    assert content(ask(hearing, part(VOICE), text(QUESTION))) == PRINTED["omni"]


@pytest.mark.parametrize("kind", ["ultravox", "qwen3a"])
def test_a_projector_that_is_named_hears(start_server, folder, kind):
    server = start_server(
        "--models-dir", folder, "--model", NAMED, "--mmproj", TINY / f"mmproj-tiny-{kind}.gguf", "--ctx-size", "1024",
        "--deterministic",
    )
    assert content(ask(server, part(VOICE), text(QUESTION), model=NAMED)) == PRINTED[kind]
    assert server.request("GET", "/props").json["modalities"] == {"vision": False, "audio": True}
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(WAVES).decode()}"}}
    reply = ask(server, picture, text(QUESTION), model=NAMED)
    assert (reply.status, reply.error["code"]) == (400, "image_input_not_supported")


def test_the_official_client_is_answered_and_told_how_much_was_sound(hearing, connect):
    client = connect(hearing)
    asked = {"model": OMNI, "messages": [message([part(VOICE), text(QUESTION)])], **GREEDY}
    answer = client.chat.completions.create(**asked)
    assert answer.choices[0].message.content == PRINTED["omni"]
    assert answer.usage.prompt_tokens_details.audio_tokens == 750
    stream = client.chat.completions.create(stream=True, stream_options={"include_usage": True}, **asked)
    *chunks, last = stream
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == PRINTED["omni"]
    assert last.usage.prompt_tokens_details.audio_tokens == 750 and last.usage.prompt_tokens > 750


def test_an_answer_to_a_voice_is_spoken(hearing, connect):
    stream = connect(hearing).chat.completions.create(
        model=OMNI, messages=[message([part(VOICE), text(QUESTION)])], stream=True, modalities=["text", "audio"],
        audio={"voice": "echo", "format": "pcm16"}, **GREEDY,
    )
    audio = [chunk.choices[0].delta.audio for chunk in stream if chunk.choices and chunk.choices[0].delta.audio]
    assert "".join(piece.transcript for piece in audio if piece.transcript) == PRINTED["omni"]


def test_a_file_is_known_by_itself_and_resampled(hearing):
    """Whatever its format is said to be: the samples are what counts."""
    def converted(*options):
        command = ["ffmpeg", "-v", "error", "-i", "-", *options, "-"]
        return subprocess.run(command, input=VOICE, capture_output=True, check=True, timeout=60).stdout

    assert content(ask(hearing, part(converted("-f", "flac")), text(QUESTION))) == PRINTED["omni"]
    others = [part(converted("-f", "mp3"), "mp3"), part(converted("-ar", "44100", "-ac", "2", "-f", "wav"))]
    assert all(ask(hearing, sound, text(QUESTION)).status == 200 for sound in others)


def test_an_image_and_a_sound_of_one_message_are_both_taken(hearing):
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(WAVES).decode()}"}}
    reply = ask(hearing, picture, part(tone(1)), text("compare"))
    usage = reply.json["usage"]
    assert reply.status == 200 and usage["prompt_tokens_details"]["audio_tokens"] == 750 < usage["prompt_tokens"] - 96
    alone = [ask(hearing, other, text("compare")).json["usage"]["prompt_tokens"] for other in (picture, part(tone(1)))]
    assert usage["prompt_tokens"] < sum(alone) and usage["prompt_tokens"] > max(alone)


def test_a_sound_is_encoded_once_for_each_key(start_server, folder):
    server = start_server(
        "--models-dir", folder, "--model", OMNI, "--ctx-size", "2048", "--api-key", KEY, INFERENCE_SERVER_API_KEY=OTHER_KEY
    )
    for number, key in enumerate((KEY, OTHER_KEY), 1):
        headers = {"Authorization": f"Bearer {key}"}

        def send(messages):
            body = {"model": OMNI, "messages": messages} | GREEDY
            return server.request("POST", "/v1/chat/completions", body, headers=headers)

        first = send([message([part(VOICE), text(QUESTION)])])
        assert first.json["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
        assert server.metrics(key).value("encoded_media_total", model=OMNI) == number
        # The next turn goes on from memory.
        turns = [message([part(VOICE), text(QUESTION)]), message(content(first), "assistant"), message("why")]
        second = send(turns).json["usage"]
        assert second["prompt_tokens_details"]["cached_tokens"] >= first.json["usage"]["prompt_tokens"] - 1
        # Elsewhere in a prompt, it is computed, but not encoded.
        assert send([message([text("hark"), part(VOICE), text("what")])]).status == 200
        assert server.metrics(key).value("encoded_media_total", model=OMNI) == number


def test_who_hears_is_told(hearing):
    cards = {name: card["meta"]["input_modalities"] for name, card in hearing.models.items()}
    assert cards == {OMNI: ["text", "image", "audio"], SEES: ["text", "image"], NAMED: ["text"]}
    assert hearing.request("GET", "/props").json["modalities"] == {"vision": True, "audio": True}
    client = ollama.Client(host=hearing.url, timeout=DEADLINE)
    assert "audio" in client.show(OMNI).capabilities and "audio" not in client.show(SEES).capabilities


def test_a_model_that_does_not_hear_is_told_the_words_where_something_transcribes(hearing):
    """Nothing does here, which a 404 says; for the model that hears, nothing has to."""
    for model in (SEES, NAMED):
        reply = ask(hearing, part(VOICE), text(QUESTION), model=model)
        assert (reply.status, reply.error["param"]) == (404, "messages[0].content[0].input_audio.data")
        assert "ggml-base.bin" in reply.error["message"]


def test_the_prompt_is_shown_with_llama_cpps_marker(hearing):
    body = {"model": OMNI, "messages": [message([part(VOICE), text(QUESTION)])]}
    prompt = hearing.request("POST", "/apply-template", body).json["prompt"]
    assert f"<__media__>{QUESTION}" in prompt and "__media_" not in prompt.replace("<__media__>", "")


@pytest.mark.parametrize(
    ("sound", "code"),
    [
        (part(b"this is a text"), "invalid_audio"),
        (part(b"PK\x03\x04" + bytes(500)), "invalid_audio"),
        (part(b"#EXTM3U\n/etc/passwd\n"), "invalid_audio"),
        (part(WAVES), "invalid_audio"),
        (part(VOICE[:20]), "invalid_audio"),
        (part(tone(0)), "invalid_audio"),
        ({"type": "input_audio", "input_audio": {"data": "!", "format": "wav"}}, "invalid_base64"),
    ],
    ids=["text", "zip", "playlist", "picture", "header", "empty", "base64"],
)
def test_what_is_no_sound_is_told_where_it_stands(hearing, sound, code):
    reply = ask(hearing, text(QUESTION), sound)
    assert (reply.status, reply.error["param"], reply.error["code"]) == (400, "messages[0].content[1].input_audio.data", code)


def test_the_shortest_sound_and_half_a_file_are_heard(hearing):
    for sound in (tone(1 / 16000), VOICE[: len(VOICE) // 3]):
        assert ask(hearing, part(sound), text(QUESTION)).status == 200


def test_long_sounds_are_refused_before_they_cost_much(hearing, start_server, folder):
    # Half a minute each: so much is known once it is prepared.
    reply = ask(hearing, part(tone(31)), text(QUESTION))
    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")
    # What no context holds is found while it is decoded: hours of silence in a few kilobytes.
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "7200", "-c:a", "flac", "-f", "flac", "-"]
    silence = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    reply = ask(hearing, part(silence), text(QUESTION))
    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")
    assert reply.error["param"] == "messages[0].content[0].input_audio.data"
    # Half an hour is the most, whatever there is room for.
    roomy = start_server(
        "--models-dir", folder, "--model", NAMED, "--mmproj", TINY / "mmproj-tiny-qwen3a.gguf", "--ctx-size", "32768"
    )
    reply = ask(roomy, part(silence), text(QUESTION), model=NAMED)
    assert (reply.status, reply.error["code"]) == (400, "audio_too_long")
    reply = ask(hearing, *[part(tone(0.1))] * 65)
    assert (reply.status, reply.error["code"]) == (400, "too_many_sounds")
