"""Voices that the server comes with, custom ones, and records of consent."""

import json
import math
import os
import signal
import struct

import openai
import pytest

import sounds
from support import KEY, OTHER_KEY

VOICES = "/v1/audio/voices"
CONSENTS = "/v1/audio/voice_consents"


def recording(seconds=1.0, level=8000):
    """A wave file of a tone."""
    data = b"".join(
        struct.pack("<h", int(level * math.sin(index / 10))) for index in range(int(seconds * 16000))
    )
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16, b"data", len(data))
    return head + data


def form(fields, files, boundary="----form"):
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    for name, data in files.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("voices") / "voices"


@pytest.fixture(scope="module")
def keyed(launch, folder):
    """A server with two keys and a folder of voices."""
    return launch("--ctx-size", "512", "--voices", folder, "--api-key", KEY, "--api-key", OTHER_KEY)


@pytest.fixture(scope="module")
def mine(keyed, connect):
    return connect(keyed, api_key=KEY)


@pytest.fixture(scope="module")
def theirs(keyed, connect):
    return connect(keyed, api_key=OTHER_KEY)


def consent(client, name="Ada"):
    return client.audio.voice_consents.create(language="en-US", name=name, recording=("c.wav", recording(), "audio/wav"))


def refusal(server, path, fields, files, key=KEY):
    body, headers = form(fields, files)
    reply = server.request("POST", path, body, headers | {"Authorization": f"Bearer {key}"})
    return reply.status, reply.error["param"], reply.error["code"]


# MARK: voices that are there


def test_the_voices_are_listed(server):
    reply = server.request("GET", VOICES).json
    ids = [voice["id"] for voice in reply["data"]]
    assert ids[:13] == "alloy ash ballad coral echo fable onyx nova sage shimmer verse marin cedar".split()
    assert len(ids) > 100 and len(set(ids)) == len(ids) and {"de", "en-us", "cmn"} <= set(ids)
    assert "f2" in reply["variants"]
    assert all(voice["object"] == "audio.voice" and voice["type"] == "built_in" for voice in reply["data"])


def test_one_voice(server):
    voice = server.request("GET", f"{VOICES}/alloy").json
    assert voice["id"] == "alloy" and voice["description"]
    assert server.request("GET", f"{VOICES}/en-us+f2").json["id"] == "en-us+f2"
    assert server.request("GET", f"{VOICES}/nobody").status == 404
    assert server.request("GET", f"{VOICES}/..%2Fsalt").status == 404
    assert server.request("DELETE", f"{VOICES}/alloy").status == 400


# MARK: records and custom voices, by the official client


def test_a_record_of_consent_is_made_shown_renamed_and_removed(mine):
    record = consent(mine)
    assert record.object == "audio.voice_consent" and record.language == "en-US" and record.name == "Ada"
    assert mine.audio.voice_consents.retrieve(record.id) == record
    renamed = mine.audio.voice_consents.update(record.id, name="Ada Lovelace")
    assert renamed.name == "Ada Lovelace" and renamed.created_at == record.created_at
    assert mine.audio.voice_consents.retrieve(record.id) == renamed
    deleted = mine.audio.voice_consents.delete(record.id)
    assert deleted.deleted and deleted.id == record.id
    with pytest.raises(openai.NotFoundError):
        mine.audio.voice_consents.retrieve(record.id)


def test_records_are_listed_by_pages(mine):
    records = [consent(mine, f"Person {number}") for number in range(5)]
    found = [record.id for record in mine.audio.voice_consents.list(limit=2)]
    assert {record.id for record in records} <= set(found) and len(found) == len(set(found))
    page = mine.audio.voice_consents.list(limit=1)
    assert page.has_more and page.data[0].id == found[0]
    with pytest.raises(openai.BadRequestError):
        mine.audio.voice_consents.list(limit=101)
    with pytest.raises(openai.BadRequestError):
        mine.audio.voice_consents.list(after="cons_nothing")
    for record in records:
        mine.audio.voice_consents.delete(record.id)


def test_a_custom_voice_needs_a_consent_and_is_its_owners_alone(keyed, mine, theirs, folder):
    record = consent(mine)
    voice = mine.audio.voices.create(name="Ada", consent=record.id, audio_sample=("s.wav", recording(2), "audio/wav"))
    assert voice.object == "audio.voice" and voice.type == "audio_sample" and voice.name == "Ada"
    assert (folder / voice.id / "recording").read_bytes() == recording(2)
    listed = keyed.request("GET", VOICES, headers={"Authorization": f"Bearer {KEY}"}).json["data"]
    assert listed[-1]["id"] == voice.id
    others = keyed.request("GET", VOICES, headers={"Authorization": f"Bearer {OTHER_KEY}"}).json["data"]
    assert voice.id not in {other["id"] for other in others}
    assert keyed.request("GET", f"{VOICES}/{voice.id}", headers={"Authorization": f"Bearer {OTHER_KEY}"}).status == 404
    with pytest.raises(openai.NotFoundError):
        theirs.audio.voices.delete(voice.id)
    with pytest.raises(openai.BadRequestError, match="voice consent"):
        theirs.audio.voices.create(name="X", consent=record.id, audio_sample=("s.wav", recording(), "audio/wav"))
    with pytest.raises(openai.BadRequestError, match="needs it"):
        mine.audio.voice_consents.delete(record.id)
    # espeak-ng can't sound like it, and says so; to others it is not there.
    with pytest.raises(openai.BadRequestError, match="neural speech model"):
        mine.audio.speech.create(model="tts-1", voice={"id": voice.id}, input="x")
    with pytest.raises(openai.NotFoundError):
        theirs.audio.speech.create(model="tts-1", voice={"id": voice.id}, input="x")
    assert mine.audio.voices.delete(voice.id).deleted
    assert not (folder / voice.id).exists()
    mine.audio.voice_consents.delete(record.id)


def test_voices_outlive_a_kill(start_server, tmp_path, connect):
    options = ("--ctx-size", "512", "--voices", tmp_path / "voices")
    server = start_server(*options)
    client = connect(server)
    record = consent(client)
    voice = client.audio.voices.create(name="V", consent=record.id, audio_sample=("s.wav", recording(), "audio/wav"))
    server.signal(signal.SIGKILL)
    assert server.wait() == -signal.SIGKILL
    # What a kill in the middle would leave.
    os.mkdir(tmp_path / "voices/.new-voice_x")
    later = start_server(*options)
    client = connect(later)
    assert client.audio.voice_consents.retrieve(record.id) == record
    assert later.request("GET", f"{VOICES}/{voice.id}").json["name"] == "V"
    assert sorted(path.name for path in (tmp_path / "voices").iterdir()) == sorted([record.id, voice.id, "lock", "salt"])


# MARK: what is refused


@pytest.mark.parametrize(
    "data",
    [b"", b"no sound", bytes(1 << 20), recording(0.2), recording(1, level=0), recording()[:60],
     b"#EXTM3U\n/etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n", b"PK\x03\x04" + bytes(300), recording() * 400],
    ids=["empty", "text", "zeros", "short", "silent", "cut off", "playlist", "concat", "zip", "large"],
)
def test_what_is_no_recording_is_refused(keyed, data):
    fields = {"name": "x", "language": "en"}
    assert refusal(keyed, CONSENTS, fields, {"recording": data}) == (400, "recording", "invalid_audio")


def test_other_formats_are_recordings_too(server, mine):
    for name in sounds.NAMES:
        sound = server.request("POST", "/v1/audio/speech", {"input": "I agree to this voice.", "response_format": name}).body
        record = mine.audio.voice_consents.create(language="en", name=name, recording=(f"c.{name}", sound))
        mine.audio.voice_consents.delete(record.id)


def test_bad_forms(keyed):
    good = {"name": "x", "language": "en"}
    assert refusal(keyed, CONSENTS, {"language": "en"}, {"recording": recording()}) == (400, "name", "missing_required_parameter")
    assert refusal(keyed, CONSENTS, good, {}) == (400, "recording", "missing_required_parameter")
    assert refusal(keyed, CONSENTS, good | {"recording": "text"}, {}) == (400, "recording", "invalid_type")
    assert refusal(keyed, CONSENTS, good | {"color": "red"}, {"recording": recording()}) == (400, "color", "unknown_parameter")
    assert refusal(keyed, CONSENTS, good | {"name": ""}, {"recording": recording()}) == (400, "name", "empty_string")
    fields = {"name": "x", "consent": "cons_0"}
    assert refusal(keyed, VOICES, fields, {"audio_sample": recording()}) == (400, "consent", "consent_not_found")
    assert refusal(keyed, VOICES, {"name": "x", "type": "prompt", "prompt": "warm"}, {}) == (400, "type", "unsupported_value")
    headers = {"Authorization": f"Bearer {KEY}"}
    assert keyed.request("POST", CONSENTS, {"name": "x"}, headers).status == 415
    for kind in ("multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'x' * 71}"):
        assert keyed.request("POST", CONSENTS, b"--x--", headers | {"Content-Type": kind}).status == 400, kind
    assert keyed.request("POST", CONSENTS, b"--x\r\nno end", headers | {"Content-Type": "multipart/form-data; boundary=x"}).status == 400


def test_a_key_is_needed(keyed):
    for path in (VOICES, CONSENTS):
        assert keyed.request("GET", path).status == 401


def test_the_log_names_no_recording(keyed):
    assert "Ada" not in keyed.log and "a.wav" not in keyed.log
    json.dumps(keyed.request("GET", "/about", headers={"Authorization": f"Bearer {KEY}"}).json)
