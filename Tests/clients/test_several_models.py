"""Several models in one folder: listed, loaded when asked for, unloaded when others need the room; and the memory budget."""

import re
import threading

import pytest

from support import MODEL, ROOT, chat_body, run, wait_until
from test_command_line import refused

FILE = ROOT / "models" / f"{MODEL}.Q4_1.gguf"
# So short a context that a model takes about 200 MiB.
SMALL = ("--ctx-size", "256", "--parallel", "2")


@pytest.fixture
def folder(tmp_path):
    """A folder with the same model under two names."""
    for name in ("alpha", "beta"):
        (tmp_path / f"{name}.gguf").symlink_to(FILE.resolve())
    return tmp_path


def statuses(server):
    return {name: card["status"]["value"] for name, card in server.models.items()}


def ask(server, model, **parameters):
    return server.request("POST", "/v1/chat/completions", chat_body(model=model, max_tokens=2) | parameters)


def sums(log):
    """What each model takes, in MiB, as the plan in the log says."""
    return {name: int(size) for name, size in re.findall(r"\[memory\] (\S+): (\d+) MiB \(weights", log)}


def test_a_model_loads_when_it_is_first_asked_for(start_server, folder):
    server = start_server("--models-dir", folder, *SMALL)
    assert statuses(server) == {"alpha": "loaded", "beta": "unloaded"}
    assert list(server.request("GET", "/health").json["components"]) == ["alpha", "espeak-ng"]
    for name in ("beta", "alpha", "beta"):
        reply = ask(server, name)
        assert reply.status == 200 and reply.json["model"] == name
    assert statuses(server) == {"alpha": "loaded", "beta": "loaded"}
    assert ask(server, "gpt-4o").json["model"] == "alpha"
    assert ask(server, "gamma").status == 404


def test_the_first_model_that_is_named_is_the_default(start_server, folder):
    server = start_server("--models-dir", folder, "--model", "beta", "--model", str(FILE), *SMALL)
    assert statuses(server) == {"beta": "loaded", FILE.stem: "unloaded", "alpha": "unloaded"}
    assert server.request("GET", "/v1/models/gpt-4o").json["id"] == "beta"


def test_an_idle_model_makes_room_and_one_in_use_does_not(start_server, folder):
    # Room for one, not for two; and for a stream that lasts as long as the rest needs.
    server = start_server("--models-dir", folder, "--ctx-size", "1024", "--parallel", "2", "--memory-budget", "300M")
    assert all(150 <= size <= 299 for size in sums(server.log).values())
    assert ask(server, "beta").status == 200
    assert statuses(server) == {"alpha": "unloaded", "beta": "loaded"}

    with server.stream(**chat_body(model="beta", max_tokens=10_000, ignore_eos=True)) as stream:
        next(stream)
        replies = []
        waiting = threading.Thread(target=lambda: replies.append(ask(server, "alpha")))
        waiting.start()
        # The one that is in use goes on being served, to others too.
        for _ in range(3):
            assert ask(server, "beta").status == 200
            assert next(stream)["model"] == "beta"
        assert statuses(server)["beta"] == "loaded"
    # The stream's end is what the other one waited for.
    waiting.join()
    assert replies[0].status == 200 and replies[0].json["model"] == "alpha"
    assert statuses(server) == {"alpha": "loaded", "beta": "unloaded"}


def test_one_who_leaves_while_a_model_loads_harms_nobody(start_server, folder):
    server = start_server("--models-dir", folder, *SMALL)
    for _ in range(3):
        server.stream(**chat_body(model="beta", max_tokens=2)).close(reset=True)
    assert ask(server, "beta").status == 200
    wait_until(lambda: statuses(server)["beta"] == "loaded", "the load")


def test_many_who_ask_at_once_share_one_load(start_server, folder):
    server = start_server("--models-dir", folder, *SMALL)
    replies = []
    threads = [threading.Thread(target=lambda: replies.append(ask(server, "beta"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.status for reply in replies] == [200] * 6
    assert len(re.findall(r"\[model\] beta: ", server.log)) == 1


def test_a_file_that_was_damaged_fails_its_own_requests_alone(start_server, folder):
    damaged = folder / "beta.gguf"
    damaged.unlink()
    damaged.write_bytes(FILE.read_bytes())
    server = start_server("--models-dir", folder, *SMALL)
    damaged.write_bytes(FILE.read_bytes()[: 20 << 20])
    for _ in range(2):
        reply = ask(server, "beta")
        assert reply.status == 500 and reply.error["code"] == "model_load_failed"
        assert "beta" in reply.error["message"] and str(folder) not in reply.error["message"]
        assert ask(server, "alpha").status == 200
    assert "could not load" in server.log
    # Mended, it is served without a new start.
    damaged.write_bytes(FILE.read_bytes())
    assert ask(server, "beta").status == 200


def test_a_file_that_cannot_be_served_is_said_to_be_unusable(start_server, folder):
    (folder / "cut.gguf").write_bytes(FILE.read_bytes()[: 20 << 20])
    server = start_server("--models-dir", folder, *SMALL)
    assert "cut" not in statuses(server)
    reply = ask(server, "cut")
    assert reply.status == 400 and reply.error["code"] == "model_unusable" and reply.error["param"] == "model"
    assert "not served: " in server.log and "cut.gguf" in server.log


# MARK: the memory budget


def test_the_plan_is_printed_at_start(start_server, folder):
    server = start_server("--models-dir", folder, *SMALL, "--memory-budget", "1G")
    log = server.log
    assert "budget 1024 MiB" in log
    assert sorted(sums(log)) == ["alpha", "beta"]
    size = sums(log)["alpha"]
    left = re.search(r"left beside alpha: (\d+) MiB", log)
    # Both are rounded up.
    assert abs(1024 - size - int(left[1])) <= 1
    plan = re.search(r"alpha: \d+ MiB \(weights (\d+) MiB, KV cache (\d+) MiB, compute (\d+) MiB, saved prefixes (\d+) MiB\)", log)
    assert abs(sum(map(int, plan.groups())) - size) <= 4
    # What is planned is printed before the model is loaded, and is about what the process then takes.
    assert log.index("[memory] alpha") < log.index("[model] alpha: ")
    assert server.memory < (size + 150) << 20


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--memory-budget", "50M"], ["a smaller model", "--memory-budget"]),
        (["--memory-budget", "120M", "--ctx-size", "8192"], ["--ctx-size", "--parallel", "--memory-budget", "8192 tokens"]),
        (["--memory-budget", "100M"], ["--ctx-size", "100 MiB"]),
        (["--gpu-layers", "5", "--ctx-size", "64"], ["--gpu-layers 5", "no GPU"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_what_does_not_fit_is_refused_before_anything_is_loaded(options, words):
    line = refused(run("--port", "0", "--no-tune", *options, "--log-level", "error"), status=1)
    assert all(word in line for word in words), line


@pytest.mark.parametrize("size", ["", "0", "lots", "8X", "101%", "-1G"])
def test_a_size_that_is_none_is_refused(size):
    assert "--memory-budget" in refused(run("--memory-budget", size))


def test_a_budget_bounds_the_context(start_server):
    lengths = []
    for budget in ("300M", "400M"):
        server = start_server("--memory-budget", budget)
        card = server.request("GET", "/v1/models").json["data"][0]
        assert card["meta"]["memory_bytes"] <= int(budget[:-1]) << 20
        lengths.append(card["meta"]["context_length"])
        server.stop()
    assert lengths[0] < lengths[1] < 8192
