"""Requests made of the server's own description, most of them wrong in some way: none may be a fault of the server.

`make fuzz-api` sends 10,000, other ones each time; the tests send some hundred, always the same.
"""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from support import DEADLINE

# Set by `make fuzz-api`: how many requests in all.
COUNT = int(os.environ.get("FUZZ_REQUESTS", "0"))
EACH = 10


@pytest.fixture(scope="module")
def fuzzed(launch):
    """A server where the longest answer is short."""
    return launch("--ctx-size", "128", "--parallel", "4")


def shortened(body):
    """A body that asks for little, where it asks for anything that could be computed."""
    if not isinstance(body, dict):
        return body
    for name, limit in (("max_tokens", 2), ("max_completion_tokens", 2), ("n_predict", 2), ("n", 2), ("best_of", 2)):
        value = body.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > limit:
            body[name] = limit
    return body


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "wrong"])
def test_no_request_is_a_fault_of_the_server(fuzzed, mode):
    schema = schemathesis.openapi.from_dict(fuzzed.request("GET", "/openapi.json").json)
    operations = [result.ok() for result in schema.get_all_operations()]
    # Without a body hardly anything can be strange, and a path can't be wrong: another one is another endpoint's.
    if mode == GenerationMode.NEGATIVE:
        operations = [operation for operation in operations if operation.body]
    each = max(1, COUNT // 2 // len(operations)) if COUNT else EACH
    sent = 0

    def attack(operation):
        @settings(
            max_examples=each,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            derandomize=COUNT == 0,
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case):
            nonlocal sent
            case.body = shortened(case.body)
            response = case.call(base_url=f"{fuzzed.url}/v1", timeout=DEADLINE)
            assert response.status_code < 500, (response.status_code, case.as_curl_command())
            sent += 1

        send()

    for operation in operations:
        attack(operation)
    while sent < COUNT // 2:
        for operation in operations:
            if operation.body:
                attack(operation)
    print(f"{sent} requests to {len(operations)} operations")
    assert fuzzed.is_running and fuzzed.request("GET", "/health").status == 200
