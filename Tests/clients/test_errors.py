"""Refusals: the exceptions that the official client raises, and the statuses and headers of plain HTTP."""

import re

import openai
import pytest

from support import Deadline, KEY, MODEL, PROMPT, TOPIC, chat_body, message, send


@pytest.fixture(scope="module")
def ask(client):
    def ask(client=client, **parameters):
        return client.chat.completions.create(**{"model": MODEL, "messages": [message()], "max_tokens": 2} | parameters)

    return ask


def numbers(error):
    """The numbers in an error's message."""
    return [int(number) for number in re.findall(r"\d+", error.body["message"])]


# MARK: exceptions of the official client


@pytest.mark.parametrize(
    ("parameters", "param", "code"),
    [
        ({"temperature": 2.1}, "temperature", "decimal_above_max_value"),
        ({"temperature": -0.1}, "temperature", "decimal_below_min_value"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"top_p": 1.1}, "top_p", "decimal_above_max_value"),
        ({"presence_penalty": 3}, "presence_penalty", "decimal_above_max_value"),
        ({"frequency_penalty": -3}, "frequency_penalty", "decimal_below_min_value"),
        ({"max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ({"max_tokens": 1.5}, "max_tokens", "invalid_type"),
        ({"max_completion_tokens": -1}, "max_completion_tokens", "integer_below_min_value"),
        ({"n": 0}, "n", "integer_below_min_value"),
        ({"n": 129}, "n", "integer_above_max_value"),
        ({"seed": "lucky"}, "seed", "invalid_type"),
        ({"stop": ["a", 5]}, "stop[1]", "invalid_type"),
        ({"stop": ""}, "stop", None),
        ({"stop": ["x"] * 17}, "stop", "array_above_max_length"),
        ({"logit_bias": {"five": 1}}, "logit_bias", "invalid_value"),
        ({"logit_bias": {"5": 101}}, "logit_bias.5", "decimal_above_max_value"),
        ({"logit_bias": {"49152": 1}}, "logit_bias", "invalid_value"),
        ({"logit_bias": [1]}, "logit_bias", "invalid_type"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": "hello"}, "messages", "invalid_type"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter"),
        ({"messages": [message(), message(role="wizard")]}, "messages[1].role", "invalid_value"),
        ({"messages": [message(None)]}, "messages[0].content", "invalid_type"),
        ({"messages": [message([])]}, "messages[0].content", "empty_array"),
        ({"messages": [message([{"type": "text"}])]}, "messages[0].content[0].text", "missing_required_parameter"),
        ({"messages": [message([{"type": "smell"}])]}, "messages[0].content[0].type", "invalid_value"),
        (
            {"messages": [message([{"type": "image_url", "image_url": {"url": "data:,"}}])]},
            "messages[0].content[0].image_url",
            "image_input_not_supported",
        ),
        ({"logprobs": 5}, "logprobs", "invalid_type"),
        ({"top_logprobs": 5}, "top_logprobs", "invalid_value"),
        ({"tools": [{"type": "function", "function": {"name": "f g"}}]}, "tools[0].function.name", "invalid_value"),
        ({"tool_choice": "required"}, "tool_choice", "invalid_value"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value"),
        ({"extra_body": {"no_such_thing": 1}}, "no_such_thing", "unknown_parameter"),
        ({"extra_body": {"ignore_eos": 1}}, "ignore_eos", "invalid_type"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_wrong_parameter_is_a_bad_request(ask, parameters, param, code):
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(**parameters)
    error = refusal.value
    assert (error.param, error.type) == (param, "invalid_request_error")
    assert error.code == code or code is None and error.code
    assert error.message and error.request_id.startswith("req_")


def test_a_prompt_longer_than_the_context_is_refused_with_both_numbers(ask):
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(messages=[message(f"{TOPIC} " * 3000)])
    assert refusal.value.code == "context_length_exceeded"
    assert refusal.value.param == "messages"
    limit, length = numbers(refusal.value)
    assert limit == 2048 and length > 3000


@pytest.mark.parametrize("kind", ["chat", "completion"])
def test_megabytes_of_text_are_refused(client, kind):
    text = "".join(f"{TOPIC} {number} " for number in range(320_000))
    assert len(text) > 5_000_000
    with pytest.raises(openai.BadRequestError) as refusal:
        if kind == "chat":
            client.chat.completions.create(model=MODEL, messages=[message(text)])
        else:
            client.completions.create(model=MODEL, prompt=text)
    assert refusal.value.code == "context_length_exceeded"
    limit, length = numbers(refusal.value)
    assert limit == 2048 < length


def test_a_prompt_in_tokens_longer_than_the_context_is_refused_with_both_numbers(client):
    with pytest.raises(openai.BadRequestError) as refusal:
        client.completions.create(model=MODEL, prompt=[500] * 2049)
    assert refusal.value.code == "context_length_exceeded"
    assert numbers(refusal.value) == [2048, 2049]


def test_a_prompt_that_leaves_room_for_one_token_gets_one(guarded, connect):
    client = connect(guarded, api_key=KEY)
    answer = client.completions.create(model=MODEL, prompt=[500] * 511, extra_body={"ignore_eos": True})
    assert (answer.usage.completion_tokens, answer.choices[0].finish_reason) == (1, "length")
    with pytest.raises(openai.BadRequestError) as refusal:
        client.completions.create(model=MODEL, prompt=[500] * 512)
    assert numbers(refusal.value) == [512, 512]


@pytest.fixture
def full(single):
    """A server that computes one endless answer while another waits: both are known by what they have sent."""
    # Those of the test before may still be leaving.
    running, _ = single.admitted_stream(Deadline(), **chat_body(ignore_eos=True))
    with running:
        next(running.pieces)
        with single.stream(**chat_body(ignore_eos=True)) as waiting:
            assert next(waiting)["choices"][0]["delta"]["role"] == "assistant"
            yield running, waiting


def test_a_full_queue_is_a_rate_limit(full, single, connect):
    with pytest.raises(openai.RateLimitError) as refusal:
        connect(single).chat.completions.create(model=MODEL, messages=[message()])
    error = refusal.value
    assert int(error.response.headers["Retry-After"]) > 0
    assert (error.type, error.code) == ("rate_limit_error", "rate_limit_exceeded")
    assert error.message


def test_a_client_that_tries_again_is_served_once_there_is_room(full, single, connect):
    def make_room(_):
        for stream in full:
            stream.close()

    http_client = openai.DefaultHttpxClient(event_hooks={"response": [make_room]})
    client = connect(single, max_retries=5, http_client=http_client)
    assert client.chat.completions.create(model=MODEL, messages=[message()], max_tokens=1).usage.completion_tokens == 1


def test_answers_that_fit_no_queue_are_not_told_to_come_again(single, connect):
    with pytest.raises(openai.BadRequestError) as refusal:
        connect(single).chat.completions.create(model=MODEL, messages=[message()], n=5, max_tokens=1)
    assert refusal.value.param == "n"


def test_answers_that_do_not_fit_the_queue_now_are_refused_together(full, single, connect):
    with pytest.raises(openai.RateLimitError):
        connect(single).chat.completions.create(model=MODEL, messages=[message()], n=2, max_tokens=1)


def test_another_host_is_a_permission_denied(server, connect):
    with pytest.raises(openai.PermissionDeniedError) as refusal:
        connect(server, default_headers={"Host": "evil.example"}).models.list()
    assert refusal.value.code == "forbidden"
    assert refusal.value.message


def test_an_unknown_route_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as refusal:
        client.post("/no/such/thing", cast_to=object, body={})
    assert refusal.value.code == "unknown_url"


# MARK: plain HTTP


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "/v1/nothing", "/v1/v1/models", "//v1/models", "/v1/chat", "/v1/%2e%2e/x"])
def test_nothing_is_found_at_unknown_paths(server, path):
    reply = server.request("GET", path)
    assert reply.status == 404
    assert reply.error["code"] == "unknown_url"
    assert reply.error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/embeddings", {"POST", "OPTIONS"}),
        ("DELETE", "/v1/chat/completions", {"POST", "GET", "HEAD", "OPTIONS"}),
        ("HEAD", "/v1/completions", {"POST", "OPTIONS"}),
        ("POST", "/v1/models", {"GET", "HEAD", "OPTIONS"}),
        ("PUT", "/models", {"GET", "HEAD", "OPTIONS"}),
        ("PATCH", "/health", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(server, method, path, allowed):
    reply = server.request(method, path)
    assert reply.status == 405
    assert set(reply.headers["Allow"].split(", ")) == allowed
    if method != "HEAD":
        assert reply.error["code"] == "method_not_allowed"


@pytest.mark.parametrize("method", ["BREW", "CONNECT", "TRACE", "get", "X" * 500])
def test_unknown_methods_are_refused(server, method):
    assert server.request(method, "/v1/models").status in (400, 405, 501)


def test_head_has_the_headers_of_get_and_no_body(server):
    head, get = server.request("HEAD", "/v1/models"), server.request("GET", "/v1/models")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"] == "application/json"
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == str(len(get.body))


def test_options_tell_the_methods(server):
    reply = server.request("OPTIONS", "/v1/embeddings")
    assert reply.status == 204 and not reply.body
    assert set(reply.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_every_response_has_an_id_of_its_own(server):
    ids = {server.request("GET", path).headers["x-request-id"] for path in ("/health", "/health", "/nothing")}
    assert len(ids) == 3 and all(ids)


def test_a_connection_serves_many_requests(server):
    connection = server.connection()
    connection.connect()
    socket = connection.sock
    for method, path, status in [
        ("GET", "/health", 200),
        ("GET", "/nothing", 404),
        ("POST", "/v1/models", 405),
        ("HEAD", "/v1/models", 200),
        ("OPTIONS", "/v1/models", 204),
    ] * 3:
        assert send(connection, method, path).status == status
        assert send(connection, "POST", "/v1/completions", {"prompt": PROMPT, "max_tokens": 1}).status == 200
        assert send(connection, "POST", "/v1/completions", "{").status in (400, 415)
    assert connection.sock is socket
    connection.close()


def test_requests_sent_ahead_are_answered_in_order(server):
    request = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with server.socket() as connection:
        connection.sendall(request[0] + request[1] + request[0].replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = b""
        while part := connection.recv(65536):
            received += part
    statuses = [line.split()[1] for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    statuses += [line[line.index(b"HTTP/1.1 ") :].split()[1] for line in received.split(b"\r\n") if b"}HTTP/1.1 " in line]
    assert sorted(statuses) == [b"200", b"200", b"404"]
    assert received.index(b"unknown_url") < received.rindex(MODEL.encode())


def test_a_body_above_the_limit_is_refused(guarded, connect):
    client = connect(guarded, api_key=KEY)
    with pytest.raises(openai.APIStatusError) as refusal:
        client.chat.completions.create(model=MODEL, messages=[message("x" * (1 << 20))])
    assert refusal.value.status_code == 413
    assert refusal.value.code == "request_too_large"
    # One that is just small enough is read, and found to be too long for the context.
    with pytest.raises(openai.BadRequestError) as refusal:
        client.chat.completions.create(model=MODEL, messages=[message("x" * ((1 << 20) - 200))])
    assert refusal.value.code == "context_length_exceeded"


@pytest.mark.parametrize("length", ["1048577", "99999999999", "9" * 30])
def test_a_length_above_the_limit_is_refused_before_the_body(guarded, length):
    reply = guarded.exchange(
        b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sesame-4711\r\n"
        b"Content-Type: application/json\r\nContent-Length: " + length.encode() + b"\r\n\r\n"
    )
    assert reply.status == 413


def test_a_chunked_body_above_the_limit_is_refused(guarded):
    connection = guarded.connection()
    headers = {"Authorization": "Bearer sesame-4711", "Content-Type": "application/json"}
    parts = (b'{"prompt":"' + b"x" * 65536 for _ in range(20))
    connection.request("POST", "/v1/completions", parts, headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_chunked_body_is_read(server):
    connection = server.connection()
    parts = [b'{"prompt": "', PROMPT.encode(), b'", "max_tokens": 1}']
    connection.request(
        "POST", "/v1/completions", iter(parts), {"Content-Type": "application/json"}, encode_chunked=True
    )
    assert connection.getresponse().status == 200
    connection.close()
