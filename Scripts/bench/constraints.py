#!/usr/bin/env python3
"""What it costs to hold an answer to a grammar: the server's processor time per token, beside free text.

One sequence, one thread, no guessing; the kinds take turns, and of each the median ratio to the free answer of the same
round is told. Processor time rather than the clock's, so that a busy machine changes little. Each prompt has been read
before, and what an answer of one token takes (the request, the template, the grammar's reading) is told by itself and
taken off; each answer goes on to the same number of tokens, or the rate is that of the tokens that there are.
"""

import argparse
import json
import pathlib
import statistics
import urllib.request

import servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "models/SmolLM2-135M-Instruct.Q4_1.gguf"

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0, "maximum": 120},
        "email": {"type": "string", "format": "email"},
        "kind": {"enum": ["friend", "colleague", "stranger"]},
    },
    "required": ["name", "age", "email", "kind"],
    "additionalProperties": False,
}


def listed(item, least):
    schema = {
        "type": "object",
        "properties": {"list": {"type": "array", "items": item, "minItems": least}},
        "required": ["list"],
        "additionalProperties": False,
    }
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": schema}}}


def function(name):
    return {"type": "function", "function": {"name": name, "description": f"Does {name}.", "parameters": PERSON}}


TOOLS = [function("save_person"), function("find_person")]

KINDS = {
    "free text": {"ignore_eos": True},
    "free text, behind the tools' text": {
        "ignore_eos": True,
        "messages": [{"role": "system", "content": json.dumps(TOOLS)}, {"role": "user", "content": "Tell me of the village."}],
    },
    "json_object": {"response_format": {"type": "json_object"}},
    "json_schema: a list of people": listed(PERSON, 60),
    "json_schema: a list of texts": listed({"type": "string"}, 200),
    "json_schema: a list of numbers within bounds": listed({"type": "number", "minimum": 0, "maximum": 1}, 200),
    "tools that are not called": {"tools": TOOLS, "tool_choice": "auto", "ignore_eos": True},
}


def ask(server, parameters, tokens, seed):
    body = {
        "messages": [{"role": "user", "content": "Tell me of all the people in the village, as long as you can."}],
        "max_tokens": tokens, "seed": seed, "temperature": 1,
    } | parameters
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.address[1]}/v1/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {servers.KEY}"},
    )
    before = server.cpu_seconds
    with urllib.request.urlopen(request, timeout=300) as response:
        count = json.load(response)["usage"]["completion_tokens"]
    return server.cpu_seconds - before, count


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--binary", default=ROOT / ".build/release/inference-server")
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--tokens", type=int, default=160)
    options = arguments.parse_args()
    server = servers.ours(options.binary, MODEL, "--threads", "1", "--parallel", "1", "--draft-max", "0")
    try:
        costs, starts = {name: [] for name in KINDS}, {name: [] for name in KINDS}
        counts = {name: 0 for name in KINDS}
        for seed in range(options.rounds):
            for name, parameters in KINDS.items():
                # The prompt is read before, so that its length does not count.
                ask(server, parameters, 1, seed)
                start, _ = ask(server, parameters, 1, seed)
                cost, count = ask(server, parameters, options.tokens, seed)
                starts[name].append(start)
                costs[name].append((cost - start) / (count - 1))
                counts[name] += count
    finally:
        server.stop()
    free = costs["free text"]
    for name, values in costs.items():
        ratio = statistics.median(value / other for value, other in zip(values, free))
        print(
            f"{name:46} {statistics.median(starts[name]) * 1e3:6.0f} ms at first {statistics.median(values) * 1e3:7.2f} ms a token "
            f"{ratio:5.2f} of free text  ({counts[name]} tokens)"
        )


if __name__ == "__main__":
    main()
