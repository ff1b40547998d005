"""What the server tells of itself: Prometheus's metrics, and what the scheduler holds."""

import pytest

from metrics import PREFIX
from support import KEY, MODEL, OTHER_KEY, SECRETS, chat_body, wait_until

def scheduler(server, **headers):
    reply = server.request("GET", "/v1/internal/scheduler", headers=headers)
    assert reply.status == 200
    assert reply.json["object"] == "scheduler"
    model = next(model for model in reply.json["models"] if model["id"] == MODEL)
    return model, reply.body.decode()


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def test_metrics_are_as_the_format_wants_them(server):
    metrics = server.metrics()
    assert metrics.types["process_resident_memory_bytes"] == "gauge"
    resident = metrics.samples["process_resident_memory_bytes", ()]
    assert resident > 50 << 20
    assert metrics.value("model_loaded", model=MODEL) == 1
    for name, kind in metrics.types.items():
        if kind != "histogram":
            continue
        # One histogram a model, or engine of speech.
        for owner in {labels[0] for (key, labels) in metrics.samples if key == f"{name}_bucket"}:
            buckets = [
                (labels, value)
                for (key, labels), value in metrics.samples.items()
                if key == f"{name}_bucket" and owner in labels
            ]
            bounds = [float(dict(labels)["le"]) for labels, _ in buckets]
            assert bounds == sorted(bounds) and bounds[-1] == float("inf")
            counts = [value for _, value in buckets]
            assert counts == sorted(counts)
            assert counts[-1] == metrics.samples[f"{name}_count", (owner,)]


def test_an_answer_is_counted_once_it_is_read(start_server):
    server = start_server("--ctx-size", "512", "--parallel", "1", "--draft-max", "0")
    before = server.metrics()
    assert all(value == 0 for (name, _), value in before.samples.items() if name.startswith(PREFIX + "step"))
    usage = []
    for _ in range(2):
        reply = server.request("POST", "/v1/chat/completions", chat_body(max_tokens=5, ignore_eos=True))
        usage.append(reply.json["usage"])
    metrics = server.metrics()
    assert metrics.value("prompt_tokens_total", model=MODEL) == sum(u["prompt_tokens"] for u in usage)
    cached = sum(u["prompt_tokens_details"]["cached_tokens"] for u in usage)
    assert cached > 0
    assert metrics.value("cached_prompt_tokens_total", model=MODEL) == cached
    assert metrics.value("generated_tokens_total", model=MODEL) == 10
    assert metrics.value("requests_total", model=MODEL, outcome="length") == 2
    assert metrics.value("request_queue_seconds_count", model=MODEL) == 2
    assert metrics.value("time_to_first_token_seconds_count", model=MODEL) == 2
    assert metrics.value("inter_token_seconds_count", model=MODEL) == 8
    steps = metrics.value("step_seconds_count", model=MODEL)
    assert steps >= 10
    assert metrics.value("step_sequences_sum", model=MODEL) == metrics.value("step_sequences_count", model=MODEL) == steps
    # Every prompt token that was not cached, and each token but the last of an answer.
    assert metrics.value("step_tokens_sum", model=MODEL) == sum(u["prompt_tokens"] for u in usage) - cached + 8
    assert metrics.value("requests_waiting", model=MODEL) == metrics.value("requests_running", model=MODEL) == 0


def test_refusals_and_readers_that_left_are_counted(start_server):
    server = start_server("--ctx-size", "8192", "--parallel", "1", "--max-queue", "1")
    with server.stream(**chat_body(ignore_eos=True)) as running:
        wait_until(lambda: server.metrics().value("requests_running", model=MODEL) == 1, "the first")
        with server.stream(**chat_body(max_tokens=1)):
            wait_until(lambda: server.metrics().value("requests_waiting", model=MODEL) == 1, "the queue")
            assert server.metrics().value("requests_running", model=MODEL) == 1
            assert server.request("POST", "/v1/chat/completions", chat_body()).status == 429
            assert server.metrics().value("requests_total", model=MODEL, outcome="rejected") == 1
    wait_until(lambda: server.metrics().value("requests_total", model=MODEL, outcome="cancelled") >= 1, "the end of the stream")
    wait_until(lambda: server.metrics().value("requests_running", model=MODEL) == 0, "the end of all")


def test_the_scheduler_tells_what_runs_and_what_waits(start_server):
    server = start_server("--ctx-size", "8192", "--parallel", "1")
    with server.stream(**chat_body(ignore_eos=True)) as running:
        next(running)
        wait_until(lambda: server.metrics().value("generated_tokens_total", model=MODEL) > 0, "the first token")
        with server.stream(**chat_body(max_tokens=1)):
            wait_until(lambda: scheduler(server)[0]["counts"]["waiting"] == 1, "the queue")
            model, text = scheduler(server)
            assert model["id"] == MODEL and model["status"] == "loaded"
            assert model["counts"] == {"waiting": 1, "running": 1, "paused": model["counts"]["paused"], "sequences": 1}
            first, second = model["requests"]
            assert first["state"] in ("decode", "paused") and second["state"] == "waiting"
            assert first["sequence"] == 0 and second["sequence"] is None
            assert first["prompt_tokens"] == first["computed_tokens"] == second["prompt_tokens"] > 0
            assert second["computed_tokens"] == second["generated_tokens"] == 0
            assert first["generated_tokens"] >= 1
            assert first["age_seconds"] > 0 and second["age_seconds"] >= 0
            (sequence,) = model["sequences"]
            assert sequence["id"] == 0 and sequence["request"] == first["id"]
            assert sequence["tokens"] >= first["prompt_tokens"]
            assert not any(secret in text.lower() for secret in SECRETS)
    wait_until(lambda: scheduler(server)[0]["requests"] == [], "the end of all")
    assert [s["request"] for s in scheduler(server)[0]["sequences"]] == [None]


def test_with_keys_everybody_sees_their_own(start_server):
    server = start_server("--ctx-size", "8192", "--parallel", "2", "--api-key", KEY, "--api-key", OTHER_KEY)
    with server.stream(headers=[f"Authorization: Bearer {KEY}"], **chat_body(ignore_eos=True)) as mine:
        next(mine)
        wait_until(lambda: server.metrics(KEY).value("generated_tokens_total", model=MODEL) > 0, "the first token")
        own, text = scheduler(server, **bearer(KEY))
        other, foreign = scheduler(server, **bearer(OTHER_KEY))
        assert len(own["requests"]) == len(own["sequences"]) == 1
        assert other["requests"] == other["sequences"] == []
        assert other["counts"]["running"] == own["counts"]["running"] == 1
        for body in (text, foreign, server.metrics(OTHER_KEY).text):
            assert not any(secret in body.lower() for secret in SECRETS)
    # What is kept of it stays its owner's.
    wait_until(lambda: scheduler(server, **bearer(KEY))[0]["counts"]["running"] == 0, "the end")
    assert len(scheduler(server, **bearer(KEY))[0]["sequences"]) == 1
    assert scheduler(server, **bearer(OTHER_KEY))[0]["sequences"] == []


@pytest.mark.parametrize("path", ["/metrics", "/v1/metrics", "/internal/scheduler", "/v1/internal/scheduler"])
def test_with_keys_both_need_one(guarded, path):
    assert guarded.request("GET", path).status == 401
    assert guarded.request("GET", path, headers=bearer("wrong")).status == 401
    assert guarded.request("GET", path, headers=bearer(KEY)).status == 200
