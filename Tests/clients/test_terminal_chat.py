"""The `chat` command, with a pipe and with a terminal."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

import pytest

from support import BINARY, DEADLINE, PROMPT, ROOT, TOPIC, environment, run

# A small context, since it is what ends an answer that does not end by itself.
SMALL = ("chat", "--threads", "1", "--ctx-size", "256")
PROMPT_SIGN = "> "


# MARK: a pipe


def test_lines_of_a_pipe_are_answered_one_by_one():
    result = run(*SMALL, input="Say hello.\n/reset\nSay goodbye.\n")
    assert result.returncode == 0
    assert result.stderr == ""
    assert result.stdout.endswith("\n") and len(result.stdout.split()) > 1
    assert PROMPT_SIGN not in result.stdout


def test_the_output_of_a_pipe_holds_answers_only():
    assert run(*SMALL, input="\n   \n/reset\n/quit\nSay hello.\n").stdout == ""


def test_no_input_is_no_conversation():
    result = run(*SMALL, input="")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_an_unknown_command_is_told_and_not_answered():
    result = run(*SMALL, input="/dance\n/quit\n")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.startswith("there is no command /dance") and result.stderr.count("\n") == 1


def test_a_line_that_does_not_fit_is_told_and_the_conversation_goes_on():
    result = run(*SMALL, input=f"{TOPIC} " * 2000 + "\nSay hello.\n")
    assert result.returncode == 0
    assert "/reset" in result.stderr and result.stderr.count("\n") == 1
    assert result.stdout.strip()


def test_what_is_no_text_is_answered_as_text():
    process = subprocess.run(
        [BINARY, *SMALL], cwd=ROOT, env=environment(), input=b"\xff\xfe\x00 hi\n/quit\n", capture_output=True, timeout=DEADLINE
    )
    assert process.returncode == 0
    process.stdout.decode()


def test_the_log_holds_no_prompt():
    result = run(*SMALL, "--log-level", "debug", input=f"{PROMPT}\n/quit\n")
    assert result.returncode == 0
    assert "[model]" in result.stderr
    assert TOPIC not in result.stderr.lower()


def test_a_reader_that_leaves_does_no_harm():
    process = subprocess.Popen(
        [BINARY, *SMALL], cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    _, errors = process.communicate(b"Say hello.\n", timeout=DEADLINE)
    assert process.returncode == 0
    assert errors == b""


# MARK: a terminal


class Terminal:
    """The program at a terminal of its own."""

    def __init__(self, *arguments):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [BINARY, *arguments],
            cwd=ROOT,
            env=environment(),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            # The terminal must be the controlling one for Ctrl-C to become a signal.
            start_new_session=True,
            preexec_fn=lambda: _take_terminal(slave),
        )
        os.close(slave)
        self.output = ""

    def type(self, text):
        os.write(self.master, text.encode())

    def read_until(self, pattern):
        """What is written up to and with the pattern, behind what was read before."""
        end = time.monotonic() + DEADLINE
        while not (match := re.search(pattern, self.output)):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"{pattern!r} was not written, but {self.output!r}"
            try:
                self.output += os.read(self.master, 65536).decode(errors="replace")
            except OSError as error:
                raise AssertionError(f"the program ended with {self.output!r}") from error
        text, self.output = self.output[: match.end()], self.output[match.end() :]
        return text

    def wait(self):
        """The exit status."""
        while True:
            try:
                if not os.read(self.master, 65536):
                    break
            except OSError:
                # The other side was closed.
                break
        return self.process.wait(DEADLINE)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def _take_terminal(descriptor):
    fcntl.ioctl(descriptor, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal():
    terminal = Terminal(*SMALL)
    terminal.read_until(r"/quit\.\r\n> ")
    yield terminal
    terminal.close()


def test_an_answer_is_streamed_and_followed_by_a_prompt_sign(terminal):
    terminal.type("Count to twenty in words.\n")
    # Its first letters are there before all of it is.
    terminal.read_until(r"words\.\r\n\S")
    terminal.read_until(r"\r\n> ")
    terminal.type("/quit\n")
    assert terminal.wait() == 0


def test_ctrl_c_stops_the_answer_and_not_the_program():
    terminal = Terminal("chat", "--threads", "1", "--ctx-size", "8192")
    terminal.read_until(r"/quit\.\r\n> ")
    for _ in range(2):
        terminal.type(f"Write a very long story about {TOPIC}, with ten chapters.\n")
        terminal.read_until(r"chapters\.\r\n[\s\S]*\w")
        terminal.type("\x03")
        terminal.read_until(r"\^C")
        rest = terminal.read_until(r"\r\n> ")
        # Without an answer to stop, Ctrl-C says how to leave; and ten chapters are longer.
        assert "leaves" not in rest
        assert len(rest) < 500
    terminal.type("/quit\n")
    assert terminal.wait() == 0
    terminal.close()


def test_ctrl_c_at_the_prompt_sign_says_how_to_leave(terminal):
    terminal.type("\x03")
    terminal.read_until(r"/quit or Ctrl-D leaves\)\r\n> ")
    terminal.type("/quit\n")
    assert terminal.wait() == 0


def test_reset_forgets_the_conversation(terminal):
    terminal.type("/reset\n")
    terminal.read_until(r"forgotten\.\r\n> ")
    terminal.type("/exit\n")
    assert terminal.wait() == 0


def test_ctrl_d_leaves(terminal):
    terminal.type("\x04")
    assert terminal.wait() == 0


def test_a_termination_signal_ends_the_program(terminal):
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.process.wait(DEADLINE) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
