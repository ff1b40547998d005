"""What the program prints and how it ends, command by command."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from support import BINARY, KEY, MODEL, ROOT, environment, run

COMMANDS = ["serve", "chat", "models", "tune"]
NAME = "inference-server"


def refused(result, status=2):
    """The one line in which a command line was refused."""
    assert result.returncode == status
    assert result.stdout == ""
    line, end, rest = result.stderr.partition("\n")
    assert (end, rest) == ("\n", ""), result.stderr
    assert line.startswith("error: ")
    return line


# MARK: help and versions


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_explains_itself(command, flag):
    result = run(command, flag)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"usage: {NAME}" in result.stdout and command in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


def test_the_help_without_a_command_names_all_commands():
    result = run("--help")
    assert result.returncode == 0
    assert all(f"{NAME} {command}" in result.stdout or f"[{command}]" in result.stdout for command in COMMANDS)


@pytest.mark.parametrize("arguments", [["--version"], ["serve", "--version"]], ids=" ".join)
def test_the_version_is_one_line(arguments):
    result = run(*arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(rf"{NAME} \d+\.\d+\.\d+\n", result.stdout)


def test_the_version_is_that_of_the_server(server):
    about = server.request("GET", "/about").json
    assert f"{about['name']} {about['version']}\n" == run("--version").stdout


def test_every_option_in_the_help_is_known():
    """An option without a value is followed by nothing, one with a value is asked for it; none is unknown."""
    options = re.findall(r"^  (--[a-z-]+)(?:, -?-\S+)?( [A-Z|]+)?", run("serve", "--help").stdout, re.MULTILINE)
    assert len(options) > 15
    for name, value in options:
        if value:
            assert f"{name} needs a value" in refused(run("serve", name))


# MARK: what is refused


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--no-such-option"], "unknown option '--no-such-option'"),
        (["-x"], "unknown option '-x'"),
        (["--no-such-option=5"], "unknown option '--no-such-option'"),
        (["bake"], "unknown command 'bake'"),
        (["serve", "more"], "unexpected argument 'more'"),
        (["serve", ""], "unexpected argument ''"),
        (["chat", "--port", "1"], "unknown option '--port'"),
        (["models", "--threads", "1"], "unknown option '--threads'"),
        (["--port"], "--port needs a value"),
        (["--port="], "--port needs a value"),
        (["--port", "many"], "'many'"),
        (["--port", "-1"], "'-1'"),
        (["--port", "65536"], "'65536'"),
        (["--port", "5000.5"], "'5000.5'"),
        (["--api-port", "99999999999999999999"], "'99999999999999999999'"),
        (["--parallel", "0"], "'0'"),
        (["--parallel", "257"], "'257'"),
        (["-np", "x"], "'x'"),
        (["--ctx-size", "1"], "'1'"),
        (["-c", "99999999999"], "'99999999999'"),
        (["--threads", "0"], "'0'"),
        (["--max-queue", "0"], "'0'"),
        (["--max-body-mib", "0"], "'0'"),
        (["--log-level", "loud"], "'loud'"),
        (["--strict-models=yes"], "takes no value"),
        (["--api-key-file", "/no/such/file"], "/no/such/file"),
        (["--ssl-certfile", "x.pem"], "--ssl-keyfile"),
        (["--ssl-keyfile", "x.pem"], "--ssl-certfile"),
        (["--ssl-certfile", "/no/cert", "--ssl-keyfile", "/no/key"], "/no/cert"),
        (["--public-api"], "--public-api"),
        (["--public-api", "--api-key", KEY], "--public-api"),
        (["--listen"], "--api-key"),
        (["--host", "0.0.0.0"], "--api-key"),
        (["--host", "::"], "--api-key"),
        (["--host", "192.168.1.5"], "--api-key"),
        (["--host", "127.0.0.1.evil.example"], "--api-key"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_command_line_is_refused_in_one_line(arguments, words):
    line = refused(run(*arguments))
    assert words in line
    assert KEY not in line


def test_a_file_without_a_key_is_refused(tmp_path):
    (tmp_path / "keys").write_text(" \n\n")
    assert "holds no key" in refused(run("--port", "0", "--api-key-file", tmp_path / "keys"))


@pytest.mark.parametrize("key", ["", "x" * 257], ids=["empty", "long"])
def test_a_key_that_cannot_be_is_refused(key):
    line = refused(run("--port", "0", "--api-key", key))
    assert "key" in line
    assert not key or key not in line


@pytest.mark.parametrize("keys", [",", " ", f" ,{KEY}"])
def test_no_empty_key_comes_from_the_environment(keys):
    """An empty variable is no key, so the network stays closed; one among others must not open the server."""
    result = run("--listen", "--port", "0", "--threads", "1", "--model", "none", INFERENCE_SERVER_API_KEY=keys)
    assert result.returncode in (1, 2)
    assert KEY not in result.stderr


# MARK: what cannot start


def test_a_port_in_use_is_told_in_one_line():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = refused(run("--port", str(port), "--threads", "1", "--ctx-size", "64", "--log-level", "error"), status=1)
    assert str(port) in line and "in use" in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "no-such-model"], "no-such-model"),
        (["--model", "README.md"], "README.md"),
        (["--models-dir", "/no/such/folder"], "/no/such/folder"),
        (["--host", "203.0.113.7", "--insecure-listen"], "203.0.113.7"),
        (["--host", "no such host", "--insecure-listen"], "no such host"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_start_is_told_in_one_line(arguments, words):
    line = refused(run("--port", "0", *arguments, "--threads", "1", "--ctx-size", "64", "--log-level", "error"), status=1)
    assert words in line


def test_a_file_that_is_only_named_like_a_model_is_refused(tmp_path):
    (tmp_path / "broken.gguf").write_bytes(b"GGUF" + bytes(100))
    for model in ("broken", str(tmp_path / "broken.gguf")):
        arguments = ["--port", "0", "--models-dir", tmp_path, "--model", model, "--log-level", "error"]
        assert "broken" in refused(run(*arguments), status=1)


def test_certificates_that_are_none_are_told_in_one_line(tmp_path):
    file = tmp_path / "nonsense.pem"
    file.write_text("nonsense")
    arguments = ["--port", "0", "--ssl-certfile", file, "--ssl-keyfile", file, "--threads", "1", "--ctx-size", "64"]
    line = refused(run(*arguments, "--log-level", "error"), status=1)
    assert "TLS" in line or "certificate" in line


# MARK: options that do something


def test_options_of_all_spellings_start_a_server(start_server):
    server = start_server("--api", "-c", "64", "-np=2", "-t", "1", f"-m={MODEL}.Q4_1", "--host=localhost")
    assert server.request("GET", "/v1/models").json["data"][0]["meta"]["context_length"] == 64


def test_the_network_is_served_with_a_key(start_server):
    server = start_server("--listen", "--api-key", KEY, "-c", "64", "-np", "1")
    assert server.url.startswith("http://0.0.0.0:")
    assert server.request("GET", "/v1/models").status == 401


def test_ipv6_is_served(start_server):
    server = start_server("--host", "::1", "-c", "64", "-np", "1")
    assert server.url == f"http://[::1]:{server.port}"
    with socket.create_connection(("::1", server.port)) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"


# MARK: models


def test_the_models_are_listed():
    result = run("models")
    assert (result.returncode, result.stderr) == (0, "")
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["MODEL", "SIZE", "ARCHITECTURE", "SERVES"]
    assert any(row.startswith(f"{MODEL} *") and "chat" in row for row in rows)
    assert any(row.startswith("all-MiniLM-L6-v2") and "embeddings" in row for row in rows)


def test_the_folder_of_models_may_be_another(tmp_path):
    for result in (run("models", "--models-dir", tmp_path), run("models", INFERENCE_SERVER_MODELS=str(tmp_path))):
        assert result.returncode == 0
        assert str(tmp_path) in result.stdout and "make models" in result.stdout


def test_other_files_in_the_folder_are_passed_over(tmp_path):
    (tmp_path / "notes.txt").write_text("no model")
    (tmp_path / "broken.gguf").write_bytes(b"GG")
    (tmp_path / "folder.gguf").mkdir()
    (tmp_path / "gone.gguf").symlink_to("/no/such/file")
    (tmp_path / "manifest.json").write_text('{"models": [{"id": 5}, 7')
    (tmp_path / "linked.gguf").symlink_to(ROOT / "models" / f"{MODEL}.Q4_1.gguf")
    result = run("models", "--models-dir", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "linked" in result.stdout and "notes" not in result.stdout


# MARK: threads


def environment_of(server):
    entries = Path(f"/proc/{server.process.pid}/environ").read_bytes().split(b"\0")
    return dict(entry.decode().split("=", 1) for entry in entries if b"=" in entry)


@pytest.fixture
def plain_environment(monkeypatch):
    """No settings of threads that whoever runs the tests has made."""
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)


def assert_waits_briefly(process):
    is_set = b"GOMP_SPINCOUNT=1000" in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    assert is_set
    # The same process, with its arguments and under its name.
    assert Path(f"/proc/{process.pid}/comm").read_text().strip() == NAME[:15]
    assert "--ctx-size" in Path(f"/proc/{process.pid}/cmdline").read_text().split("\0")


def test_threads_wait_briefly_for_each_other(start_server, plain_environment):
    assert_waits_briefly(start_server("--ctx-size", "512", "--parallel", "1").process)


def test_they_do_so_where_the_program_was_replaced_while_it_started(plain_environment, tmp_path):
    """A build, or an update, may take the file away before the process starts itself anew."""
    program = tmp_path / NAME
    shutil.copy(BINARY, program)
    with program.open("rb") as file:
        program.unlink()
        arguments = [NAME, "--port", "0", "--ctx-size", "512", "--models-dir", tmp_path, "--voices", tmp_path / "voices"]
        process = subprocess.Popen(
            arguments, executable=f"/proc/self/fd/{file.fileno()}", pass_fds=[file.fileno()], env=environment(),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        try:
            assert process.stdout.readline().startswith(b"Listening on ")
            assert_waits_briefly(process)
        finally:
            process.terminate()
            process.wait()
            process.stdout.close()


def test_how_threads_wait_is_the_users_choice(start_server):
    server = start_server("--ctx-size", "512", "--parallel", "1", OMP_WAIT_POLICY="passive")
    assert "GOMP_SPINCOUNT" not in environment_of(server)
