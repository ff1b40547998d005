"""Servers of transcription, speech or embeddings alone, and of nothing: what is there works, the rest says what is missing."""

import shutil
import subprocess
import sys

import openai
import pytest

from support import ROOT, message, run
from test_command_line import refused
from test_neural_speech import POCKET, TINY
from test_transcription import SOUND, UPSTREAM, form

EMBEDDING = "all-MiniLM-L6-v2.F16"
WHISPER = "ggml-random"
SPEECH = "espeak-ng"
SPOKEN = {"model": "tts-1", "voice": "alloy", "input": "Hello.", "response_format": "pcm"}

# What each task is asked with, by every API that has it; and the file that is needed for it.
CHATS = [
    ("/v1/chat/completions", {"model": "gpt-4o", "messages": [message()]}),
    ("/v1/chat/completions", {"messages": [message()], "stream": True}),
    ("/v1/chat/completions", {"model": "no-such-model", "messages": [message()]}),
    ("/v1/completions", {"prompt": "Once"}),
    ("/v1/responses", {"model": "gpt-5", "input": "Hi!"}),
    ("/v1/messages", {"model": "claude-sonnet-4-5", "max_tokens": 2, "messages": [message()]}),
    ("/v1/messages/count_tokens", {"model": "claude-sonnet-4-5", "messages": [message()]}),
    ("/api/chat", {"model": "llama3.2:latest", "messages": [message()]}),
    ("/api/generate", {"model": "gpt-4o", "prompt": "Hi!"}),
    ("/completion", {"prompt": "Hi!"}),
    ("/tokenize", {"content": "Hi!"}),
    ("/v1/internal/chat-prompt", {"messages": [message()]}),
]
EMBEDDINGS = [
    ("/v1/embeddings", {"input": "x"}),
    ("/v1/embeddings", {"model": "text-embedding-3-small", "input": "x"}),
    ("/v1/embeddings", {"model": "no-such-model", "input": "x"}),
    ("/v1/moderations", {"input": "x"}),
    ("/v1/moderations", {"model": "omni-moderation-latest", "input": "x"}),
    ("/api/embed", {"model": "nomic-embed-text", "input": "x"}),
]
RERANKING = [
    ("/v1/rerank", {"query": "x", "documents": ["y"]}),
    ("/v1/rerank", {"model": "jina-reranker-v2", "query": "x", "documents": ["y"]}),
]
FILES = [(CHATS, "SmolLM2-135M-Instruct.Q4_1.gguf"), (EMBEDDINGS, "all-MiniLM-L6-v2.F16.gguf"), (RERANKING, "bge-reranker")]


@pytest.fixture(scope="module")
def bare(launch, tmp_path_factory):
    """A server on an empty folder."""
    return launch("--models-dir", tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="module")
def whisper(tmp_path_factory):
    """A folder with two whisper models of random weights."""
    folder = tmp_path_factory.mktemp("whisper")
    script, header = ROOT / "Scripts/make-whisper-models.py", UPSTREAM / "models/for-tests-ggml-tiny.bin"
    options = ["--width", "64", "--heads", "2", "--layers", "3"]
    subprocess.run([sys.executable, script, header, folder / f"{WHISPER}.bin", *options], check=True)
    shutil.copy(folder / f"{WHISPER}.bin", folder / "ggml-other.bin")
    return folder


@pytest.fixture(scope="module")
def listening(launch, whisper):
    return launch("--models-dir", whisper)


@pytest.fixture(scope="module")
def speaking(launch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("speech")
    for file in (f"{POCKET}.gguf", f"mmproj-{POCKET}.gguf"):
        shutil.copy(TINY / file, folder / file)
    return launch("--models-dir", folder, "--voices", folder / "voices")


@pytest.fixture(scope="module")
def embedding(launch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("embedding")
    (folder / f"{EMBEDDING}.gguf").symlink_to(ROOT / "models" / f"{EMBEDDING}.gguf")
    return launch("--models-dir", folder)


def cards(server):
    return [card["id"] for card in server.request("GET", "/v1/models").json["data"]]


def components(server):
    health = server.request("GET", "/health")
    assert (health.status, health.json["status"]) == (200, "ok")
    return health.json["components"]


def assert_missing(server, tasks):
    """Every endpoint of the tasks is a 404 in its API's form that names a file, and the option that says where it belongs."""
    for requests, file in tasks:
        for path, body in requests:
            reply = server.request("POST", path, body)
            assert reply.status == 404, (path, reply)
            text = reply.body.decode()
            assert file in text and "--models-dir" in text, (path, text)
            if path.startswith("/v1/") and "messages" not in path:
                assert (reply.error["param"], reply.error["code"]) == ("model", "model_not_found"), path


def transcribe(server, *fields):
    body, kind = form([("file", ("sound.wav", SOUND.read_bytes())), *fields])
    return server.request("POST", "/v1/audio/transcriptions", body, headers={"Content-Type": kind})


def assert_no_transcription(server):
    for fields in ([], [("model", "whisper-1")], [("model", "no-such-model")]):
        reply = transcribe(server, *fields)
        assert (reply.status, reply.error["code"]) == (404, "model_not_found")
        assert "ggml-base.bin" in reply.error["message"]


def assert_speaks(server):
    reply = server.request("POST", "/v1/audio/speech", SPOKEN)
    assert reply.status == 200 and len(reply.body) > 1000
    return reply.body


# MARK: nothing


def test_an_empty_folder_is_a_server_that_speaks_and_says_what_it_lacks(bare):
    assert_speaks(bare)
    assert_missing(bare, FILES)
    assert_no_transcription(bare)
    assert cards(bare) == [SPEECH] and components(bare) == {SPEECH: "ok"}
    warnings = [line for line in bare.log.splitlines() if " warning " in line]
    assert len(warnings) == 1 and "there is no model in" in warnings[0] and "make models" in warnings[0]
    assert "serves speech by espeak-ng" in bare.log
    for task, file in [("chat", "SmolLM2"), ("embeddings", "MiniLM"), ("reranking", "bge"), ("transcription", "ggml-base")]:
        assert any(f"no {task}" in line and file in line for line in bare.log.splitlines()), task


def test_what_lists_and_counts_models_is_empty(bare):
    def ask(path):
        reply = bare.request("GET", path)
        assert reply.status == 200, (path, reply)
        return reply.json

    assert ask("/api/tags") == ask("/api/ps") == {"models": []}
    assert ask("/v1/engines")["data"] == [] and ask("/v1/internal/model/list") == {"model_names": []}
    # As text-generation-webui answers before a model is loaded.
    assert ask("/v1/internal/model/info")["model_name"] == "None"
    assert ask("/v1/internal/scheduler")["models"] == []
    assert ask("/about")["models"] == [SPEECH]
    assert ask("/openapi.json")["paths"]
    metrics = bare.request("GET", "/metrics").body.decode()
    assert "process_resident_memory_bytes" in metrics and 'model="' not in metrics
    assert bare.request("GET", "/docs").status == 200
    for path in ("/v1/internal/model/unload", "/v1/internal/model/load"):
        body = {"model_name": "x"} if path.endswith("/load") else None
        assert bare.request("POST", path, body).status == 404
    assert bare.request("POST", "/v1/internal/stop-generation").status == 200
    assert bare.request("GET", "/props").status == bare.request("GET", "/slots").status == 404


def test_the_official_client_is_told(bare, connect):
    with pytest.raises(openai.NotFoundError, match="language model"):
        connect(bare).chat.completions.create(model="gpt-4o", messages=[message()])
    with pytest.raises(openai.NotFoundError, match="whisper"):
        connect(bare).audio.transcriptions.create(model="whisper-1", file=SOUND)


def test_a_sound_in_a_chat_is_not_for_nobody(bare):
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    assert bare.request("POST", "/v1/chat/completions", {"messages": [message([sound])]}).status == 404


# MARK: one kind


def test_transcription_alone(listening):
    assert components(listening) == {SPEECH: "ok"}
    assert transcribe(listening, ("model", "whisper-1")).json["text"]
    # The first by name, since no manifest says otherwise.
    assert cards(listening) == ["ggml-other", WHISPER, SPEECH]
    assert set(components(listening)) == {"ggml-other", SPEECH}
    assert_missing(listening, FILES)
    assert_speaks(listening)
    assert " warning " not in listening.log and "transcription by ggml-other" in listening.log


def test_neural_speech_alone(speaking):
    said = assert_speaks(speaking)
    assert said != speaking.request("POST", "/v1/audio/speech", SPOKEN | {"model": SPEECH}).body
    assert cards(speaking) == [POCKET, SPEECH] and set(components(speaking)) == {POCKET, SPEECH}
    assert_missing(speaking, FILES)
    assert_no_transcription(speaking)
    assert f"speech by {POCKET}" in speaking.log


def test_embeddings_alone(embedding):
    assert components(embedding) == {EMBEDDING: "ok", SPEECH: "ok"}
    for requests in (EMBEDDINGS[:2], EMBEDDINGS[3:5], RERANKING[:1]):
        for path, body in requests:
            assert embedding.request("POST", path, body).status == 200, path
    assert_missing(embedding, FILES[:1])
    assert_no_transcription(embedding)
    assert [model["name"] for model in embedding.request("GET", "/api/tags").json["models"]] == [EMBEDDING]


# MARK: what was asked for


@pytest.mark.parametrize("name", [WHISPER, f"{WHISPER}.bin", "path"])
def test_a_whisper_model_that_is_named_is_the_default_and_loaded(start_server, whisper, name):
    name = whisper / f"{WHISPER}.bin" if name == "path" else name
    server = start_server("--models-dir", whisper, "--model", name)
    assert set(components(server)) == {WHISPER, SPEECH}
    assert cards(server) == [WHISPER, "ggml-other", SPEECH]
    assert server.request("GET", "/v1/models/whisper-1").json["id"] == WHISPER


def test_what_was_asked_for_must_be_there(tmp_path, whisper):
    serve = ("--port", "0", "--log-level", "error", "--threads", "1")
    assert "no-such-model" in refused(run(*serve, "--models-dir", tmp_path, "--model", "no-such-model"), status=1)
    assert str(tmp_path / "none") in refused(run(*serve, "--models-dir", tmp_path / "none"), status=1)
    shutil.copy(whisper / f"{WHISPER}.bin", tmp_path)
    with (tmp_path / f"{WHISPER}.bin").open("r+b") as file:
        file.truncate(100_000)
    assert "ends too early" in refused(run(*serve, "--models-dir", tmp_path, "--model", WHISPER), status=1)
    # What goes with a chat model needs one.
    chat = ROOT / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"
    assert "--draft-model" in refused(run(*serve, "--models-dir", tmp_path, "--draft-model", chat), status=1)
    # No conversation without a model that chats.
    assert "there is no chat model" in refused(run("chat", "--models-dir", whisper, input="Hi!"), status=1)


def test_a_damaged_file_is_named(start_server, tmp_path):
    """Else the server would lack what its user has just put there, and say nothing."""
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(100))
    server = start_server("--models-dir", tmp_path)
    assert cards(server) == [SPEECH]
    assert f"not served: {tmp_path}/broken.gguf is no GGUF file, or a damaged one" in server.log


def test_a_whisper_model_that_does_not_fit_is_left_out(start_server, whisper):
    server = start_server("--models-dir", whisper, "--memory-budget", "1M")
    assert f"not served: {WHISPER} does not fit" in server.log
    assert cards(server) == [SPEECH]
    for fields, named in [([], "ggml-other"), ([("model", "whisper-1")], "ggml-other"), ([("model", WHISPER)], WHISPER)]:
        reply = transcribe(server, *fields)
        assert (reply.status, reply.error["code"]) == (400, "model_unusable")
        assert f"`{named}` is installed, but can't be served here" in reply.error["message"]
