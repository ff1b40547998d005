#!/usr/bin/env bash
# Makes the virtual environments with the clients that the tests drive the server with: .venv, and .venv-openai-2.
source "$(dirname "$0")/common.sh"
one_at_a_time
make_venv "$TEST_VENV" Scripts/requirements/test.txt
make_venv "$TEST_VENV_OPENAI_2" Scripts/requirements/test-openai-2.txt
