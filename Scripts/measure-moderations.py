#!/usr/bin/env python3
"""Measures how /v1/moderations judges the held-out sentences of Tests/clients/moderation_sentences.txt.

usage: measure-moderations.py [URL]       (default: http://127.0.0.1:5000)

Prints the table of docs/moderations.md: how many harmful sentences are flagged at all, how many harmless ones are, and for each
category how many of its sentences are found, and how many of others are taken for it.
"""

import json
import sys
import urllib.request
from pathlib import Path

SENTENCES = Path(__file__).resolve().parent.parent / "Tests" / "clients" / "moderation_sentences.txt"


def sentences():
    categories = set()
    for line in SENTENCES.read_text().splitlines():
        if line.startswith("["):
            categories = set(line[1:-1].split())
        else:
            yield line, categories


def judge(url, texts):
    body = json.dumps({"input": texts}).encode()
    request = urllib.request.Request(f"{url}/v1/moderations", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["results"]


def main():
    held_out = list(sentences())
    results = judge(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5000", [text for text, _ in held_out])
    pairs = [(result, labels) for result, (_, labels) in zip(results, held_out)]
    harmful = [result["flagged"] for result, labels in pairs if labels]
    harmless = [result["flagged"] for result, labels in pairs if not labels]
    print("| | found | wrongly flagged |\n|---|---|---|")
    print(f"| anything harmful | {sum(harmful)} of {len(harmful)} | {sum(harmless)} of {len(harmless)} |")
    for category in results[0]["categories"]:
        found = [result["categories"][category] for result, labels in pairs if category in labels]
        wrong = [result["categories"][category] for result, labels in pairs if category not in labels]
        print(f"| `{category}` | {sum(found)} of {len(found)} | {sum(wrong)} of {len(wrong)} |")


if __name__ == "__main__":
    main()
