#!/usr/bin/env bash
# Builds llama-server, llama-bench and llama-quantize for comparison, from the sources that the product uses as they were
# published, without Scripts/patches; twice, as ggml's threads come in two kinds: with OpenMP (.native/build-bench/openmp) and
# with its own pool (.native/build-bench/pool, llama-bench alone). Nothing of this is part of the product. With BLAS neither:
# it makes quantized models slower (docs/native.md).
source "$(dirname "$0")/../common.sh"
one_at_a_time

key="$(cat "$STAMPS/sources") $(digest Scripts/bench/build-llama-server.sh)"
is_done build-bench "$key" && exit 0
undo build-bench

published="$NATIVE/build-bench/llama.cpp"
mkdir -p "$NATIVE/build-bench"
rm -rf "$published"
cp -R --preserve=timestamps "$SOURCES/llama.cpp" "$published"
for patch in Scripts/patches/llama.cpp/*.patch; do
    patch --directory "$published" --strip=1 --fuzz=0 --quiet --reverse < "$patch"
done

# The flags of Scripts/build-native.sh, the server instead of the libraries, and no page: its assets would be downloaded.
flags=(
    -G Ninja
    -DCMAKE_BUILD_TYPE=Release
    -DBUILD_SHARED_LIBS=OFF
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON
    -DCMAKE_C_FLAGS=-DGGML_MAX_NAME=128
    -DCMAKE_CXX_FLAGS=-DGGML_MAX_NAME=128
    -DGGML_NATIVE=ON -DGGML_BLAS=OFF
    -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=ON
    -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF
    -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_IS_DEV=OFF
    -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_COMMIT=2026-10-01
)

# build NAME OPENMP TARGET...: an out-of-tree build of these programs.
build() {
    local folder="$NATIVE/build-bench/$1" log="$NATIVE/build-bench/$1.log" openmp="$2"
    shift 2
    mkdir -p "$folder"
    cmake -S "$published" -B "$folder" "${flags[@]}" -DGGML_OPENMP="$openmp" > "$log" 2>&1 \
        || { tail -n 30 "$log" >&2; fail "cmake could not configure llama-server; the whole log is $log"; }
    nice cmake --build "$folder" --parallel "${BENCH_JOBS:-$(nproc)}" --target "$@"
}

say "building llama-server from the product's sources, without its patches (some minutes the first time)"
build openmp ON llama-server llama-bench llama-quantize
build pool OFF llama-bench
mark_done build-bench "$key"
say "llama-server is in .native/build-bench/openmp/bin"
