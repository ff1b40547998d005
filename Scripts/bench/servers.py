"""The servers that are compared: how each is started, and what it holds."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LLAMA_SERVER = ROOT / ".native/build-bench/openmp/bin/llama-server"

# Two clients of every server, for the case in which they compete.
KEY, OTHER_KEY = "bench-one", "bench-two"


# A script that is told to end takes its servers with it, by way of their `finally`.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Server:
    """A process that serves on a free port of loopback, ready when the initializer returns."""

    def __init__(self, command, port):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if port is None else self.log,
            stderr=self.log,
        )
        try:
            if port is None:
                line = self.process.stdout.readline().decode()
                if "http://" not in line:
                    raise self._failure("did not start")
                port = int(line.rpartition(":")[2])
            self.address = ("127.0.0.1", port)
            self._wait_for_health()
        except BaseException:
            self.stop()
            raise

    def _wait_for_health(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise self._failure("ended at once")
            try:
                with socket.create_connection(self.address, timeout=5) as connection:
                    connection.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                    if b" 200 " in connection.makefile("rb").readline():
                        return
            except OSError:
                pass
            time.sleep(0.05)
        raise self._failure("is not healthy after two minutes")

    def _failure(self, what):
        self.log.seek(0)
        tail = self.log.read()[-2000:].decode(errors="replace")
        return RuntimeError(f"{Path(self.process.args[0]).name} {what}; its log ends with:\n{tail}")

    def status(self, field):
        """A number of /proc's status file; of sizes, in KiB."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"^{field}:\s+(\d+)", text, re.MULTILINE)
        return int(found.group(1)) if found else 0

    @property
    def resident(self):
        """Resident memory in MiB, mapped weights included."""
        return self.status("VmRSS") / 1024

    @property
    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    @property
    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self, patience=60):
        """Ends it as an administrator would; gives its exit status, or none where it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self.process.kill()
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()
            self.log.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ours(binary, model, *options):
    """This project's server."""
    keys = ("--api-key", KEY, "--api-key", OTHER_KEY)
    return Server([binary, "--port", "0", "--log-level", "warning", *keys, "--model", model, *options], None)


def llama_server(model, *options):
    """llama-server, built by build-llama-server.sh."""
    port = free_port()
    keys = ("--api-key", f"{KEY},{OTHER_KEY}")
    return Server([LLAMA_SERVER, "--port", port, "--offline", *keys, "-m", model, *options], port)
