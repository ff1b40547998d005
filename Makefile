# One command for each thing; `make help` lists them.
# Everything that is fetched or built outside SwiftPM lies in .native, and in .venv and .venv-openai-2 for the tests.

SERVER  := .build/release/inference-server
SWIFT   ?= swift
export SWIFT
# Which GPU backend the native libraries have: see docs/gpu.md. Without it, the one that they were last built with.
ACCEL   ?=
export ACCEL
# Options of what is run: of the server in `make run`, such as ARGS="--port 8080", of the script in `make bench` and `make soak`.
ARGS    ?=

.DEFAULT_GOAL := help
.PHONY: help run tune build deps packages models test test-swift test-clients test-conformance fuzz fuzz-api \
	bench bench-embeddings bench-neighbours bench-sampling bench-constraints bench-noise bench-speech \
	train-whisper soak test-asan test-tsan lint format clean distclean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build models  ## build what is missing, tune the default model once, start the server (ARGS="..." for its options)
	@$(if $(OTHER_MODEL),,$(TUNE_ONCE))
	@exec $(SERVER) $(ARGS)

# Options of the server under which the default model is not served, or not tuned. An interrupt ends `make run` there.
OTHER_MODEL = $(filter --no-tune --model --model=% -m --models-dir --models-dir=% --help -h --version,$(ARGS))
TUNE_ONCE = $(SERVER) tune --once || { status=$$?; [ $$status -lt 128 ] || exit $$status; \
	echo "warning: the default model could not be tuned to this machine; it is served as it is" >&2; }

tune: build models  ## measure anew what makes the default models fast on this machine, and keep it
	@$(SERVER) tune

build: deps  ## build the server in release mode
	@$(SWIFT) build --configuration release --product inference-server

deps: packages  ## fetch and build the native libraries (ACCEL=cuda, vulkan or metal: with that GPU backend)
	@Scripts/fetch-sources.sh
	@Scripts/build-native.sh

packages:  # Debian packages; SKIP_PACKAGES=1 where they come from elsewhere
	@test -n "$(SKIP_PACKAGES)" || Scripts/install-packages.sh

models: packages  ## fetch the default models into models/
	@Scripts/fetch-models.sh

test: build models test-swift test-clients  ## run every test

# Suites that wait for clients and deadlines run apart from those that keep the cores busy.
WAITING = "^(HTTPTests|RuntimeSupportTests)\."

test-swift: deps models
	@Scripts/bench/build-whisper-cli.sh
	$(SWIFT) build --build-tests
	@Scripts/test-swift.sh --skip-build --filter $(WAITING)
	@Scripts/test-swift.sh --skip-build --skip $(WAITING)

test-conformance: deps models  ## compare transcriptions with whisper-cli, built from the same sources
	@Scripts/bench/build-whisper-cli.sh
	$(SWIFT) test --filter WhisperTests

test-clients: build models  # the official clients against the running server
	@Scripts/python-env.sh
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile Tests/clients
	.venv-openai-2/bin/python -m pytest Tests/clients/openai_2

fuzz: deps build models  ## an hour of inputs led by coverage (FUZZ_MINUTES), then 10,000 strange requests
	@Scripts/fuzz.sh
	@$(MAKE) --no-print-directory fuzz-api

fuzz-api: build models  ## send 10,000 strange requests, made of the server's own description
	@Scripts/python-env.sh
	FUZZ_REQUESTS=$${FUZZ_REQUESTS:-10000} .venv/bin/python -m pytest -s -o faulthandler_timeout=0 Tests/clients/test_fuzz.py

bench: build models  ## measure against llama-server, into docs/benchmarks.md (ARGS="--help" for less)
	@Scripts/bench/build-llama-server.sh
	@python3 Scripts/bench/bench.py $(ARGS)
	@$(if $(ARGS),,python3 Scripts/bench/embeddings.py)

bench-embeddings: build models  ## measure embeddings against llama-server (a part of `make bench`)
	@Scripts/bench/build-llama-server.sh
	@python3 Scripts/bench/embeddings.py $(ARGS)

bench-neighbours: build models  ## measure what another busy program costs, by kind of threads
	@Scripts/bench/build-llama-server.sh
	@python3 Scripts/bench/neighbours.py $(ARGS)

soak: build models  ## 10 minutes with 200 clients that come, go and vanish (ARGS="--minutes 2" for less)
	@python3 Scripts/bench/soak.py $(ARGS)

bench-sampling: deps models  ## measure what choosing tokens costs beside llama.cpp's samplers
	@$(SWIFT) build --configuration release --product SamplingBench
	@.build/release/SamplingBench models/SmolLM2-135M-Instruct.Q4_1.gguf

bench-cores: build models  ## measure what other work of the same server costs a stream
	@python3 Scripts/bench/cores.py $(ARGS)

bench-speech: build models  ## measure speech beside espeak-ng's own program
	@python3 Scripts/bench/speech.py $(ARGS)

bench-transcription: build models  ## measure transcription beside whisper-cli
	@Scripts/bench/build-whisper-cli.sh
	@python3 Scripts/bench/transcription.py $(ARGS)

bench-constraints: build models  ## measure what it costs to hold answers to grammars
	@python3 Scripts/bench/constraints.py $(ARGS)

bench-noise: deps models  ## measure how much the shape of a batch changes logits
	@$(SWIFT) build --configuration release --product NoiseBench
	@.build/release/NoiseBench models/SmolLM2-135M-Instruct.Q4_1.gguf

train-whisper: deps  ## train the small whisper model of the tests anew, for an hour or so
	@Scripts/train-whisper/run.sh

# XCTest's own runner, which no test uses, leaks; and a TSan build cannot see what OpenMP orders, nor has it stacks for std::regex
# to recurse on, which vocabularies are split with.
ASAN = --disable-xctest --sanitize address --scratch-path .build-asan
TSAN = --disable-xctest --sanitize thread --scratch-path .build-tsan

test-asan: deps models  ## run the Swift tests under the address sanitizer
	$(SWIFT) test $(ASAN) --filter $(WAITING)
	$(SWIFT) test $(ASAN) --skip $(WAITING)

test-tsan: deps models  ## run the Swift tests under the thread sanitizer (those that compute with ggml, or split texts, excepted)
	$(SWIFT) test $(TSAN) --filter $(WAITING)
	$(SWIFT) test $(TSAN) --skip $(WAITING) --skip "LlamaTests|WhisperTests|TokenizerTests"

lint:  ## check format and style
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests

format:  ## put the sources into their format
	$(SWIFT) format --in-place --parallel --recursive Package.swift Sources Tests

clean:  ## remove build products; fetched sources and models stay
	rm -rf .build .build-asan .build-tsan .build-fuzz .native/build .native/build-bench .native/build-whisper .native/prefix \
		.native/stamps/native .native/stamps/build-bench .native/stamps/build-whisper

distclean: clean  ## remove everything that was fetched or built, the default models too
	rm -rf .native .venv .venv-openai-2 models/SmolLM2-135M-Instruct.Q4_1.gguf models/all-MiniLM-L6-v2.F16.gguf
	rm -rf models/*.tuned.gguf models/*.tuning.json models/*.tuning.svg models/.*.tuning
