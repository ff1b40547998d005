#!/usr/bin/env bash
# Builds llama.cpp and whisper.cpp as static libraries on one shared ggml, into .native/prefix.
# Interrupted builds go on where they stopped (ninja); a change of sources or flags repeats the step.
# ACCEL=cuda, vulkan or metal adds that backend of ggml's, ACCEL=cpu takes it out; without ACCEL it stays as it was.
source "$(dirname "$0")/common.sh"
source "$ROOT/Scripts/accelerators.sh"
one_at_a_time

# Package.swift reads this file: which backend there is, and what is to be linked for it.
accelerator_file="$PREFIX/accelerator"
accelerator="${ACCEL:-$(accelerator_in "$accelerator_file")}"
key="$(cat "$STAMPS/sources") $(digest Scripts/build-native.sh Scripts/accelerators.sh) $accelerator"
is_done native "$key" && exit 0
check_accelerator "$accelerator"
undo native
llama_build="$BUILD/llama.cpp"
[ "$accelerator" = cpu ] || llama_build="$BUILD/llama.cpp-$accelerator"
accelerator_flags=()
while IFS= read -r flag; do accelerator_flags+=("$flag"); done < <(accelerator_cmake_flags "$accelerator")

# One ggml in the process: whisper.cpp (and stable-diffusion.cpp, which needs GGML_MAX_NAME >= 128)
# compile against the one that llama.cpp brings. Two of them would clash at link or run time.
common_flags=(
    -G Ninja
    -DCMAKE_BUILD_TYPE=Release
    -DBUILD_SHARED_LIBS=OFF
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON
    -DCMAKE_C_FLAGS=-DGGML_MAX_NAME=128
    -DCMAKE_CXX_FLAGS=-DGGML_MAX_NAME=128
    -DCMAKE_INSTALL_PREFIX="$PREFIX"
    -DCMAKE_INSTALL_LIBDIR=lib
)

say "configuring llama.cpp ($accelerator)"
cmake -S "$SOURCES/llama.cpp" -B "$llama_build" "${common_flags[@]}" \
    -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_MTMD=ON \
    -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_IS_DEV=OFF -DLLAMA_OPENSSL=OFF \
    -DLLAMA_BUILD_COMMIT=2026-10-01 -DGGML_NATIVE=ON -DGGML_BLAS=ON -DGGML_BLAS_VENDOR=OpenBLAS \
    ${accelerator_flags[@]+"${accelerator_flags[@]}"} > "$NATIVE/configure-llama.log" 2>&1 \
    || { tail -n 30 "$NATIVE/configure-llama.log" >&2; fail "cmake could not configure llama.cpp; the whole log is $NATIVE/configure-llama.log"; }
say "building llama.cpp (about 5 minutes on two cores the first time)"
cmake --build "$llama_build"
cmake --install "$llama_build" > /dev/null

# llama.cpp's common library is not installed by its own rules: its archives and headers are taken from the trees.
say "installing llama.cpp's common library"
find "$llama_build" -name 'libllama-common*.a' -o -name 'libvendor-*.a' -o -name 'libcpp-httplib.a' \
    | while read -r archive; do install -m 644 "$archive" "$PREFIX/lib/"; done
mkdir -p "$PREFIX/include/llama-common"
install -m 644 "$SOURCES"/llama.cpp/common/*.h "$PREFIX/include/llama-common/"
cp -R "$SOURCES/llama.cpp/common/jinja" "$PREFIX/include/llama-common/"
cp -R "$SOURCES/llama.cpp/vendor/nlohmann" "$PREFIX/include/"

say "configuring whisper.cpp"
cmake -S "$SOURCES/whisper.cpp" -B "$BUILD/whisper.cpp" "${common_flags[@]}" \
    -DWHISPER_USE_SYSTEM_GGML=ON -DWHISPER_BUILD_TESTS=OFF -DWHISPER_BUILD_EXAMPLES=OFF -DWHISPER_BUILD_SERVER=OFF \
    -DCMAKE_PREFIX_PATH="$PREFIX" > "$NATIVE/configure-whisper.log" 2>&1 \
    || { tail -n 30 "$NATIVE/configure-whisper.log" >&2; fail "cmake could not configure whisper.cpp; the whole log is $NATIVE/configure-whisper.log"; }
say "building whisper.cpp"
cmake --build "$BUILD/whisper.cpp"
cmake --install "$BUILD/whisper.cpp" > /dev/null

was="$(cat "$accelerator_file" 2> /dev/null || true)"
accelerator_link_lines "$accelerator" > "$accelerator_file"
# SwiftPM keeps what it read of Package.swift, and does not notice that a file which that reads has changed.
[ "$was" = "$(cat "$accelerator_file")" ] || "${SWIFT:-swift}" package purge-cache

mark_done native "$key"
say "native libraries are in .native/prefix"
