"""`tune`: what it prints and keeps, that the server then uses it, and what goes wrong. No test asserts on a speed."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import xml.etree.ElementTree

import pytest

from support import BINARY, ROOT, chat_body, environment, run, wait_until

FILE = "SmolLM2-135M-Instruct.Q4_1"
EMBEDDING = "all-MiniLM-L6-v2.F16"
# Converting, loading and computing take their time where other programs compute, too.
DEADLINE = 600
QUICK = ("--seconds", "1", "--threads", "1")


def tune(folder, *arguments):
    return subprocess.run(
        [BINARY, "tune", "--models-dir", folder, *QUICK, *arguments],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )


def refused(result):
    assert result.returncode == 1, result.stderr
    assert result.stdout == ""
    line = result.stderr.rstrip("\n").rpartition("\n")[2]
    assert line.startswith("error: ")
    return line


@pytest.fixture
def folder(tmp_path):
    """A folder with links to the installed models."""
    for name in (FILE, EMBEDDING):
        (tmp_path / f"{name}.gguf").symlink_to((ROOT / "models" / f"{name}.gguf").resolve())
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """A folder in which Q8_0 was tried, and what the command printed."""
    folder = tmp_path_factory.mktemp("tuned")
    (folder / f"{FILE}.gguf").symlink_to((ROOT / "models" / f"{FILE}.gguf").resolve())
    result = tune(folder, "--formats", "Q8_0")
    assert result.returncode == 0, result.stderr
    return folder, result.stdout


def copy_of(tuned, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(tuned[0], folder, symlinks=True)
    return folder


def test_the_result_is_a_table_a_record_and_a_plot(tuned):
    folder, output = tuned
    lines = output.splitlines()
    assert lines[0].split()[:2] == ["FORMAT", "MIB"]
    assert [line.split()[0] for line in lines[1:3]] == ["Q4_1", "Q8_0"]
    assert any(line.startswith("Chosen: ") for line in lines)
    record = json.loads((folder / f"{FILE}.tuning.json").read_text())
    formats = {format["name"]: format for format in record["formats"]}
    assert formats["Q4_1"]["distance"]["meanKL"] == 0
    assert 0 < formats["Q8_0"]["distance"]["meanKL"] < 0.01
    assert all(speed > 0 for speed in formats["Q8_0"]["speeds"].values())
    assert (folder / f"{FILE}.tuned.gguf").exists() == ("weights" in record["choice"])
    xml.etree.ElementTree.parse(folder / f"{FILE}.tuning.svg")
    assert not [name for name in names(folder) if name.startswith(".")]


def test_tuned_weights_are_no_model_of_their_own(tuned):
    output = run("models", "--models-dir", str(tuned[0])).stdout
    assert FILE in output and "tuned" not in output


def test_once_is_enough(tuned):
    result = tune(tuned[0], "--once")
    assert (result.returncode, result.stderr) == (0, "")
    assert "is tuned to this machine" in result.stdout


def test_the_server_uses_it_and_says_so(tuned, start_server):
    server = start_server("--models-dir", tuned[0], "--ctx-size", "256", "--parallel", "1")
    assert f"{FILE}: tuned to this machine. Chosen:" in server.log
    assert server.request("POST", "/v1/chat/completions", chat_body(max_tokens=4)).status == 200
    [card] = server.models.values()
    assert card["id"] == FILE


def test_without_tuning_the_file_is_served_as_it_is(tuned, start_server):
    server = start_server("--models-dir", tuned[0], "--ctx-size", "256", "--parallel", "1", "--no-tune")
    assert "tuned to this machine" not in server.log
    [card] = server.models.values()
    assert "Q4_1" in card["meta"]["description"]


@pytest.mark.parametrize("damage", ["record", "machine", "weights"])
def test_a_tuning_that_does_not_hold_is_ignored(tuned, tmp_path, start_server, damage):
    folder = copy_of(tuned, tmp_path)
    path = folder / f"{FILE}.tuning.json"
    record = json.loads(path.read_text())
    match damage:
        case "record":
            path.write_text(path.read_text()[:200])
        case "machine":
            record["machine"]["processor"] = "another"
            path.write_text(json.dumps(record))
        case "weights":
            record["choice"]["weights"] = {"size": 1000, "samples": "0"}
            path.write_text(json.dumps(record))
    server = start_server("--models-dir", folder, "--ctx-size", "256", "--parallel", "1")
    [line] = [line for line in server.log.splitlines() if "its tuning is ignored" in line]
    assert f"tune {FILE}' again" in line
    [card] = server.models.values()
    assert "Q4_1" in card["meta"]["description"]


def test_an_embedding_model(folder, start_server):
    """Its table and record; the server embeds with what was chosen, the vectors hardly changed."""
    result = tune(folder, EMBEDDING, "--formats", "BF16,Q8_0")
    assert result.returncode == 0, result.stderr
    rows = {line.split()[0]: line for line in result.stdout.splitlines() if line}
    assert float(rows["F16"].split()[4]) == 1 and float(rows["BF16"].split()[4]) >= 0.9999
    assert "refused: least cosine 0.99" in rows["Q8_0"]
    record = json.loads((folder / f"{EMBEDDING}.tuning.json").read_text())
    assert (folder / f"{EMBEDDING}.tuned.gguf").exists() == ("weights" in record)
    assert "is tuned to this machine" in tune(folder, EMBEDDING, "--once").stdout
    body = {"model": "text-embedding-3-small", "input": ["a farm in the fields", "the price of one share"]}
    vectors = []
    for option in ((), ("--no-tune",)):
        server = start_server("--models-dir", folder, "--model", EMBEDDING, *option)
        assert ("tuned to this machine. Chosen:" in server.log) == (not option)
        answer = server.request("POST", "/v1/embeddings", body).json
        vectors.append([entry["embedding"] for entry in answer["data"]])
        server.stop()
    for tuned, untuned in zip(*vectors):
        assert sum(left * right for left, right in zip(tuned, untuned)) >= 0.9999


def test_what_does_not_fit_is_not_tried(folder):
    result = tune(folder, FILE, "--formats", "BF16", "--max-disk-mib", "100")
    assert result.returncode == 0, result.stderr
    assert "do not fit into 100 MiB of disk" in result.stdout
    assert "Chosen: the file as it is" in result.stdout
    assert f"{FILE}.tuned.gguf" not in names(folder)


def test_a_bound_on_the_distance_is_kept(folder):
    result = tune(folder, FILE, "--formats", "Q4_0")
    assert result.returncode == 0, result.stderr
    assert "refused: too far from the original" in result.stdout
    assert f"{FILE}.tuned.gguf" not in names(folder)


# MARK: what goes wrong


def test_a_model_that_is_not_there(folder):
    assert "there is no model 'nothing'" in refused(tune(folder, "nothing"))


def test_a_reranker(folder):
    (folder / "reranker.gguf").symlink_to(ROOT / "Tests/LlamaTests/Models/tiny-rerank.gguf")
    assert "makes no vectors" in refused(tune(folder, "reranker"))


def test_a_damaged_model(folder):
    (folder / "damaged.gguf").write_bytes((folder / f"{FILE}.gguf").read_bytes()[: 8 << 20])
    assert "the file ends at byte 8388608 of" in refused(tune(folder, "damaged"))
    assert names(folder) == sorted([f"{FILE}.gguf", f"{EMBEDDING}.gguf", "damaged.gguf"])


def test_too_little_memory(folder):
    assert "needs" in refused(tune(folder, FILE, "--max-memory-mib", "100"))


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write anywhere")
def test_a_folder_that_cannot_be_written():
    drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    # Another user must get to the folder, so it lies in none of pytest's.
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "models" / f"{FILE}.gguf", folder)
        os.chmod(folder, 0o555)
        try:
            result = subprocess.run(
                [*drop, BINARY, "tune", FILE, "--models-dir", folder, *QUICK],
                env=environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=DEADLINE,
            )
        finally:
            os.chmod(folder, 0o755)
    if result.stderr.startswith("setpriv"):
        pytest.skip("another user can't reach the program here")
    assert "cannot write in" in refused(result)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(folder, number):
    process = subprocess.Popen(
        [BINARY, "tune", FILE, "--models-dir", folder, *QUICK],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    work = folder / f".{FILE}.tuning"
    try:
        wait_until(lambda: any(work.glob("*.gguf*")), "a file is being converted")
        # A second one meanwhile is told so.
        assert "is being tuned already" in refused(tune(folder, FILE))
        process.send_signal(number)
        assert process.wait(DEADLINE) == 128 + number
    finally:
        process.kill()
        process.communicate()
    assert names(folder) == sorted([f"{FILE}.gguf", f"{EMBEDDING}.gguf"])


def test_after_a_kill_nothing_is_taken_for_a_model(folder):
    process = subprocess.Popen(
        [BINARY, "tune", FILE, "--models-dir", folder, *QUICK],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    work = folder / f".{FILE}.tuning"
    try:
        wait_until(lambda: any(work.glob("*.gguf*")), "a file is being converted")
    finally:
        process.kill()
        process.wait()
    output = run("models", "--models-dir", str(folder)).stdout
    assert output.count(".Q4_1") == 1
    assert tune(folder, FILE, "--formats", "Q4_0").returncode == 0
    assert not work.exists()
