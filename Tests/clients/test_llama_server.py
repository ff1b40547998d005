"""llama-server's endpoints that are not OpenAI's."""

import json

import pytest

from support import BEGINNING, KEY, MODEL, OTHER_KEY, PROMPT, TOPIC, chat_body, message, post

TEXT = f"A jar of {TOPIC}: ä 漢 🍊"


def ask(server, path, body=None, key=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return server.request("GET" if body is None else "POST", path, body, headers)


def answer(server, path, body=None):
    reply = ask(server, path, body)
    assert reply.status == 200, reply
    return reply.json


# MARK: tokens


def test_a_text_becomes_tokens_and_a_text_again(server):
    tokens = answer(server, "/tokenize", {"content": TEXT})["tokens"]
    assert all(isinstance(token, int) for token in tokens)
    assert answer(server, "/detokenize", {"tokens": tokens}) == {"content": TEXT}


def test_pieces_are_text_or_bytes(server):
    tokens = answer(server, "/tokenize", {"content": TEXT, "with_pieces": True})["tokens"]
    assert [token["id"] for token in tokens] == answer(server, "/tokenize", {"content": TEXT})["tokens"]
    pieces = [token["piece"] for token in tokens]
    assert any(isinstance(piece, list) for piece in pieces), "no token of the text is part of a character"
    data = b"".join(piece.encode() if isinstance(piece, str) else bytes(piece) for piece in pieces)
    assert data.decode() == TEXT
    for piece in pieces:
        if isinstance(piece, list):
            with pytest.raises(UnicodeDecodeError):
                bytes(piece).decode()


def test_names_of_special_tokens_are_text_where_they_shall_be(server):
    assert answer(server, "/tokenize", {"content": "<|im_end|>"})["tokens"] == [2]
    tokens = answer(server, "/tokenize", {"content": "<|im_end|>", "parse_special": False})["tokens"]
    assert len(tokens) > 1
    assert answer(server, "/detokenize", {"tokens": tokens}) == {"content": "<|im_end|>"}
    assert answer(server, "/detokenize", {"tokens": [2]}) == {"content": "<|im_end|>"}


def test_special_tokens_are_added_as_the_vocabulary_asks_for(server):
    plain = answer(server, "/tokenize", {"content": PROMPT})["tokens"]
    added = answer(server, "/tokenize", {"content": PROMPT, "add_special": True})["tokens"]
    assert added == answer(server, "/v1/internal/encode", {"text": PROMPT})["tokens"]
    assert added[-len(plain) :] == plain


# MARK: templates and properties


def test_the_prompt_of_a_chat_is_told(server):
    prompt = answer(server, "/apply-template", {"messages": [message()]})["prompt"]
    assert PROMPT in prompt
    assert prompt.endswith("<|im_start|>assistant\n")
    tokens = answer(server, "/tokenize", {"content": prompt, "add_special": True})["tokens"]
    usage = answer(server, "/v1/chat/completions", chat_body(max_tokens=1))["usage"]
    assert usage["prompt_tokens"] == len(tokens)


def test_properties(server):
    properties = answer(server, "/props")
    assert properties["total_slots"] == 8
    assert properties["default_generation_settings"]["n_ctx"] == 2048
    assert properties["model_alias"] == properties["model_path"] == MODEL
    assert "<|im_start|>" in properties["chat_template"]
    assert properties["eos_token"] == "<|im_end|>"
    assert answer(server, f"/props?model={MODEL}") == properties
    assert ask(server, "/props?model=no-such-model").status == 404


# MARK: slots


def test_idle_slots_hold_no_request(server):
    slots = answer(server, "/slots")
    assert [slot["id"] for slot in slots] == list(range(8))
    assert all(slot["n_ctx"] == 2048 for slot in slots)


def test_slots_tell_of_the_callers_own_requests_alone(guarded):
    with guarded.stream(**chat_body(ignore_eos=True), headers=[f"Authorization: Bearer {KEY}"]) as stream:
        assert next(stream.pieces)
        (own,) = ask(guarded, "/slots", key=KEY).json
        (others,) = ask(guarded, "/slots", key=OTHER_KEY).json
        assert ask(guarded, "/slots?fail_on_no_slot=1", key=KEY).status == 503
        assert ask(guarded, "/slots?fail_on_no_slot=0", key=KEY).status == 200
    assert own["is_processing"] and own["n_prompt_tokens"] > 0 and own["next_token"]["n_decoded"] > 0
    assert sorted(others) == ["id", "is_processing", "model", "n_ctx"]
    assert others["is_processing"]
    assert TOPIC not in json.dumps(own)


def test_prompts_are_shown_where_that_was_asked_for(start_server):
    server = start_server(
        *("--ctx-size", "512", "--parallel", "1", "--slots-show-prompts"), *("--api-key", KEY, "--api-key", OTHER_KEY)
    )
    with server.stream(**chat_body(ignore_eos=True), headers=[f"Authorization: Bearer {KEY}"]) as stream:
        next(stream.pieces)
        assert PROMPT in ask(server, "/slots", key=KEY).json[0]["prompt"]
        assert "prompt" not in ask(server, "/slots", key=OTHER_KEY).json[0]


# MARK: completions

SETTLED = {"prompt": BEGINNING, "n_predict": 8, "temperature": 0, "ignore_eos": True}


def test_a_completion_has_its_parts(server):
    completion = answer(server, "/completion", SETTLED)
    text = answer(
        server, "/v1/completions", {"prompt": BEGINNING, "max_tokens": 8, "temperature": 0, "ignore_eos": True}
    )
    assert completion["content"] == text["choices"][0]["text"]
    assert completion["stop"] is True
    assert (completion["stop_type"], completion["stopping_word"]) == ("limit", "")
    assert completion["tokens_predicted"] == 8
    assert completion["tokens_evaluated"] == text["usage"]["prompt_tokens"]
    assert completion["model"] == MODEL


def test_a_completion_says_what_ended_it(server):
    whole = answer(server, "/completion", SETTLED)["content"]
    word = whole.split()[2]
    ended = answer(server, "/completion", SETTLED | {"stop": ["not there", word]})
    assert (ended["stop_type"], ended["stopping_word"]) == ("word", word)
    assert ended["content"] == whole[: whole.index(word)]
    prompt = answer(server, "/apply-template", {"messages": [message("Say yes.")]})["prompt"]
    assert answer(server, "/completion", {"prompt": prompt, "temperature": 0})["stop_type"] == "eos"


def test_several_prompts_have_an_answer_each(server):
    answers = answer(server, "/completion", SETTLED | {"prompt": [BEGINNING, "The capital of France is"]})
    assert [one["index"] for one in answers] == [0, 1]
    assert answers[0]["content"] == answer(server, "/completion", SETTLED)["content"]


def test_a_streamed_completion_says_the_same_and_has_no_farewell(server):
    with server.socket() as connection:
        connection.sendall(post("/completion", SETTLED | {"stream": True}, ["Connection: close"]))
        data = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"[DONE]" not in data
    events = [json.loads(line[6:]) for line in data.split(b"\n") if line.startswith(b"data: ")]
    assert [event["stop"] for event in events] == [False] * (len(events) - 1) + [True]
    assert "".join(event["content"] for event in events) == answer(server, "/completion", SETTLED)["content"]
    assert events[-1]["tokens_predicted"] == 8


def test_a_seed_of_minus_one_is_none(server):
    body = SETTLED | {"seed": -1, "temperature": 2, "top_k": 0, "top_p": 1, "min_p": 0, "n_predict": 16}
    assert len({answer(server, "/completion", body)["content"] for _ in range(4)}) > 1


@pytest.mark.parametrize("limit", [0, -2, "8"])
def test_a_limit_that_makes_no_sense_is_refused(server, limit):
    reply = ask(server, "/completion", SETTLED | {"n_predict": limit})
    assert (reply.status, reply.error["param"]) == (400, "n_predict")


def test_a_model_without_the_tokens_does_not_fill_in(server):
    reply = ask(server, "/infill", {"input_prefix": "a = ", "input_suffix": "\n", "n_predict": 1})
    assert (reply.status, reply.error["code"]) == (400, "fill_in_the_middle_not_supported")
    reply = ask(server, "/infill", {"input_prefix": "a", "input_suffix": "b", "input_extra": [{"filename": "x"}]})
    assert (reply.status, reply.error["param"]) == (400, "input_extra[0].text")
