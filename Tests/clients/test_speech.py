"""Speech: every format by two decoders, OpenAI's client, voices, speeds, languages, and what can't be spoken."""

import base64
import json
import os
import random
import signal
import threading

import openai
import pytest

import sounds
from support import post, wait_until

PATH = "/v1/audio/speech"
VOICES = "alloy ash ballad coral echo fable nova onyx sage shimmer verse marin cedar".split()
TEXT = "The quick brown fox jumps over the lazy dog. Then it sleeps in the sun, and nobody wakes it."
TEN = " ".join(f"This is the {word} sentence of this text." for word in
    "first second third fourth fifth sixth seventh eighth ninth tenth".split())


def speak(server, text=TEXT, **parameters):
    reply = server.request("POST", PATH, {"input": text, "model": "tts-1", "voice": "alloy"} | parameters)
    assert reply.status == 200, reply
    return reply.body


def pcm(server, text=TEXT, **parameters):
    return sounds.samples(speak(server, text, response_format="pcm", **parameters), "pcm")


def refusal(server, **body):
    reply = server.request("POST", PATH, body)
    return reply.status, reply.error["param"], reply.error["code"]


# MARK: formats


@pytest.fixture(scope="module")
def length(server):
    """Seconds of the text, counted in samples."""
    return len(pcm(server)) / sounds.RATE


@pytest.mark.parametrize("name", sounds.FORMATS)
def test_each_format_is_what_it_says(server, length, name):
    """By FFmpeg and by a decoder of others: the codec, the rate, one channel, the length, and that something is heard."""
    data = speak(server, response_format=name)
    container, codec, rate, channels, seconds = sounds.probe(data, name)
    if name != "pcm":
        assert (container, codec) == sounds.NAMES[name]
    # Opus always decodes to 48,000 Hz.
    assert (rate, channels) == (48000 if name == "opus" else 24000, 1)
    # Frames of MP3 and AAC are whole, and their decoders begin with silence: up to three frames.
    slack = 0.13 if name in ("mp3", "aac") else 0
    assert abs(seconds - length) <= 0.02 * length + slack
    sound = sounds.samples(data, name)
    assert abs(len(sound) / sounds.RATE - length) <= 0.02 * length + slack
    assert 0.02 < sounds.loudness(sound) < 0.5


@pytest.mark.parametrize(
    "name, kind",
    [("mp3", "audio/mpeg"), ("opus", "audio/ogg"), ("aac", "audio/aac"), ("flac", "audio/flac"), ("wav", "audio/wav"), ("pcm", "audio/pcm")],
)
def test_the_type_is_told(server, name, kind):
    reply = server.request("POST", PATH, {"input": "Yes.", "response_format": name})
    assert reply.headers["Content-Type"] == kind


@pytest.mark.parametrize("speed", [0.25, 0.5, 1.5, 4])
def test_the_speed_is_what_was_asked_for_and_the_pitch_stays(server, length, speed):
    sound = pcm(server, speed=speed)
    assert abs(len(sound) / sounds.RATE * speed / length - 1) < 0.02
    assert abs(sounds.pitch(sound) / sounds.pitch(pcm(server)) - 1) < 0.06


# MARK: clients


@pytest.mark.parametrize("name", sounds.FORMATS)
def test_the_official_client_streams_each_format(client, name, tmp_path):
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="coral", input=TEN, response_format=name
    ) as response:
        response.stream_to_file(tmp_path / "speech")
    data = (tmp_path / "speech").read_bytes()
    assert sounds.loudness(sounds.samples(data, name)) > 0.02


def test_the_bytes_come_in_parts(client):
    """A connection that is read while it is written."""
    with client.audio.speech.with_streaming_response.create(model="tts-1", voice="nova", input=TEN) as response:
        assert "content-length" not in response.headers
        assert len(list(response.iter_bytes(512))) > 10


@pytest.mark.parametrize(
    "model",
    ["tts-1", "tts-1-1106", "tts-1-hd", "tts-1-hd-1106", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-03-20", "gpt-4o-mini-tts-2025-12-15", "espeak-ng"],
)
def test_the_names_of_models_that_speak(client, model):
    assert client.audio.speech.create(model=model, voice="alloy", input="Yes.").content


def test_strict_models_refuse_openais_names(single):
    assert refusal(single, input="x", model="tts-1") == (404, "model", "model_not_found")
    assert single.request("POST", PATH, {"input": "x", "model": "espeak-ng"}).status == 200


def test_events_hold_the_same_file(server):
    reply = server.request("POST", PATH, {"input": TEXT, "stream_format": "sse", "response_format": "pcm", "model": "tts-1"})
    assert reply.headers["Content-Type"] == "text/event-stream"
    events = [json.loads(line.removeprefix("data: ")) for line in reply.body.decode().splitlines() if line]
    *deltas, done = events
    assert deltas and {event["type"] for event in deltas} == {"speech.audio.delta"}
    data = b"".join(base64.b64decode(event["audio"]) for event in deltas)
    seconds = len(data) / 2 / sounds.RATE
    assert abs(seconds / (len(pcm(server)) / sounds.RATE) - 1) < 0.02
    usage = done["usage"]
    assert done["type"] == "speech.audio.done" and set(done) == {"type", "usage"}
    assert usage["input_tokens"] == len(TEXT) and abs(usage["output_tokens"] - 20 * seconds) <= 1
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_a_client_of_the_first_seed(server):
    """Its body, and its way of writing the file; `format` is its name of `response_format`."""
    connection = server.connection()
    body = {"model": "tts-1-hd-1106", "voice": "nova", "input": "I love you & I can't wait to spend time together!"}
    connection.request("POST", "/audio/speech", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    data = b""
    while chunk := response.read(8192):
        data += chunk
    assert sounds.loudness(sounds.samples(data, "mp3")) > 0.02
    assert speak(server, format="wav", voice="echo").startswith(b"RIFF")


def test_a_client_of_the_third_seed(server, client):
    body = {
        "model": "tts-1", "voice": "alloy", "input": "Hello, this is a test message.",
        "speed": 1.0, "response_format": "mp3", "stream": False,
    }
    reply = server.request("POST", PATH, body)
    assert reply.status == 200 and sounds.probe(reply.body, "mp3")[1] == "mp3"
    speech = client.audio.speech.create(model="tts-1", voice="alloy", input="Hello from your local TTS server!")
    assert sounds.probe(speech.content, "mp3")[1] == "mp3"
    bare = server.request("POST", PATH, {"model": "tts-1", "voice": "alloy", "input": "Hello, this is a test from curl!"})
    assert bare.status == 200


# MARK: voices and languages


def test_every_voice_has_a_sound_of_its_own(server):
    """The unit tests compare them closely; here, that the names reach them."""
    pitches = {voice: sounds.pitch(pcm(server, "The wind was warm, and all were away.", voice=voice)) for voice in VOICES}
    assert len({round(pitch / 4) for pitch in pitches.values()}) >= 8, pitches
    assert min(pitches, key=pitches.get) == "onyx" and max(pitches, key=pitches.get) == "marin"
    again = sounds.pitch(pcm(server, "The wind was warm, and all were away.", voice="onyx"))
    assert abs(again / pitches["onyx"] - 1) < 0.03


def test_voices_of_espeak_are_voices_too(server):
    for voice in ("de", "en-us+whisper", "fr-fr+f2"):
        assert pcm(server, voice=voice)
    for voice in ("nobody", "alloy+f2", "en-us+nothing", "../../etc/passwd", "de+../m1", "ALLOY"):
        status, param, code = refusal(server, input="x", voice=voice)
        assert (status, param, code) == (400, "voice", "invalid_value"), voice
    assert "'shimmer'" in server.request("POST", PATH, {"input": "x", "voice": "nobody"}).error["message"]


def test_the_language_is_asked_for_or_told_by_the_script(server):
    """Digits take another time in each language."""
    lengths = {code: len(pcm(server, "1 2 3 4 5 6 7 8 9.", language=code)) for code in ("en", "de-AT", "fr_CA", "zh-CN", "pt-BR", "ja")}
    assert len(set(lengths.values())) == len(lengths)
    assert refusal(server, input="x", language="xx") == (400, "language", "invalid_value")
    for text in ("Привет, мир.", "你好，世界。", "こんにちは。", "مرحبا", "नमस्ते", "안녕하세요", "Γειά σου", "שלום"):
        assert len(pcm(server, text)) > sounds.RATE / 5, text


def test_sentences_have_no_audible_seams(server):
    """Between two sentences there are 0.3 s of silence, and no click: no jump within it."""
    sound = pcm(server, "Go now. Go now.")
    quiet = [abs(sample) < 120 for sample in sound]
    runs, start = [], None
    for place, is_quiet in enumerate(quiet + [False]):
        if is_quiet and start is None:
            start = place
        elif not is_quiet and start is not None:
            runs.append((place - start) / sounds.RATE)
            start = None
    longest = max(runs)
    assert 0.28 < longest < 0.40, longest


# MARK: what can't be spoken


@pytest.mark.parametrize("text", [" ", "\n\t\r", "...", "?!", "\0", "\u0001\u0002", "\u200b\ufeff", "—", "\ue000"])
def test_a_text_with_nothing_to_say(server, text):
    assert refusal(server, input=text) == (400, "input", "invalid_value")


def test_bad_parameters(server):
    assert refusal(server, model="tts-1") == (400, "input", "missing_required_parameter")
    assert refusal(server, input="") == (400, "input", "empty_string")
    assert refusal(server, input="x" * 4097) == (400, "input", "string_above_max_length")
    assert refusal(server, input="x", speed=0.24) == (400, "speed", "decimal_below_min_value")
    assert refusal(server, input="x", speed=4.01) == (400, "speed", "decimal_above_max_value")
    assert refusal(server, input="x", response_format="midi") == (400, "response_format", "invalid_value")
    assert refusal(server, input="x", instructions="Shout!") == (400, "instructions", "unsupported_parameter")
    assert refusal(server, input="x", model="whisper-1") == (404, "model", "model_not_found")
    model = server.request("GET", "/v1/models").json["data"][0]["id"]
    assert refusal(server, input="x", model=model) == (400, "model", "unsupported_model")
    assert refusal(server, input="x", voice={"id": "voice_0"}) == (404, None, "not_found")


def test_markup_is_read_out_and_opens_nothing(server):
    plain = len(pcm(server, "x"))
    for text in ('<speak><audio src="/etc/passwd"/>x</speak>', '<audio src="http://127.0.0.1:1/"/>', "[[h@'loU]]", "\x01 50Px\x01I/etc/passwd"):
        assert len(pcm(server, text)) > 2 * plain, text


@pytest.mark.parametrize(
    "text",
    ["x" * 4000, "ab" * 2000, "字" * 4096, "😀" * 500, "a\u0301" * 2000, "9" * 4000, "a,b;" * 1000, "𐎀𐎁𐎂𐎃", "A.B.C." * 600, "-" * 4000 + "x", "\u202e\u202dabc"],
)
def test_strange_texts_are_spoken(server, text):
    assert pcm(server, text, speed=4)


def test_no_text_ends_the_server(server):
    """Random characters of many scripts: espeak-ng may die of one; then the request fails, and the next is served."""
    chance = random.Random(7)
    ranges = [(0x20, 0x7F), (0xA0, 0x24F), (0x370, 0x6FF), (0x900, 0x10FF), (0x3040, 0x9FFF), (0xAC00, 0xD7A3), (0x1F300, 0x1FAFF), (0x10000, 0x1FFFF)]
    served = 0
    for _ in range(40):
        low, high = chance.choice(ranges)
        text = "".join(chr(chance.randint(low, high)) for _ in range(chance.choice([3, 60, 300])))
        reply = server.request("POST", PATH, {"input": text, "response_format": "pcm", "voice": "alloy"})
        assert reply.status in (200, 400) or reply.error["code"] == "speech_failed", reply
        served += reply.status == 200
    assert served > 20
    assert speak(server)


# MARK: load


def test_fifty_at_once(server):
    results = []

    def one():
        results.append(len(pcm(server, TEN)))

    threads = [threading.Thread(target=one) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 50 and max(results) < 1.05 * min(results)


def test_one_too_many_is_told_so(start_server):
    server = start_server("--ctx-size", "512", "--max-queue", "2", "--max-speech-input", "200000")
    body = {"input": TEN * 300, "model": "tts-1", "voice": "alloy", "response_format": "pcm"}
    connections = []
    for _ in range(2):
        # They do not read on: their requests stay under way.
        connection = server.socket(receive_buffer=4096)
        connection.sendall(post(PATH, body))
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        connections.append(connection)
    reply = server.request("POST", PATH, {"input": "x"})
    assert reply.status == 429 and reply.error["code"] == "rate_limit_exceeded" and int(reply.headers["Retry-After"]) > 0
    for connection in connections:
        connection.close()
    wait_until(lambda: server.request("POST", PATH, {"input": "x"}).status == 200, "those that left make room")


def test_the_length_of_the_text_is_an_option(start_server):
    server = start_server("--ctx-size", "512", "--max-speech-input", "5")
    assert server.request("POST", PATH, {"input": "12345"}).status == 200
    assert refusal(server, input="123456") == (400, "input", "string_above_max_length")


def test_a_process_that_dies_is_replaced(start_server):
    server = start_server("--ctx-size", "512")
    (worker,) = server.children
    os.kill(worker, signal.SIGKILL)
    assert speak(server)
    wait_until(lambda: len(server.children) == 1 and worker not in server.children, "another is there, the old one is gone")


def test_the_official_client_gets_errors_as_exceptions(client):
    with pytest.raises(openai.BadRequestError, match="Supported voices are"):
        client.audio.speech.create(model="tts-1", voice="nobody", input="x")
