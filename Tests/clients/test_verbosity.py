"""`verbosity`: how much an answer says."""

import pytest

from support import chat_body, message


def prompt(server, *messages, **parameters):
    body = {"messages": list(messages) or [message()]} | parameters
    reply = server.request("POST", "/apply-template", body)
    assert reply.status == 200, reply
    return reply.json["prompt"]


def test_the_model_is_told_in_words(server):
    plain = prompt(server)
    assert prompt(server, verbosity="medium") == plain and prompt(server, verbosity=None) == plain
    assert "Answer briefly" in prompt(server, verbosity="low")
    assert "Answer at length" in prompt(server, verbosity="high")


@pytest.mark.parametrize("role", ["system", "developer"])
def test_what_it_is_told_already_stays(server, role):
    told = prompt(server, message("Speak French.", role), message(), verbosity="low")
    assert told.index("Speak French.") < told.index("Answer briefly") < told.index(message()["content"])
    assert told.count("<|im_start|>") == prompt(server, message("Speak French.", role), message()).count("<|im_start|>")


def test_responses_have_it_too(client, server):
    counts = [
        client.responses.input_tokens.count(model="gpt-4o", input="Hi", text={"verbosity": verbosity}).input_tokens
        for verbosity in ("medium", "low", "high")
    ]
    assert counts[0] == client.responses.input_tokens.count(model="gpt-4o", input="Hi").input_tokens
    assert counts[0] < counts[1] != counts[2] > counts[0]
    response = client.responses.create(model="gpt-4o", input="Hi", text={"verbosity": "low"}, max_output_tokens=16)
    assert response.text.verbosity == "low" and response.usage.input_tokens == counts[1]


def test_other_levels_and_dialogues_are_refused(server):
    for parameters in ({"verbosity": "loud"}, {"verbosity": "low", "mode": "chat"}):
        reply = server.request("POST", "/v1/chat/completions", chat_body(**parameters))
        assert (reply.status, reply.error["param"]) == (400, "verbosity")
