#!/usr/bin/env bash
# Builds llama.cpp and whisper.cpp as static libraries on one shared ggml, into .native/prefix.
# Interrupted builds go on where they stopped (ninja); a change of sources or flags repeats the step.
source "$(dirname "$0")/common.sh"
one_at_a_time

key="$(cat "$STAMPS/sources") $(digest Scripts/build-native.sh)"
is_done native "$key" && exit 0
undo native

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

say "configuring llama.cpp"
cmake -S "$SOURCES/llama.cpp" -B "$BUILD/llama.cpp" "${common_flags[@]}" \
    -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_MTMD=ON \
    -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_APP=OFF \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_IS_DEV=OFF -DLLAMA_OPENSSL=OFF \
    -DLLAMA_BUILD_COMMIT=2026-10-01 -DGGML_NATIVE=ON -DGGML_BLAS=ON -DGGML_BLAS_VENDOR=OpenBLAS > "$NATIVE/configure-llama.log" 2>&1 \
    || { tail -n 30 "$NATIVE/configure-llama.log" >&2; fail "cmake could not configure llama.cpp; the whole log is $NATIVE/configure-llama.log"; }
say "building llama.cpp (about 5 minutes on two cores the first time)"
cmake --build "$BUILD/llama.cpp"
cmake --install "$BUILD/llama.cpp" > /dev/null

# llama.cpp's common library is not installed by its own rules: its archives and headers are taken from the trees.
say "installing llama.cpp's common library"
find "$BUILD/llama.cpp" -name 'libllama-common*.a' -o -name 'libvendor-*.a' -o -name 'libcpp-httplib.a' \
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

mark_done native "$key"
say "native libraries are in .native/prefix"
