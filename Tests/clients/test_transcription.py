"""Transcriptions and translations: formats, OpenAI's client, streams, bad files, and clients that leave."""

import concurrent.futures
import io
import socket
import subprocess
import sys
import zipfile

import openai
import pytest

from support import ROOT, wait_until

PATH = "/v1/audio/transcriptions"
UPSTREAM = ROOT / ".native/src/whisper.cpp"
SOUND = UPSTREAM / "samples/jfk.wav"
LENGTH = 11.0
CHAT = "SmolLM2-135M-Instruct.Q4_1"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with the default chat model and a whisper model of random weights, which writes nonsense."""
    folder = tmp_path_factory.mktemp("models")
    (folder / f"{CHAT}.gguf").symlink_to(ROOT / "models" / f"{CHAT}.gguf")
    header = UPSTREAM / "models/for-tests-ggml-tiny.bin"
    options = ["--width", "64", "--heads", "2", "--layers", "3"]
    script = ROOT / "Scripts/make-whisper-models.py"
    subprocess.run([sys.executable, script, header, folder / "ggml-random.bin", *options], check=True)
    (folder / "header.bin").write_bytes(header.read_bytes())
    (folder / "damaged.bin").write_bytes((folder / "ggml-random.bin").read_bytes()[:-100])
    return folder


@pytest.fixture(scope="module")
def hearing(launch, models):
    return launch("--ctx-size", "512", "--models-dir", str(models), "--max-transcription-minutes", "5")


@pytest.fixture(scope="module")
def client(hearing):
    return openai.OpenAI(base_url=f"{hearing.url}/v1", api_key="none", max_retries=0, timeout=120)


@pytest.fixture(scope="module")
def written(client):
    """What the model makes of the sound."""
    return client.audio.transcriptions.create(model="whisper-1", file=SOUND, language="en", response_format="verbose_json")


def ffmpeg(*arguments, data=b""):
    result = subprocess.run(["ffmpeg", "-v", "error", *arguments, "-"], input=data, capture_output=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


def form(fields):
    """The body of a form, and its type; values are texts, or files as pairs of a name and bytes."""
    boundary = "a-line-between"
    body = b""
    for name, value in fields:
        is_file = isinstance(value, tuple)
        filename = f'; filename="{value[0]}"' if is_file else ""
        content = value[1] if is_file else value.encode()
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'.encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def post(server, data, *fields, path=PATH, name="sound.wav"):
    body, kind = form([("file", (name, data)), *fields])
    return server.request("POST", path, body, headers={"Content-Type": kind})


def refusal(server, data, *fields, **options):
    reply = post(server, data, *fields, **options)
    return reply.status, reply.error["param"], reply.error["code"]


# MARK: answers


def test_the_official_client_gets_segments(written):
    assert written.task == "transcribe" and written.language == "english" and written.duration == LENGTH
    assert written.text and written.words is None and written.usage.type == "duration"
    assert "".join(segment.text for segment in written.segments).strip() == written.text
    for number, segment in enumerate(written.segments):
        assert segment.id == number and 0 <= segment.start <= segment.end <= LENGTH
        assert segment.tokens and segment.avg_logprob < 0 and segment.temperature == 0
        assert segment.compression_ratio > 0 and 0 <= segment.no_speech_prob <= 1


def test_words_have_times(client, written):
    spoken = client.audio.transcriptions.create(
        model="whisper-1", file=SOUND, language="en", response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert spoken.segments and spoken.words
    assert "".join(word.word for word in spoken.words).split() == "".join(spoken.text.split()).split()
    for word in spoken.words:
        assert 0 <= word.start <= word.end <= LENGTH + 0.5
    alone = client.audio.transcriptions.create(
        model="whisper-1", file=SOUND, language="en", response_format="verbose_json", timestamp_granularities=["word"]
    )
    assert alone.words == spoken.words and alone.segments is None


def test_each_form_of_an_answer(client, written):
    def create(form):
        return client.audio.transcriptions.create(model="whisper-1", file=SOUND, language="en", response_format=form)

    assert create("json").text == written.text and create("json").usage.seconds == 11
    assert create("text") == written.text + "\n"
    assert create("srt").startswith("1\n00:00:0") and " --> " in create("srt") and "," in create("srt").split("\n")[1]
    assert create("vtt").startswith("WEBVTT\n\n00:00:0") and create("vtt").count(" --> ") == len(written.segments)


def test_a_translation_is_in_english(client):
    translated = client.audio.translations.create(model="whisper-1", file=SOUND, response_format="verbose_json")
    assert translated.language == "english" and translated.duration == LENGTH and translated.segments
    assert client.audio.translations.create(model="whisper-1", file=SOUND).text == translated.text


def test_newer_names_count_tokens_and_tell_probabilities(client):
    answer = client.audio.transcriptions.create(
        model="gpt-4o-transcribe", file=SOUND, language="en", include=["logprobs"], prompt="Ask not."
    )
    usage = answer.usage
    assert usage.type == "tokens" and usage.input_token_details.audio_tokens == 110
    assert usage.input_token_details.text_tokens > 0 and usage.output_tokens == len(answer.logprobs)
    assert b"".join(bytes(map(int, entry.bytes)) for entry in answer.logprobs).decode(errors="replace").strip() == answer.text
    assert all(entry.logprob <= 0 for entry in answer.logprobs)


@pytest.fixture(scope="module")
def clip():
    """Three seconds of it."""
    return "clip.flac", ffmpeg("-i", str(SOUND), "-t", "3", "-f", "flac")


@pytest.mark.parametrize("strategy", [None, "auto", {"type": "server_vad", "threshold": 0.4, "silence_duration_ms": 300}])
def test_a_stream_has_what_the_answer_has(client, clip, strategy):
    extra = {} if strategy is None else {"chunking_strategy": strategy}
    events = list(
        client.audio.transcriptions.create(
            model="gpt-4o-mini-transcribe", file=clip, language="en", stream=True, include=["logprobs"], **extra
        )
    )
    *deltas, done = events
    assert done.type == "transcript.text.done" and all(event.type == "transcript.text.delta" for event in deltas)
    assert deltas and "".join(event.delta for event in deltas) == done.text
    assert done.usage.output_tokens == len(done.logprobs) == sum(len(event.logprobs) for event in deltas)
    whole = client.audio.transcriptions.create(model="gpt-4o-mini-transcribe", file=clip, language="en", **extra)
    assert whole.text == done.text


def test_the_language_is_found_among_those_that_may_be(hearing):
    sound = SOUND.read_bytes()
    languages = set()
    for allowed in (["de"], ["fr"], ["de", "fr"]):
        fields = [("languages[]", code) for code in allowed] + [("response_format", "verbose_json")]
        languages.add(post(hearing, sound, *fields).json["language"])
    assert languages == {"german", "french"}
    answer = post(hearing, sound, ("model", "gpt-transcribe"), ("language", "de")).json
    assert answer["languages"] == [{"code": "de"}]


@pytest.mark.parametrize(
    "kind, options",
    [
        ("flac", []), ("mp3", []), ("mp4", ["-f", "ipod"]), ("ogg", []), ("opus", []), ("webm", ["-c:a", "libopus"]),
        ("wav", []), ("adts", []),
    ],
)
def test_each_format_is_read(hearing, kind, options):
    options = options if "-f" in options else ["-f", kind, *options]
    if kind == "mp4":
        options = ["-movflags", "frag_keyframe+empty_moov", *options]
    data = ffmpeg("-i", str(SOUND), *options)
    reply = post(hearing, data, ("response_format", "verbose_json"), ("language", "en"), name=f"sound.{kind}")
    assert reply.status == 200 and abs(reply.json["duration"] - LENGTH) < 0.15


# MARK: silence


@pytest.mark.parametrize("source", ["anullsrc=r=16000", "anoisesrc=r=16000:amplitude=0.01:seed=1"])
@pytest.mark.parametrize("kind", ["json", "text", "srt", "vtt", "verbose_json"])
def test_silence_gives_an_empty_text(hearing, kind, source):
    silence = ffmpeg("-f", "lavfi", "-i", source, "-t", "5", "-f", "flac")
    reply = post(hearing, silence, ("response_format", kind))
    assert reply.status == 200
    if kind in ("json", "verbose_json"):
        assert reply.json["text"] == "" and not reply.json.get("segments")
    else:
        assert reply.body.decode().strip() in ("", "WEBVTT")


# MARK: parameters


@pytest.mark.parametrize(
    "fields, param, code",
    [
        ([("language", "klingon")], "language", "invalid_value"),
        ([("languages[]", "de"), ("languages[]", "tlh")], "languages", "invalid_value"),
        ([("response_format", "diarized_json")], "response_format", "unsupported_value"),
        ([("response_format", "xml")], "response_format", "invalid_value"),
        ([("known_speaker_names[]", "agent")], "known_speaker_names", "unsupported_parameter"),
        ([("known_speaker_references[]", "data:")], "known_speaker_references", "unsupported_parameter"),
        ([("temperature", "1.5")], "temperature", "decimal_above_max_value"),
        ([("temperature", "hot")], "temperature", "invalid_type"),
        ([("stream", "perhaps")], "stream", "invalid_type"),
        ([("stream", "true"), ("response_format", "srt")], "stream", "invalid_value"),
        ([("include[]", "logprobs"), ("response_format", "text")], "include", "invalid_value"),
        ([("include[]", "everything")], "include[0]", "invalid_value"),
        ([("timestamp_granularities[]", "word")], "timestamp_granularities", "invalid_value"),
        ([("chunking_strategy", "manual")], "chunking_strategy", "invalid_value"),
        ([("chunking_strategy[type]", "other")], "chunking_strategy.type", "invalid_value"),
        ([("chunking_strategy", '{"type": "server_vad", "threshold": 2}')], "chunking_strategy.threshold",
         "decimal_above_max_value"),
        ([("colour", "red")], "colour", "unknown_parameter"),
    ],
)
def test_what_is_wrong_is_named(hearing, fields, param, code):
    assert refusal(hearing, SOUND.read_bytes(), *fields) == (400, param, code)


def test_a_file_is_needed(hearing):
    body, kind = form([("model", "whisper-1")])
    reply = hearing.request("POST", PATH, body, headers={"Content-Type": kind})
    assert (reply.status, reply.error["param"]) == (400, "file")
    assert hearing.request("POST", PATH, {"file": "x", "model": "whisper-1"}).status == 415


# MARK: models


def test_models_are_known_by_their_content(hearing):
    cards = {card["id"]: card for card in hearing.request("GET", "/v1/models").json["data"]}
    assert set(cards) - {"espeak-ng"} == {CHAT, "ggml-random"}
    meta = cards["ggml-random"]["meta"]
    assert meta["kind"] == "transcription" and meta["multilingual"] and meta["window_seconds"] == 30
    assert hearing.request("GET", "/v1/models/ggml-random").json["id"] == "ggml-random"
    assert "header.bin: it holds no weights" in hearing.log and "damaged.bin: it ends too early" in hearing.log


def test_each_model_does_what_it_can(hearing):
    sound = SOUND.read_bytes()
    assert post(hearing, sound, ("model", "ggml-random")).status == 200
    assert refusal(hearing, sound, ("model", CHAT)) == (400, "model", "unsupported_model")
    assert refusal(hearing, sound, ("model", "gpt-4o")) == (404, "model", "model_not_found")
    reply = hearing.request("POST", "/v1/chat/completions", {"model": "ggml-random", "messages": [{"role": "user", "content": "x"}]})
    assert (reply.status, reply.error["code"]) == (400, "unsupported_model")


def test_without_a_model_the_answer_says_what_to_do(server):
    reply = post(server, SOUND.read_bytes(), ("model", "whisper-1"))
    assert (reply.status, reply.error["code"]) == (404, "model_not_found")
    assert "ggml-base.bin" in reply.error["message"] and "--models-dir" in reply.error["message"]


# MARK: bad files


def zip_file():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.write(SOUND, "sound.wav")
    return data.getvalue()


def silent_video():
    return ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5", "-t", "2", "-c:v", "mpeg4",
        "-movflags", "frag_keyframe+empty_moov", "-f", "mp4")


@pytest.mark.parametrize(
    "make",
    [lambda: b"", lambda: bytes(60_000_000), lambda: SOUND.read_bytes()[:30], zip_file, silent_video, lambda: b"{}" * 1000],
    ids=["empty", "zeros", "truncated", "zip", "video", "json"],
)
def test_what_is_no_sound_is_refused(hearing, make):
    assert refusal(hearing, make()) == (400, "file", "invalid_audio")


def test_samples_that_are_no_numbers_are_no_danger(hearing):
    """A file of 32-bit floats: half of it is not a number, the rest is infinite or far too loud."""
    sound = ffmpeg("-i", str(SOUND), "-t", "2", "-c:a", "pcm_f32le", "-f", "wav")
    start = sound.index(b"data") + 8
    strange = b"\x00\x00\xc0\x7f" * 8000 + b"\x00\x00\x80\x7f" * 4000 + b"\x00\x00\x80\xff\xff\xff\x7f\x7f" * 2000
    reply = post(hearing, sound[:start] + strange + sound[start + len(strange) :], ("language", "en"))
    assert reply.status in (200, 400)
    assert post(hearing, SOUND.read_bytes(), ("language", "en")).json["text"]


def test_a_file_cut_off_in_the_middle_is_heard_as_far_as_it_goes(hearing):
    reply = post(hearing, SOUND.read_bytes()[:200_000], ("response_format", "verbose_json"))
    assert reply.status == 200 and 6 < reply.json["duration"] < 6.3


def test_nothing_that_a_file_names_is_opened(hearing, tmp_path):
    (tmp_path / "secret.wav").write_bytes(SOUND.read_bytes())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/sound.wav"
        for target in (url, tmp_path / "secret.wav", f"file://{tmp_path}/secret.wav"):
            for text in (
                f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
                f"ffconcat version 1.0\nfile '{target}'\n",
                f"[playlist]\nFile1={target}\nNumberOfEntries=1\n",
            ):
                assert refusal(hearing, text.encode(), name="list.m3u8") == (400, "file", "invalid_audio")
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_small_file_of_ten_hours_costs_nothing(hearing):
    """Five minutes are the limit here: the rest is never decoded."""
    data = ffmpeg("-f", "lavfi", "-i", "anullsrc=r=1000:cl=mono", "-t", "36000", "-c:a", "flac", "-frame_size", "65535", "-f", "flac")
    assert len(data) < 20_000
    before = hearing.memory
    for _ in range(3):
        assert refusal(hearing, data) == (400, "file", "invalid_audio")
    assert hearing.memory - before < 100 << 20


def test_fifty_at_once_are_served(hearing):
    clip = ffmpeg("-i", str(SOUND), "-t", "1", "-f", "flac")
    expected = post(hearing, clip, ("language", "en")).json["text"]
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda _: post(hearing, clip, ("language", "en")), range(50)))
    assert {reply.status for reply in replies} == {200}
    assert {reply.json["text"] for reply in replies} == {expected}


# MARK: clients that leave


def number(server, name, **labels):
    return server.metrics().value(f"transcriptions_{name}", model="ggml-random", **labels)


def long_request():
    """Eleven minutes of speech to be written down."""
    long = ffmpeg("-stream_loop", "60", "-i", str(SOUND), "-f", "flac")
    body, kind = form([("file", ("sound.flac", long)), ("language", "en")])
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_work_ends_when_its_client_leaves(start_server, models):
    """Running and waiting ones: eleven minutes of speech each, which nobody waits for."""
    server = start_server("--ctx-size", "512", "--models-dir", str(models))
    request = long_request()
    before = number(server, "total", outcome="cancelled")
    connections = [socket.create_connection((server.host, server.port)) for _ in range(5)]
    for connection in connections:
        connection.sendall(request)
    wait_until(lambda: number(server, "waiting") == 3, "three wait behind two")
    assert number(server, "running") == 2
    for connection in connections:
        connection.close()
    wait_until(lambda: number(server, "waiting") == number(server, "running") == 0, "all have ended")
    wait_until(lambda: number(server, "total", outcome="cancelled") == before + 5, "all are counted")
    assert post(server, SOUND.read_bytes()).status == 200


def test_a_full_queue_is_a_429(start_server, models):
    server = start_server("--ctx-size", "512", "--models-dir", str(models), "--max-queue", "1", "--transcriptions", "1")
    request = long_request()
    connections = []
    for name in ("running", "waiting"):
        connections.append(socket.create_connection((server.host, server.port)))
        connections[-1].sendall(request)
        wait_until(lambda: number(server, name) == 1, name)
    reply = post(server, SOUND.read_bytes())
    assert reply.status == 429 and int(reply.headers["Retry-After"]) > 0
    for connection in connections:
        connection.close()
