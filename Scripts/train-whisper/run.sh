#!/usr/bin/env bash
# Trains Tests/models/whisper-words.bin anew: voices, corpus, training, file, curve. An hour or so on two quiet cores.
# Interrupted, it goes on where it stopped. Everything but the results lies in .native/train-whisper.
#
# usage: run.sh [STEPS PARTS FOLDER]
#
# With arguments it is a trial: so many steps (a multiple of 50) on so many parts of the corpus, and all that comes of it in a folder.
source "$(dirname "$0")/../common.sh"
one_at_a_time

steps="${1:-2900}"
parts="${2:-6}"
folder="$NATIVE/train-whisper"
work="${3:-$folder}"
python="$folder/venv/bin/python"
header="$SOURCES/whisper.cpp/models/for-tests-ggml-base.en.bin"
cli="$NATIVE/build-whisper/bin/whisper-cli"
here=Scripts/train-whisper
models="${3:-Tests/models}"
results="${3:-docs/transcription-model}"

[ $((steps % 50)) = 0 ] || fail "$steps is no multiple of 50, which is how often the losses are noted"
mkdir -p "$folder" "$work" "$results" "$models"
make_venv "$folder/venv" Scripts/requirements/train.txt
# That waits for the same lock.
flock --unlock 9
Scripts/bench/build-whisper-cli.sh
say "speaking the corpus"
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" $here/corpus.py "$header" "$work/corpus" --parts "$parts"
say "training"
"$python" $here/train.py "$work/corpus" "$work/run" --steps "$steps"
last="$(ls "$work"/run/step-*.npz | sort -V | tail -n 1)"
"$python" $here/check.py "$header" "$last" "$cli"
"$python" $here/export.py "$header" "$last" "$models/whisper-words.bin"
# The curve that is kept in the repository is another run's.
"$python" $here/curve.py "$header" "$cli" "$work/run" "$work/run/curve.csv" "$work/run/curve.svg"
install -m 644 "$work/run/curve.csv" "$work/run/curve.svg" "$results"
"$python" $here/evaluate.py "$cli" "$models/whisper-words.bin"
