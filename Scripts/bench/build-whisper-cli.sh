#!/usr/bin/env bash
# Builds whisper-cli, vad-speech-segments and whisper-quantize for comparison, from the sources that the product uses:
# whisper.cpp on llama.cpp's ggml with Scripts/patches, so that the last bits are the same, and without BLAS, which the product
# takes out of the registry (docs/native.md); into .native/build-whisper/bin. Nothing of this is part of the product.
source "$(dirname "$0")/../common.sh"
one_at_a_time

key="$(cat "$STAMPS/sources") $(digest Scripts/bench/build-whisper-cli.sh)"
is_done build-whisper "$key" && exit 0
undo build-whisper

folder="$NATIVE/build-whisper"
rm -rf "$folder"
mkdir -p "$folder/src"
cp -R --preserve=timestamps "$SOURCES/llama.cpp/ggml" "$folder/src/ggml"
# ggml by itself wants a file for pkg-config that llama.cpp leaves out.
: > "$folder/src/ggml/ggml.pc.in"

flags=(
    -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON
    -DCMAKE_C_FLAGS=-DGGML_MAX_NAME=128 -DCMAKE_CXX_FLAGS=-DGGML_MAX_NAME=128
    -DCMAKE_INSTALL_PREFIX="$folder/prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_PREFIX_PATH="$folder/prefix"
)
# configure SOURCE BUILD FLAG...
configure() {
    local source="$1" build="$2" log="$2.log"
    shift 2
    cmake -S "$source" -B "$build" "${flags[@]}" "$@" > "$log" 2>&1 \
        || { tail -n 30 "$log" >&2; fail "cmake could not configure $source; the whole log is $log"; }
}

say "building whisper-cli from the product's sources, (a minute or two)"
configure "$folder/src/ggml" "$folder/ggml" -DGGML_NATIVE=ON -DGGML_LLAMAFILE=ON -DGGML_BLAS=OFF \
    -DGGML_BUILD_TESTS=OFF -DGGML_BUILD_EXAMPLES=OFF
nice cmake --build "$folder/ggml" --parallel "${BENCH_JOBS:-$(nproc)}"
cmake --install "$folder/ggml" > /dev/null
configure "$SOURCES/whisper.cpp" "$folder/whisper.cpp" -DWHISPER_USE_SYSTEM_GGML=ON \
    -DWHISPER_BUILD_EXAMPLES=ON -DWHISPER_BUILD_TESTS=OFF -DWHISPER_BUILD_SERVER=OFF
nice cmake --build "$folder/whisper.cpp" --parallel "${BENCH_JOBS:-$(nproc)}" \
    --target whisper-cli whisper-vad-speech-segments whisper-quantize
mkdir -p "$folder/bin"
install "$folder"/whisper.cpp/bin/{whisper-cli,whisper-vad-speech-segments,whisper-quantize} "$folder/bin/"
mark_done build-whisper "$key"
say "whisper-cli is in .native/build-whisper/bin"
