"""Chat as text-generation-webui's clients ask for it: modes, characters, instruction templates."""

import json

import pytest

from support import MODEL, TOPIC, message

HISTORY = [message("Hello! Who are you?")]
FIXED = {"temperature": 0, "max_tokens": 12}


@pytest.fixture(scope="module")
def webui(launch, tmp_path_factory):
    """A server with folders of its own."""
    characters, templates = tmp_path_factory.mktemp("characters"), tmp_path_factory.mktemp("templates")
    (characters / "Ann.yaml").write_text("name: Ann\ngreeting: I am {{char}}.\ncontext: |-\n  {{char}} meets {{user}}.\n")
    (characters / "Bob.json").write_text(json.dumps({"char_name": "Bob", "char_persona": "Bob is here."}))
    (characters / "Broken.yaml").write_text("name: [")
    (characters / "Big.yaml").write_text("name: x\ncontext: " + "x" * 300_000)
    (characters.parent / "outside.yaml").write_text("name: outside\n")
    (templates / "Plain.yaml").write_text(
        "instruction_template: |-\n"
        "  {%- for message in messages %}<{{ message['role'] }}> {{ message['content'] }}\n"
        "  {% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}\n"
    )
    (templates / "Broken.jinja").write_text("{% for %}")
    return launch(
        *("--ctx-size", "1024", "--parallel", "1"),
        *("--characters", str(characters), "--instruction-templates", str(templates)),
    )


def ask(server, path="/v1/chat/completions", **parameters):
    return server.request("POST", path, {"messages": HISTORY} | FIXED | parameters)


def prompt(server, **parameters):
    reply = ask(server, "/v1/internal/chat-prompt", **parameters)
    assert reply.status == 200, reply
    return reply.json["prompt"]


def test_a_dialogue_has_the_character_and_its_greeting(webui):
    text = prompt(webui, mode="chat", character="Ann", user_name="Eve")
    assert text == "Ann meets Eve.\n\nAnn: I am Ann.\nEve: Hello! Who are you?\nAnn:"


def test_what_the_request_says_goes_before_the_file(webui):
    text = prompt(
        webui, mode="chat", character="Ann", bot_name="Zoe", context="{{char}}!", greeting="Hi.", user_bio="{{user}} is 7."
    )
    assert text == "Zoe!\n\nYou is 7.\n\nZoe: Hi.\nYou: Hello! Who are you?\nZoe:"


def test_characters_may_be_json(webui):
    assert prompt(webui, mode="chat", character="Bob") == "Bob is here.\n\nYou: Hello! Who are you?\nBob:"


def test_a_dialogue_goes_on_from_its_last_line(webui):
    messages = [*HISTORY, message("I am", "assistant")]
    text = prompt(webui, mode="chat", character="Bob", messages=messages, continue_=True)
    assert text.endswith("You: Hello! Who are you?\nBob: I am")


def test_a_dialogue_may_stand_in_an_instruction(webui):
    text = prompt(
        webui, mode="chat-instruct", character="Bob", chat_instruct_command="Be <|character|>:\n<|prompt|>\nNow."
    )
    assert "<|im_start|>user\nBe Bob:\nBob is here.\n\nYou: Hello! Who are you?\nNow.<|im_end|>" in text
    assert text.endswith("<|im_start|>assistant\nBob:")


def test_an_instruction_template_is_chosen_by_name(webui):
    assert prompt(webui, mode="instruct", instruction_template="Plain") == "<user> Hello! Who are you?\n<assistant>"
    assert prompt(webui, mode="instruct").startswith("<|im_start|>")


@pytest.mark.parametrize("mode", ["chat", "chat-instruct"])
def test_a_reply_is_one_line_of_the_dialogue(webui, mode):
    settings = {"mode": mode, "character": "Ann", "max_tokens": 60}
    reply = ask(webui, **settings).json
    text = reply["choices"][0]["message"]["content"]
    assert text and not text[0].isspace() and "\nYou:" not in text and "\nAnn:" not in text
    with webui.stream(messages=HISTORY, **FIXED | settings) as stream:
        events = list(stream)
    # As the page's script puts a reply together.
    assert "".join(event["choices"][0]["message"]["content"] for event in events) == text
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in events) == text


def test_chunks_have_a_message_with_a_mode_alone(webui):
    with webui.stream(messages=HISTORY, mode="instruct", **FIXED) as stream:
        events = list(stream)
    whole = ask(webui, mode="instruct").json["choices"][0]["message"]["content"]
    assert "".join(event["choices"][0]["message"]["content"] for event in events) == whole
    with webui.stream(messages=HISTORY, **FIXED) as stream:
        assert not any("message" in event["choices"][0] for event in stream)


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"mode": "chat", "character": "Nobody"}, "character"),
        ({"mode": "chat", "character": "../outside"}, "character"),
        ({"mode": "chat", "character": "/etc/passwd"}, "character"),
        ({"mode": "chat", "character": ".hidden"}, "character"),
        ({"mode": "chat", "character": "Broken"}, "character"),
        ({"mode": "chat", "character": "Big"}, "character"),
        ({"mode": "instruct", "character": "Ann"}, "character"),
        ({"user_name": "Eve"}, "user_name"),
        ({"mode": "instruct", "instruction_template": "Nothing"}, "instruction_template"),
        ({"mode": "instruct", "instruction_template": "Broken"}, "instruction_template"),
        ({"mode": "instruct", "instruction_template_str": "{{ 1 }}"}, "instruction_template_str"),
        ({"mode": "chat", "chat_template_str": "{{ 1 }}"}, "chat_template_str"),
        ({"mode": "chat", "n": 2}, "n"),
        ({"mode": "chat", "continue_": True}, "continue_"),
        ({"mode": "dance"}, "mode"),
    ],
)
def test_what_can_not_be_done_is_refused_by_name(webui, parameters, param):
    for path in ("/v1/chat/completions", "/v1/internal/chat-prompt"):
        reply = ask(webui, path, **parameters)
        assert reply.status == 400 and reply.error["param"] == param
        assert "/tmp" not in reply.error["message"]


# MARK: the examples of its manual, as they stand there


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "parameters",
    [{"mode": "instruct", "instruction_template": "Alpaca"}, {"mode": "chat", "character": "Example"}, {"mode": "instruct"}],
)
def test_examples_of_the_manual(server, parameters, stream):
    body = {"messages": [message(f"Hello! Who are you? What is {TOPIC}?")], "max_tokens": 12, "seed": 1} | parameters
    if stream:
        with server.stream(**body) as events:
            assert "".join(event["choices"][0]["message"]["content"] for event in events)
    else:
        reply = server.request("POST", "/v1/chat/completions", body).json
        assert reply["choices"][0]["message"]["content"] and reply["model"] == MODEL
