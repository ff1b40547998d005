#!/usr/bin/env bash
# Makes the virtual environment .venv with the clients that the tests drive the server with.
source "$(dirname "$0")/common.sh"
one_at_a_time
make_venv "$TEST_VENV" Scripts/requirements/test.txt
