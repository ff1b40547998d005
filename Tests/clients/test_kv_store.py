"""What was computed outlives a restart where that is asked for, for the same key alone."""

import os
import signal
import stat
import subprocess

from support import BINARY, DEADLINE, KEY, OTHER_KEY, ROOT, chat_body, environment, wait_until

TEXT = "Here is what there is to know about marmalade, in order. " * 12
KEYS = {"INFERENCE_SERVER_API_KEY": f"{KEY},{OTHER_KEY}"}
OPTIONS = ("--ctx-size", "1024", "--parallel", "2")


def ask(server, text=TEXT, key=None):
    """The answer, and how many tokens of the prompt were cached, of how many."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    reply = server.request("POST", "/v1/chat/completions", chat_body(text, max_tokens=12, temperature=0), headers)
    assert reply.status == 200, reply
    usage = reply.json["usage"]
    answer = reply.json["choices"][0]["message"]["content"]
    return answer, usage["prompt_tokens_details"]["cached_tokens"], usage["prompt_tokens"]


def entries(folder):
    return sorted(folder.glob("*.kv"))


def store(folder):
    folder.mkdir(mode=0o700, exist_ok=True)
    return ("--kv-store", folder)


def test_a_restart_keeps_each_keys_prefixes(start_server, tmp_path):
    options = (*OPTIONS, *store(tmp_path / "kv"))
    first = start_server(*options, **KEYS)
    answer, cached, prompt = ask(first, key=KEY)
    assert cached == 0 and prompt > 100
    first.stop()
    (entry,) = entries(tmp_path / "kv")
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    for path in (tmp_path / "kv").iterdir():
        content = path.read_bytes()
        assert KEY.encode() not in content and b"marmalade" not in content

    # The keys in another order: it is the key that counts, not its place.
    second = start_server(*options, INFERENCE_SERVER_API_KEY=f"{OTHER_KEY},{KEY}")
    # A few tokens of every prompt are the template's own: they are too few to be worth a file of another's.
    assert ask(second, key=OTHER_KEY)[1] == 0
    assert ask(second, key=KEY) == (answer, prompt - 1, prompt)
    second.stop()
    assert len(entries(tmp_path / "kv")) == 2

    third = start_server(*options)
    assert ask(third)[1] == 0
    third.stop()


def test_without_keys_everybody_shares(start_server, tmp_path):
    options = (*OPTIONS, *store(tmp_path / "kv"))
    first = start_server(*options)
    answer, _, prompt = ask(first)
    first.stop()
    second = start_server(*options)
    # Longer than what is stored, and different at the end.
    _, cached, longer = ask(second, TEXT + "And now for something completely different.")
    assert 0 < cached < prompt < longer
    assert ask(second) == (answer, prompt - 1, prompt)
    second.stop()
    # An answer that is to be the same to the last bit does not go on from one that is not.
    third = start_server(*options, "--deterministic")
    assert ask(third)[1] == 0
    third.stop()


def test_damaged_and_foreign_files_are_ignored_with_one_line_each(start_server, tmp_path):
    folder = tmp_path / "kv"
    options = (*OPTIONS, *store(folder))
    first = start_server(*options)
    answer, _, prompt = ask(first)
    first.stop()
    (entry,) = entries(folder)
    content = bytearray(entry.read_bytes())
    content[-1000] ^= 1
    entry.write_bytes(content)
    (folder / "cut.kv").write_bytes(content[:1000])
    (folder / "foreign.kv").write_bytes(b"something else")
    second = start_server(*options)
    assert ask(second) == (answer, 0, prompt)
    for name in (entry.name, "cut.kv", "foreign.kv"):
        lines = [line for line in second.log.splitlines() if name in line]
        assert len(lines) == 1 and " warning [kv-store] " in lines[0] and "is ignored" in lines[0], lines
    assert (folder / "foreign.kv").exists() and not (folder / "cut.kv").exists()
    second.stop()


def test_a_server_that_is_killed_has_stored_what_it_computed_before_it_was_idle(start_server, tmp_path):
    folder = tmp_path / "kv"
    options = (*OPTIONS, *store(folder))
    first = start_server(*options)
    answer, _, prompt = ask(first)
    wait_until(lambda: entries(folder), "storing what was computed")
    first.signal(signal.SIGKILL)
    first.wait()
    (folder / "0123456789abcdef.kv.new").write_bytes(b"half of a file")
    second = start_server(*options)
    assert ask(second) == (answer, prompt - 1, prompt)
    assert not list(folder.glob("*.new"))
    second.stop()


def test_a_second_server_does_without_the_store_and_says_so(start_server, tmp_path):
    options = (*OPTIONS, *store(tmp_path / "kv"))
    first = start_server(*options)
    second = start_server(*options)
    (line,) = [line for line in second.log.splitlines() if "[kv-store]" in line]
    assert "another server uses" in line
    ask(second)
    second.stop()
    assert not entries(tmp_path / "kv")
    first.stop()


def test_the_size_is_bounded(start_server, tmp_path):
    folder = tmp_path / "kv"
    server = start_server(*OPTIONS, *store(folder), "--kv-store-size", "8M")
    for number in range(3):
        ask(server, f"{number}: {TEXT}")
    server.stop()
    files = entries(folder)
    assert files and sum(file.stat().st_size for file in files) <= 8 << 20


def test_a_folder_that_others_can_read_is_refused(tmp_path):
    os.chmod(tmp_path, 0o755)
    result = subprocess.run(
        [BINARY, "--port", "0", *OPTIONS, "--kv-store", tmp_path],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert result.returncode == 2
    assert f"chmod 700 {tmp_path}" in result.stderr
    assert "Listening" not in result.stdout
