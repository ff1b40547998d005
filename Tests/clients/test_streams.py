"""Streams side by side, clients that leave or stall, and servers that stop meanwhile."""

import signal
import threading
from http.client import HTTPException

import pytest

from support import TOPIC, Deadline, chat_body, message, post, send, wait_until

ENDLESS = {"ignore_eos": True}
# To compute so many endless answers, or to read so many long prompts, takes longer than a deadline: within it, so many
# can only be begun where those that nobody wants any more are given up.
MANY = 20


@pytest.fixture
def long_prompts():
    """Prompts of thousands of tokens, no two of which begin alike."""
    return [f"{number} " + f"{TOPIC} " * 1800 for number in range(8)]


def test_eight_streams_all_begin_before_the_first_ends(server):
    log, lock = [], threading.Lock()
    start = threading.Barrier(8)

    def read(number):
        def note(event):
            with lock:
                log.append((event, number))

        start.wait()
        with server.stream(**chat_body(f"{number} {TOPIC}", max_tokens=150, **ENDLESS)) as stream:
            pieces = stream.pieces
            next(pieces)
            note("begin")
            for _ in pieces:
                pass
            note("end")

    threads = [threading.Thread(target=read, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(log) == sorted((event, number) for event in ("begin", "end") for number in range(8))
    assert [event for event, _ in log[:8]] == ["begin"] * 8


def test_a_short_answer_overtakes_a_long_one(server):
    with server.stream(**chat_body(**ENDLESS)) as long:
        next(long.pieces)
        assert server.request("POST", "/v1/chat/completions", chat_body(max_tokens=2)).status == 200
        next(long.pieces)
        assert not long.is_done


def is_served(server):
    return server.request("POST", "/v1/chat/completions", chat_body(max_tokens=2)).status == 200


@pytest.mark.parametrize("reset", [False, True], ids=["farewell", "reset"])
def test_clients_that_leave_in_the_middle_of_a_stream_make_room(single, reset):
    deadline = Deadline()
    for _ in range(MANY):
        stream, _ = single.admitted_stream(deadline, **chat_body(**ENDLESS))
        next(stream.pieces)
        port = stream.connection.getsockname()[1]
        stream.close(reset)
        deadline.wait_until(lambda: not single.holds(port), "closing the connection")
    assert is_served(single)
    assert single.request("GET", "/health").json["status"] == "ok"


def test_clients_that_leave_while_their_prompt_is_read_make_room(single, long_prompts):
    deadline = Deadline()
    for prompt in long_prompts:
        # The role is told before the prompt is read.
        stream, opening = single.admitted_stream(deadline, **chat_body(prompt, **ENDLESS))
        assert opening["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
        stream.close()
    assert is_served(single)


def test_clients_that_leave_before_a_whole_answer_make_room(single, long_prompts):
    deadline = Deadline()
    for prompt in long_prompts:
        with single.socket() as connection:
            connection.sendall(post("/v1/chat/completions", chat_body(prompt, **ENDLESS)))
            port = connection.getsockname()[1]
            deadline.wait_until(lambda: single.holds(port), "accepting the connection")
        deadline.wait_until(lambda: not single.holds(port), "closing the connection")
    # The last of them has left the queue once another is let in.
    stream, _ = single.admitted_stream(deadline, **chat_body(max_tokens=2))
    assert list(stream) and stream.is_done


def test_waiting_clients_that_leave_make_room(single):
    deadline = Deadline()
    running, _ = single.admitted_stream(deadline, **chat_body(**ENDLESS))
    with running:
        pieces = running.pieces
        for _ in range(MANY):
            waiting, _ = single.admitted_stream(deadline, **chat_body(**ENDLESS))
            waiting.close()
            next(pieces)


def test_a_reader_that_stalls_does_not_disturb_another(server):
    with server.stream(receive_buffer=1024, **chat_body(n=4, **ENDLESS)) as stalled:
        next(stalled.pieces)
        # Nothing more of it is read, while others are served.
        with server.stream(**chat_body(max_tokens=64, **ENDLESS)) as other:
            assert sum(1 for _ in other) > 3
            assert other.is_done
        assert is_served(server)
        next(stalled.pieces)


def test_a_client_may_leave_behind_the_end(server):
    with server.stream(**chat_body(max_tokens=2)) as stream:
        assert list(stream)
        assert stream.is_done


def test_a_stream_leaves_its_connection_open(server):
    connection = server.connection()
    for _ in range(2):
        reply = send(connection, "POST", "/v1/chat/completions", chat_body(max_tokens=2, stream=True))
        assert reply.body.endswith(b"data: [DONE]\n\n")
        assert reply.headers["Cache-Control"] == "no-cache"
    connection.close()


def test_every_event_is_one_line_of_json(server):
    body = {"messages": [message("Line one\nLine two\r\nLine three")], "max_tokens": 16, "stream": True}
    reply = server.request("POST", "/v1/chat/completions", body)
    blocks = reply.body.decode().split("\n\n")
    assert blocks.pop() == ""
    assert blocks.pop() == "data: [DONE]"
    assert all(block.startswith("data: {") and "\n" not in block for block in blocks)


# MARK: stopping


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_running_answers_end(start_server, number):
    server = start_server("--ctx-size", "512")
    idle = server.socket()
    with server.stream(**chat_body(max_tokens=64, **ENDLESS)) as stream:
        pieces = stream.pieces
        next(pieces)
        server.signal(number)
        wait_until(lambda: "stopping" in server.log, "stopping")
        wait_until(lambda: not accepts(server), "accepting no more")
        assert len(list(pieces)) > 1
        assert stream.is_done
    assert server.wait() == 0
    server.check_output()
    idle.close()


def accepts(server):
    """Whether a new connection is served."""
    try:
        with server.socket() as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return connection.recv(1) != b""
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_server_at_once(start_server, number):
    server = start_server("--ctx-size", "8192", "--parallel", "1")
    with server.stream(**chat_body(**ENDLESS)) as stream:
        next(stream.pieces)
        server.signal(number)
        wait_until(lambda: "stopping" in server.log, "stopping")
        next(stream.pieces)
        server.signal(number)
        assert server.wait() == 128 + number
        with pytest.raises((AssertionError, OSError, HTTPException)):
            list(stream)
        assert not stream.is_done
    server.check_output()
