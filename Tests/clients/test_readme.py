"""The examples of README.md do what they say: each block of commands and of Python is run as it stands."""

import re
import shlex
import signal
import subprocess
import sys

import pytest

from support import BINARY, DEADLINE, ROOT, Server, environment

README = ROOT / "README.md"
ADDRESS = "http://127.0.0.1:5000"
PROGRAM = ".build/release/inference-server"  # in the examples; the tests run the one that they test


def blocks(language):
    """The fenced blocks of a language, with the numbers of their lines."""
    text = README.read_text() if README.is_file() else ""
    for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, match.start()) + 1, match[1]


def commands(block):
    """The commands of a block: one may go over several lines, by a backslash or within quotes."""
    command = ""
    for line in block.splitlines(keepends=True):
        command += line
        try:
            words = shlex.split(command, comments=True)
        except ValueError:
            continue
        if command.endswith("\\\n"):
            continue
        if words:
            yield command.strip()
        command = ""
    assert not command.strip(), f"a command does not end: {command}"


def runnable(beginning):
    """The commands that begin so, each as a parameter of a test."""
    return [
        pytest.param(command, id=f"line-{line}-{number}")
        for line, block in blocks("sh")
        for number, command in enumerate(commands(block))
        if re.match(beginning, command)
    ]


def test_there_are_examples():
    assert README.is_file(), "there is no README.md"
    assert runnable("curl ") and runnable(PROGRAM) and list(blocks("python"))


def completed(arguments, **options):
    result = subprocess.run(
        arguments,
        cwd=ROOT,
        env=environment(OPENAI_API_KEY="unused"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        **options,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("command", runnable("curl "))
def test_a_request_is_answered(server, command):
    output = completed(command.replace(ADDRESS, server.url), shell=True)
    assert output and not output.lstrip().startswith('{"error"'), output


@pytest.mark.parametrize("block", [pytest.param(block, id=f"line-{line}") for line, block in blocks("python")])
def test_a_program_runs(server, block):
    assert completed([sys.executable, "-c", block.replace(ADDRESS, server.url)])


@pytest.mark.parametrize("command", runnable(rf"(?!{PROGRAM}).*\| *{PROGRAM}"))
def test_a_pipe_works(command):
    # A small context ends answers that do not end by themselves.
    command = command.replace(PROGRAM, shlex.quote(str(BINARY))) + " --ctx-size 256 --threads 1"
    assert completed(command, shell=True)


@pytest.mark.parametrize("command", runnable(PROGRAM))
def test_a_command_works(command, tmp_path):
    words = shlex.split(command, comments=True)[1:]
    if words and words[0] in ("chat", "models") or {"--help", "-h", "--version"} & set(words):
        completed([BINARY, *words])
        return
    # A server: it takes any free port, and ends when asked to.
    (tmp_path / "log").touch()
    server = Server(tmp_path / "log", *words, "--port", "0")
    assert server.request("GET", "/health").status == 200
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
