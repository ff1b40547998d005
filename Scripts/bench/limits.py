"""The limits of the machine, and how far each case is from them."""

import json
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def measure(threads):
    """Runs limits.c, built for this CPU."""
    with tempfile.TemporaryDirectory() as folder:
        program = f"{folder}/limits"
        subprocess.run(["cc", "-O3", "-march=native", "-pthread", HERE / "limits.c", "-o", program], check=True)
        return json.loads(subprocess.run([program, str(threads)], check=True, capture_output=True).stdout)


class Limits:
    """Least times of a model's work on this machine."""

    def __init__(self, measured, work):
        self.work = work
        self._bytes = measured["memory GB/s"] * 1e9
        formats = [measured[f"{name} GMAC/s"] for name in ("int8", "bf16", "float32") if f"{name} GMAC/s" in measured]
        self._products = max(formats) * 1e9 if formats else float("inf")

    def prompt(self, tokens):
        """Seconds of a prompt in one piece: weights are read once, each token multiplied with all of them."""
        return max(self.work.bytes / self._bytes, self.work.prompt(tokens) / self._products)

    def step(self, sequences=1, context=0):
        """Seconds of one step of decoding."""
        return max(self.work.bytes / self._bytes, self.work.step(sequences, context) / self._products)

    def of(self, case, figure):
        """The limit of a row's figure, in its unit; none where there is none to compute."""
        chats = self.prompt(16 * (64 + 30)) + 64 * self.step(16, 100)
        known = {
            ("long-prompt", "prompt (tok/s)"): 1200 / self.prompt(1200),
            ("long-prompt", "first token (s)"): self.prompt(1200),
            ("stream-gap", "longest gap (ms)"): 1000 * self.step(1, 600),
            ("stream-gap", "prompt's first token (s)"): self.prompt(1200),
            ("shared-prefix", "last first token (s)"): self.prompt(1000 + 16 * 16),
            ("distinct-chats", "prompt and answer (tok/s)"): 16 * (64 + 30 + 64) / chats,
            ("one-stream", "decode (tok/s)"): 1 / self.step(1, 200),
            ("short-prompt", "first token (ms)"): 1000 * self.prompt(46),
            ("second-turn", "first token (ms)"): 1000 * self.prompt(40),
        }
        return known.get((case, figure))
