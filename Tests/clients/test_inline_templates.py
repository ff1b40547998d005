"""Templates that come with requests: rendered in a process of their own, which ends whatever they do."""

import json
import threading

import pytest

from support import PROMPT, chat_body

PLAIN = "{% for message in messages %}[{{ message.role }}] {{ message.content }}\n{% endfor %}[answer]"
NAME = "instruction_template_str"


@pytest.fixture(scope="module")
def open_server(launch):
    return launch("--ctx-size", "1024", "--parallel", "2", "--allow-inline-templates")


def prompt(server, template, path="/apply-template", **parameters):
    return server.request("POST", path, chat_body(**{NAME: template} | parameters))


def children(server):
    """Processes that the server has started and that have not ended, but for the one that speaks."""
    return [child for child, command in server.children.items() if b"speech-worker" not in command]


def test_they_are_refused_unless_allowed(server):
    for path in ("/v1/chat/completions", "/apply-template", "/v1/internal/chat-prompt"):
        reply = prompt(server, PLAIN, path)
        assert (reply.status, reply.error["param"], reply.error["code"]) == (400, NAME, "unsupported_parameter")
        assert "--allow-inline-templates" in reply.error["message"]


def test_they_make_the_prompt(open_server):
    reply = prompt(open_server, PLAIN)
    assert reply.json["prompt"] == f"[user] {PROMPT}\n[answer]", reply
    tokens = open_server.request("POST", "/tokenize", {"content": reply.json["prompt"], "add_special": True}).json["tokens"]
    answer = prompt(open_server, PLAIN, "/v1/chat/completions", max_tokens=4)
    assert answer.json["usage"]["prompt_tokens"] == len(tokens)
    # Before the name of a file, and in the mode that asks by a message.
    assert "[answer]" in prompt(open_server, PLAIN, instruction_template="Alpaca").json["prompt"]
    assert "[answer]" in prompt(open_server, PLAIN, mode="chat-instruct").json["prompt"]
    assert children(open_server) == []


def test_they_know_what_templates_know(open_server):
    template = "{{ bos_token }}|{{ name }}|{{ messages | length }}|{{ add_generation_prompt }}"
    told = prompt(open_server, template, chat_template_kwargs={"name": "Ada"}).json["prompt"]
    assert told.endswith("|Ada|1|True")
    kept = prompt(open_server, PLAIN, "/v1/chat/completions", max_tokens=30, response_format={"type": "json_object"})
    assert kept.status == 200, kept


HOSTILE = {
    "endless": "{% for a in range(1000000) %}{% for b in range(1000000) %}{% set x = a * b %}{% endfor %}{% endfor %}",
    "exponential": "{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}",
    "recursive": "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
    "nested": "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "long": "{% for a in range(1000000) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}",
    "lists": "{% set ns = namespace(l=[1]) %}{% for i in range(64) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
}


@pytest.mark.parametrize("template", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_ones_harm_nobody(open_server, template):
    memory = open_server.memory
    results = []
    attack = threading.Thread(target=lambda: results.append(prompt(open_server, template)))
    attack.start()
    # Others are served meanwhile.
    assert open_server.request("POST", "/v1/chat/completions", chat_body(max_tokens=2)).status == 200
    assert open_server.request("GET", "/health").status == 200
    attack.join()
    (reply,) = results
    assert reply.status == 400, reply
    assert reply.error["param"] in (NAME, "messages")
    assert children(open_server) == []
    assert open_server.memory < memory + 200 * 2**20


def test_too_many_at_once_are_told_to_try_again(open_server):
    results = []
    attacks = [
        threading.Thread(target=lambda: results.append(prompt(open_server, HOSTILE["endless"]))) for _ in range(5)
    ]
    for attack in attacks:
        attack.start()
    for attack in attacks:
        attack.join()
    assert {reply.status for reply in results} <= {400, 429}
    assert 429 in {reply.status for reply in results}
    assert children(open_server) == []


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{% for %}", "template"),
        ("{{ raise_exception('no jam today') }}", "no jam today"),
        ("{{ 1 | nothing_of_the_kind }}", "template"),
        ("", NAME),
        ("x" * 65_537, NAME),
        (7, NAME),
    ],
)
def test_errors_are_clear(open_server, template, words):
    reply = prompt(open_server, template)
    assert reply.status == 400, reply
    assert reply.error["param"] == NAME and words in reply.error["message"]
    assert children(open_server) == []


def test_the_process_is_no_command_for_people(launch):
    """Without a job it does nothing and says so."""
    import subprocess

    from support import BINARY

    ended = subprocess.run([BINARY, "render-template"], input=b"{}", capture_output=True, check=False)
    assert ended.returncode == 1 and ended.stdout == b"" and ended.stderr
    job = json.dumps({"path": "/etc/passwd", "template": "x", "messages": "[]", "options": "{}"}).encode()
    assert subprocess.run([BINARY, "render-template"], input=job, capture_output=True, check=False).returncode == 1
