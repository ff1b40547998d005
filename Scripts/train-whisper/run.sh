#!/usr/bin/env bash
# Trains Tests/models/whisper-words.bin anew: voices, corpus, training, file, curve. An hour or so on two quiet cores.
# Interrupted, it goes on where it stopped. Everything but the results lies in .native/train-whisper.
source "$(dirname "$0")/../common.sh"
one_at_a_time

folder="$NATIVE/train-whisper"
python="$folder/venv/bin/python"
header="$SOURCES/whisper.cpp/models/for-tests-ggml-base.en.bin"
cli="$NATIVE/build-whisper/bin/whisper-cli"
here=Scripts/train-whisper
results=docs/transcription-model

mkdir -p "$folder" "$results" Tests/models
make_venv "$folder/venv" Scripts/requirements/train.txt
# That waits for the same lock.
flock --unlock 9
Scripts/bench/build-whisper-cli.sh
say "speaking the corpus"
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" $here/corpus.py "$header" "$folder/corpus"
say "training"
"$python" $here/train.py "$folder/corpus" "$folder/run"
last="$(ls "$folder"/run/step-*.npz | sort -V | tail -n 1)"
"$python" $here/check.py "$header" "$last" "$cli"
"$python" $here/export.py "$header" "$last" Tests/models/whisper-words.bin
"$python" $here/curve.py "$header" "$cli" "$folder/run" $results/curve.csv $results/curve.svg
"$python" $here/evaluate.py "$cli" Tests/models/whisper-words.bin
