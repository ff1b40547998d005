"""Embeddings: what the official client gets, and what is refused."""

import asyncio
import base64
import json
import math
import struct
import threading

import openai
import pytest

from support import MODEL, ROOT, TOPIC, post, read_reply, wait_until

PATH = "/v1/embeddings"
EMBEDDER = "all-MiniLM-L6-v2"
DIMENSIONS = 384
# The longest text that the model reads, [CLS] and [SEP] included.
LIMIT = 512
# "Hello world" in cl100k_base.
HELLO_WORLD = [9906, 1917]


def cosine(left, right):
    return sum(a * b for a, b in zip(left, right)) / math.sqrt(sum(a * a for a in left) * sum(b * b for b in right))


def ask(server, body, **parameters):
    return server.request("POST", PATH, {"input": body} | parameters)


def vector(server, body, **parameters):
    reply = ask(server, body, **parameters)
    assert reply.status == 200, reply
    return reply.json["data"][0]["embedding"]


def doubtless(left, right):
    """Equal but for the last bits, which change with the company in a step."""
    return cosine(left, right) > 0.99999


# MARK: what the official client gets


@pytest.mark.parametrize("encoding", ["float", None])
def test_the_client_gets_vectors_of_length_one(client, lenient, encoding):
    texts = ["A cat sits on a mat.", "A kitten lies on a rug.", "The bank raised interest rates."]
    # By itself the client asks for base64, which it decodes, and which its own types forbid.
    options = {"encoding_format": encoding} if encoding else {}
    answer = (client if encoding else lenient).embeddings.create(model="text-embedding-3-small", input=texts, **options)
    assert answer.object == "list" and answer.model == EMBEDDER
    assert [entry.index for entry in answer.data] == [0, 1, 2]
    vectors = [entry.embedding for entry in answer.data]
    for each in vectors:
        assert len(each) == DIMENSIONS and abs(math.hypot(*each) - 1) < 1e-5
    assert cosine(vectors[0], vectors[1]) > 0.5 > cosine(vectors[0], vectors[2])
    # [CLS] and [SEP] count: the model sees them.
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 3 * 2


def test_both_formats_hold_the_same_numbers(server):
    numbers = vector(server, "Hello world")
    coded = vector(server, "Hello world", encoding_format="base64")
    data = base64.b64decode(coded, validate=True)
    assert list(struct.unpack(f"<{DIMENSIONS}f", data)) == [
        struct.unpack("<f", struct.pack("<f", number))[0] for number in numbers
    ]


def test_the_asynchronous_client_gets_them_too(server, connect):
    async def ask_many():
        async with connect(server, openai.AsyncOpenAI, _strict_response_validation=False) as client:
            return await asyncio.gather(
                *(client.embeddings.create(model=EMBEDDER, input=f"Text number {number}") for number in range(20))
            )

    answers = asyncio.run(ask_many())
    for number, answer in enumerate(answers):
        assert doubtless(answer.data[0].embedding, vector(server, f"Text number {number}"))


def test_texts_come_back_in_their_order_whatever_their_lengths(server):
    texts = [f"Word {number} " * (1 + 37 * number % 90) for number in range(60)]
    answer = ask(server, texts).json
    assert [entry["index"] for entry in answer["data"]] == list(range(60))
    for number in (0, 1, 7, 30, 59):
        assert doubtless(answer["data"][number]["embedding"], vector(server, texts[number]))


def test_fewer_dimensions_are_the_first_ones_with_length_one(server):
    whole = vector(server, "Hello world")
    short = vector(server, "Hello world", dimensions=64)
    assert len(short) == 64 and abs(math.hypot(*short) - 1) < 1e-5
    assert doubtless(short, whole[:64])
    assert len(vector(server, "Hello world", dimensions=DIMENSIONS)) == DIMENSIONS


@pytest.mark.parametrize("model", ["text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002"])
def test_token_ids_sent_to_a_model_of_openais_are_those_of_its_encoding(server, model):
    assert doubtless(vector(server, HELLO_WORLD, model=model), vector(server, "Hello world"))
    answer = ask(server, [HELLO_WORLD, [9906]], model=model).json
    assert doubtless(answer["data"][0]["embedding"], vector(server, "Hello world"))
    assert doubtless(answer["data"][1]["embedding"], vector(server, "Hello"))


def test_token_ids_sent_to_its_own_model_are_its_own(server):
    # [CLS] hello world [SEP], with and without what goes around every text.
    expected = vector(server, "hello world")
    assert doubtless(vector(server, [101, 7592, 2088, 102], model=EMBEDDER), expected)
    assert doubtless(vector(server, [[7592, 2088]], model=EMBEDDER), expected)
    assert doubtless(vector(server, [7592, 2088]), expected)
    assert ask(server, [7592, 2088], model=EMBEDDER).json["usage"] == {"prompt_tokens": 4, "total_tokens": 4}


def test_names_of_special_tokens_are_text(server):
    assert ask(server, "[SEP]").json["usage"]["prompt_tokens"] == 5
    assert not doubtless(vector(server, "a [SEP] b"), vector(server, [1037, 102, 1038], model=EMBEDDER))


def test_a_tier_is_accepted(server):
    assert doubtless(vector(server, "Hello", service_tier="flex", user="somebody"), vector(server, "Hello"))


# MARK: what is refused


REFUSED = {
    "no input": ({}, "input", "missing_required_parameter", []),
    "an empty text": ({"input": ""}, "input", "empty_string", []),
    "an empty text among others": ({"input": ["a", "", "b"]}, "input[1]", "empty_string", []),
    "no texts": ({"input": []}, "input", "empty_array", []),
    "an empty list of tokens": ({"input": [[1], []]}, "input[1]", "empty_array", []),
    "too many texts": ({"input": ["a"] * 2049}, "input", "array_above_max_length", ["2048", "2049"]),
    "texts and tokens": ({"input": ["a", 1]}, "input[1]", "invalid_type", []),
    "numbers that are none": ({"input": [1, 2.5]}, "input[1]", "invalid_type", []),
    "a negative token": ({"input": [-1]}, "input[0]", "integer_below_min_value", []),
    "a token that is none": ({"input": [30522]}, "input", "invalid_value", ["30522"]),
    "a large token": ({"input": [[5], [2**31]]}, "input[1][0]", "integer_above_max_value", []),
    "a token that is none of OpenAI's": (
        {"input": [[9906], [100256]], "model": "text-embedding-3-small"}, "input[1]", "invalid_value", ["100256"],
    ),
    "objects": ({"input": [{"text": "a"}]}, "input[0]", "invalid_type", []),
    "too many dimensions": ({"input": "a", "dimensions": 385}, "dimensions", "integer_above_max_value", ["384", "385"]),
    "no dimensions": ({"input": "a", "dimensions": 0}, "dimensions", "integer_below_min_value", []),
    "another format": ({"input": "a", "encoding_format": "int8"}, "encoding_format", "invalid_value", []),
    "an unknown parameter": ({"input": "a", "truncate": True}, "truncate", "unknown_parameter", []),
    "a long text": ({"input": "word " * 600}, "input", "context_length_exceeded", ["512", "602"]),
    "a long text among others": ({"input": ["a", "word " * 511]}, "input[1]", "context_length_exceeded", ["512", "513"]),
    "many tokens": ({"input": [7592] * 511}, "input", "context_length_exceeded", ["512", "513"]),
    "megabytes": ({"input": "a" * 3_000_000}, "input", "context_length_exceeded", ["3000000", "512"]),
    "a chat model": ({"input": "a", "model": MODEL}, "model", "unsupported_model", [MODEL]),
    "OpenAI's chat model": ({"input": "a", "model": "gpt-4o"}, "model", "unsupported_model", ["gpt-4o"]),
}


@pytest.mark.parametrize(("body", "param", "code", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused(server, body, param, code, words):
    reply = server.request("POST", PATH, body)
    assert reply.status == 400, reply
    assert (reply.error["param"], reply.error["code"]) == (param, code)
    assert all(word in reply.error["message"] for word in words), reply.error
    assert len(reply.body) < 1000


def test_the_longest_text_is_read(server):
    assert ask(server, "word " * (LIMIT - 2)).json["usage"]["prompt_tokens"] == LIMIT


def test_an_unknown_model_is_not_found(server, client):
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="no-such-model", input="a")


def test_a_model_that_embeds_does_not_chat(server):
    for path, body in (("chat/completions", {"messages": [{"role": "user", "content": "a"}]}), ("completions", {"prompt": "a"})):
        for model in (EMBEDDER, "text-embedding-3-small"):
            reply = server.request("POST", f"/v1/{path}", body | {"model": model})
            assert reply.status == 400 and reply.error["code"] == "unsupported_model", reply
            assert "/v1/embeddings" in reply.error["message"]


@pytest.mark.parametrize("body", [b'{"input": NaN}', b'{"input": ["a", NaN]}', b'{"input": ' + b"[" * 5000 + b"]" * 5000 + b"}"])
def test_what_is_no_json_is_refused(server, body):
    reply = server.request("POST", PATH, body, {"Content-Type": "application/json"})
    assert reply.status == 400 and reply.error["code"] == "invalid_json"


def test_a_huge_body_is_refused(guarded):
    from support import KEY

    body = json.dumps({"input": "a" * (2 << 20)})
    reply = guarded.request("POST", PATH, body, {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"})
    assert reply.status == 413


def test_names_of_openais_can_be_refused(single):
    reply = ask(single, "a", model="text-embedding-3-small")
    assert reply.status == 404 and reply.error["code"] == "model_not_found"
    assert ask(single, "a", model=EMBEDDER).status == 200


# MARK: many texts, many clients


def metric(server, name, **labels):
    return server.metrics().value(name, model=EMBEDDER, **labels)


def test_as_many_texts_as_may_be_are_one_request(server):
    answer = ask(server, ["a b"] * 2048, encoding_format="base64").json
    assert len(answer["data"]) == 2048
    assert answer["usage"]["prompt_tokens"] == 2048 * 4
    # Of one text alone all vectors are the same, up to the last bits.
    first, last = (struct.unpack("<384f", base64.b64decode(answer["data"][place]["embedding"])) for place in (0, -1))
    assert doubtless(first, last)


def test_texts_share_steps(server):
    ask(server, "warm")
    before = metric(server, "step_sequences_count"), metric(server, "step_sequences_sum")
    ask(server, ["some words here"] * 64)
    steps = metric(server, "step_sequences_count") - before[0]
    assert metric(server, "step_sequences_sum") - before[1] == 64
    assert steps <= 4


def test_a_client_that_left_costs_nothing_more(start_server):
    server = start_server("--ctx-size", "512", "--parallel", "1")
    ask(server, "warm")
    before = metric(server, "prompt_tokens_total")
    connection = server.socket()
    connection.sendall(post(PATH, {"input": ["word " * 500] * 500}))
    wait_until(lambda: metric(server, "step_sequences_count") > 1, "the first steps")
    connection.close()
    wait_until(lambda: metric(server, "requests_waiting") == 0, "the cancellation")
    # Not as failed, even where its step was cut off.
    assert metric(server, "requests_total", outcome="cancelled") == 1
    assert metric(server, "prompt_tokens_total") == before
    steps = metric(server, "step_sequences_count")
    assert ask(server, "next").status == 200
    # The step under way, and that of the one who came after.
    assert metric(server, "step_sequences_count") <= steps + 2


def test_a_short_request_does_not_wait_for_a_long_one(server):
    long = threading.Thread(target=ask, args=(server, ["word " * 300] * 40))
    long.start()
    wait_until(lambda: metric(server, "requests_waiting") == 1, "the long request")
    assert ask(server, "short").status == 200
    assert long.is_alive()
    long.join()


def test_too_many_requests_are_told_to_come_back(start_server):
    server = start_server("--ctx-size", "512", "--parallel", "1", "--max-queue", "1")
    ask(server, "warm")
    connections = [server.socket() for _ in range(80)]
    for connection in connections:
        connection.sendall(post(PATH, {"input": ["word " * 100] * 4}))
    replies = []
    for connection in connections:
        with connection:
            replies.append(read_reply(connection))
    assert {reply.status for reply in replies} == {200, 429}
    for reply in replies:
        if reply.status == 429:
            assert int(reply.headers["Retry-After"]) >= 1 and reply.error["code"] == "rate_limit_exceeded"


def test_windows_of_a_long_text_are_averaged(start_server):
    server = start_server("--ctx-size", "512", "--parallel", "1", "--embedding-overflow", "window")
    long = " ".join(["The cat sat on the mat."] * 300)
    # The second one is just short enough for a single window.
    reply = ask(server, [long, " ".join(["The cat sat on the mat."] * 72), "Interest rates went up."])
    assert reply.status == 200
    whole, like, unlike = (entry["embedding"] for entry in reply.json["data"])
    assert abs(math.hypot(*whole) - 1) < 1e-5
    assert cosine(whole, like) > 0.95 > 0.3 > cosine(whole, unlike)
    # Windows overlap by a quarter, so what is read twice counts twice.
    assert reply.json["usage"]["prompt_tokens"] > 300 * 7 * 1.2
    assert ask(server, "word " * 2_000_000).status == 400


# MARK: the list of models


def test_the_model_is_listed(server):
    cards = server.models
    assert list(cards) == [MODEL, EMBEDDER]
    assert cards[EMBEDDER]["meta"]["kind"] == "embedding" and cards[EMBEDDER]["meta"]["dimensions"] == DIMENSIONS
    assert cards[EMBEDDER]["meta"]["context_length"] == LIMIT
    assert server.request("GET", "/v1/models/text-embedding-3-small").json["id"] == EMBEDDER


def test_a_server_may_have_models_that_embed_alone(start_server, tmp_path):
    (tmp_path / "embedder.gguf").symlink_to((ROOT / "models" / "all-MiniLM-L6-v2.F16.gguf").resolve())
    server = start_server("--models-dir", tmp_path)
    assert len(vector(server, f"About {TOPIC}")) == DIMENSIONS
    reply = server.request("POST", "/v1/completions", {"prompt": "a"})
    assert reply.status == 404 and reply.error["code"] == "model_not_found"


def test_its_memory_is_planned(start_server):
    server = start_server("--ctx-size", "512", "--parallel", "1")
    assert f"{EMBEDDER}: " in server.log and "texts of 512 tokens" in server.log
