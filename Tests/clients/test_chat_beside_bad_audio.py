"""A chat goes on, word for word, while another client sends bad sound and bad texts of every kind, and leaves in the middle."""

import base64
import concurrent.futures
import json
import threading

import pytest

from support import chat_body, message, wait_until
from test_transcription import CHAT, SOUND, ffmpeg, form, models, number, silent_video, zip_file  # noqa: F401: a fixture
from test_transcription import PATH as TRANSCRIPTIONS

SPEECH = "/v1/audio/speech"
BODY = chat_body("Tell me a long story about a jar of marmalade.", max_tokens=60, ignore_eos=True, temperature=0)


@pytest.fixture(scope="module")
def server(launch, models, tmp_path_factory):
    return launch(
        *("--ctx-size", "512", "--parallel", "2", "--models-dir", str(models), "--deterministic", "--max-transcription-minutes", "5"),
        *("--voices", tmp_path_factory.mktemp("voices")),
    )


class Chat:
    """Streams the same answer again and again, and checks each against the one that was given while nothing else was done."""

    def __init__(self, server):
        self.server = server
        self.expected = "".join(server.stream(**BODY).pieces)
        self.pieces = 0
        self.failure = None
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()
        assert self.failure is None, self.failure

    def _run(self):
        try:
            while not self.is_over.is_set():
                text = ""
                with self.server.stream(**BODY) as stream:
                    for piece in stream.pieces:
                        text += piece
                        self.pieces += 1
                assert text == self.expected, f"{text!r} is not {self.expected!r}"
        except Exception as failure:
            self.failure = failure

    def goes_on(self):
        """Waits for more of the answer."""
        before = self.pieces
        wait_until(lambda: self.pieces > before or self.failure, "the chat goes on")
        assert self.failure is None, self.failure


@pytest.fixture(scope="module")
def ten_hours():
    source = ["-f", "lavfi", "-i", "anullsrc=r=1000:cl=mono", "-t", "36000"]
    return ffmpeg(*source, "-c:a", "flac", "-frame_size", "65535", "-f", "flac")


@pytest.fixture(scope="module")
def sounds_of_no_kind(ten_hours):
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    return {
        "empty": b"", "zeros": bytes(60_000_000), "truncated": SOUND.read_bytes()[:30], "video": silent_video(), "zip": zip_file(),
        "playlist": playlist, "ten hours": ten_hours, "text": b"{}" * 1000,
    }


def transcribe(server, data):
    body, kind = form([("file", ("sound.wav", data)), ("model", "whisper-1"), ("language", "en")])
    return server.request("POST", TRANSCRIPTIONS, body, {"Content-Type": kind})


def consent(server, data):
    body, kind = form([("name", "x"), ("language", "en"), ("recording", ("sound.wav", data))])
    return server.request("POST", "/v1/audio/voice_consents", body, {"Content-Type": kind})


def hear(server, data):
    """A sound in a chat, of which it is the only part."""
    sound = {"type": "input_audio", "input_audio": {"data": base64.b64encode(data).decode(), "format": "wav"}}
    return server.request("POST", "/v1/chat/completions", {"messages": [message([sound])], "max_tokens": 1})


def head(path, kind, length):
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode()


def vanish(server, path, kind, body, sent):
    """Sends some of a request, and leaves."""
    connection = server.socket()
    connection.sendall(head(path, kind, len(body)) + body[:sent])
    connection.close()


def test_files_that_are_no_sound(server, sounds_of_no_kind):
    with Chat(server) as chat:
        # Each kind once, so that what is kept for all of them is there.
        sizes = []
        for _ in range(3):
            for name, data in sounds_of_no_kind.items():
                assert transcribe(server, data).status == 400, name
                assert consent(server, data).status == 400, name
                if len(data) < 1 << 20:
                    assert hear(server, data).status == 400, name
                chat.goes_on()
            sizes.append(server.memory)
        assert sizes[-1] - sizes[0] < 64 << 20, sizes


def test_fifty_at_once(server, sounds_of_no_kind):
    kinds = [data for data in sounds_of_no_kind.values() if len(data) < 1 << 20]
    with Chat(server) as chat, concurrent.futures.ThreadPoolExecutor(50) as pool:
        sizes = []
        for _ in range(3):
            replies = pool.map(lambda place: transcribe(server, kinds[place % len(kinds)]), range(50))
            assert {reply.status for reply in replies} == {400}
            chat.goes_on()
            sizes.append(server.memory)
        assert sizes[-1] - sizes[0] < 64 << 20, sizes


def test_clients_that_vanish(server):
    """Before the file is whole, and while it is being written down; before a text is spoken, and within its sound."""
    long = ffmpeg("-stream_loop", "10", "-i", str(SOUND), "-f", "flac")
    body, kind = form([("file", ("sound.flac", long)), ("language", "en")])
    text = json.dumps({"model": "tts-1", "voice": "alloy", "input": "This is a sentence. " * 150}).encode()
    with Chat(server) as chat:
        sizes = []
        for _ in range(3):
            for path, type, whole in ((TRANSCRIPTIONS, kind, body), (SPEECH, "application/json", text)):
                for sent in (0, 1, len(whole) // 2, len(whole) - 1, len(whole), len(whole)):
                    vanish(server, path, type, whole, sent)
            with server.socket() as connection:
                connection.sendall(head(SPEECH, "application/json", len(text)) + text)
                assert connection.recv(1000)
            chat.goes_on()
            wait_until(
                lambda: number(server, "running") == number(server, "waiting") == 0,
                "nothing is written down for those that left",
            )
            sizes.append(server.memory)
        assert sizes[-1] - sizes[0] < 64 << 20, sizes


def test_texts_that_cannot_be_spoken(server):
    texts = ["", " ", "…", "\x00", "x" * 4097, "<break/>" * 600, 5, None, ["x"], {"a": 1}]
    with Chat(server) as chat:
        for text in texts:
            body = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm"}
            assert server.request("POST", SPEECH, body).status == 400, text
            chat.goes_on()
        for change in ({"voice": "nobody"}, {"speed": 100}, {"response_format": "midi"}, {"model": CHAT}, {"instructions": "Sing."}):
            body = {"model": "tts-1", "voice": "alloy", "input": "Hello."} | change
            assert server.request("POST", SPEECH, body).status == 400, change
        chat.goes_on()
    # And everything is there still.
    assert transcribe(server, SOUND.read_bytes()).json["text"]
    assert server.request("GET", "/health").json["status"] == "ok"
