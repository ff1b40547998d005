"""What a server counts, in Prometheus's text format."""

import re

PREFIX = "inference_server_"


class Metrics:
    """A scrape, parsed strictly."""

    def __init__(self, reply):
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = reply.body.decode()
        assert text.endswith("\n")
        self.text = text
        self.types = {}
        self.samples = {}
        family = None
        for line in text.splitlines():
            if line.startswith("# HELP "):
                family = line.split()[2]
                assert family not in self.types, f"{family} comes twice"
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                assert name == family and kind in ("counter", "gauge", "histogram")
                self.types[name] = kind
            else:
                match = re.fullmatch(r'([a-z_]+)(?:\{((?:[a-z_]+="[^"\\\n]*",?)+)\})? (\S+)', line)
                assert match, line
                name, labels, value = match.groups()
                kind = self.types[family]
                allowed = [f"{family}_bucket", f"{family}_sum", f"{family}_count"] if kind == "histogram" else [family]
                assert name in allowed, f"{name} stands among {family}"
                assert (name.endswith("_total")) == (kind == "counter")
                labels = tuple(re.findall(r'([a-z_]+)="([^"]*)"', labels or ""))
                assert (name, labels) not in self.samples
                self.samples[name, labels] = float(value)

    def values(self, name, **labels):
        """All samples of a name that have these labels, and may have others."""
        return [
            value for (key, own), value in self.samples.items()
            if key == PREFIX + name and labels.items() <= dict(own).items()
        ]

    def value(self, name, **labels):
        """The only one of them."""
        (value,) = self.values(name, **labels)
        return value
