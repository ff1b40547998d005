# The GPU backends that ACCEL names: what each needs, how it is configured, what is linked for it. Sourced by
# build-native.sh. None of them was ever run by this project: see docs/gpu.md.

# accelerator_in FILE: what the libraries of the prefix were built with.
accelerator_in() {
    local name=""
    [ -f "$1" ] && name="$(sed -n 's/^name //p' "$1")"
    printf '%s\n' "${name:-cpu}"
}

# find_nvcc: the CUDA compiler; fails without a word where there is none.
find_nvcc() {
    command -v nvcc && return
    local nvcc="${CUDA_PATH:-/usr/local/cuda}/bin/nvcc"
    [ -x "$nvcc" ] && printf '%s\n' "$nvcc"
}

# vulkan_header FILE: where vulkan_core.h is.
vulkan_header() {
    local folder
    for folder in ${VULKAN_SDK:+"$VULKAN_SDK/include"} /usr/include /usr/local/include; do
        [ -f "$folder/vulkan/vulkan_core.h" ] && { printf '%s\n' "$folder/vulkan/vulkan_core.h"; return; }
    done
    return 1
}

# Debian 12's headers, 1.3.239, are known to be too old for this ggml; Ubuntu 24.04's, 1.3.275, are the next in wide use.
oldest_vulkan=275

# check_accelerator NAME: says what is missing before anything is compiled.
check_accelerator() {
    local header version
    case "$1" in
    cpu) ;;
    cuda)
        find_nvcc > /dev/null || fail "ACCEL=cuda needs NVIDIA's CUDA toolkit: there is no nvcc in PATH, in \$CUDA_PATH/bin or in /usr/local/cuda/bin"
        ;;
    vulkan)
        header="$(vulkan_header)" || fail "ACCEL=vulkan needs the Vulkan headers: install LunarG's Vulkan SDK and source its setup-env.sh (Debian 12's libvulkan-dev is too old)"
        version="$(sed -n 's/^#define VK_HEADER_VERSION \([0-9]*\)$/\1/p' "$header")"
        grep -q 'define VK_HEADER_VERSION_COMPLETE VK_MAKE_API_VERSION(0, 1, [0-3],' "$header" && [ "${version:-0}" -lt "$oldest_vulkan" ] \
            && fail "ACCEL=vulkan needs Vulkan headers from 1.3.$oldest_vulkan on; $header is 1.3.$version (Debian 12's are too old for this ggml): install LunarG's Vulkan SDK and source its setup-env.sh"
        command -v glslc > /dev/null || fail "ACCEL=vulkan needs the shader compiler glslc: it is in LunarG's Vulkan SDK, and in the package glslc"
        ;;
    metal)
        [ "$(uname -s)" = Darwin ] || fail "ACCEL=metal builds on macOS alone; this is $(uname -s)"
        ;;
    *) fail "ACCEL is cpu, cuda, vulkan or metal, not '$1'" ;;
    esac
}

# accelerator_cmake_flags NAME: one flag a line.
accelerator_cmake_flags() {
    case "$1" in
    cuda) printf '%s\n' -DGGML_CUDA=ON -DGGML_CUDA_NCCL=OFF "-DCMAKE_CUDA_COMPILER=$(find_nvcc)" ;;
    vulkan) printf '%s\n' -DGGML_VULKAN=ON ;;
    metal) printf '%s\n' -DGGML_METAL=ON -DGGML_METAL_EMBED_LIBRARY=ON ;;
    esac
}

# accelerator_link_lines NAME: what Package.swift is to link, in order.
accelerator_link_lines() {
    local root
    printf 'name %s\n' "$1"
    case "$1" in
    cuda)
        root="$(dirname "$(dirname "$(readlink -f "$(find_nvcc)")")")"
        printf 'library ggml-cuda\n'
        # The driver's own library is found at run time; its stub is for linking alone.
        for folder in "$root/lib64" "$root/targets/$(uname -m)-linux/lib"; do
            [ -d "$folder" ] && printf 'search %s\n' "$folder"
            [ -d "$folder/stubs" ] && printf 'stubs %s\n' "$folder/stubs"
        done
        printf 'library %s\n' cudart cublas cublasLt cuda
        ;;
    vulkan)
        printf 'library ggml-vulkan\n'
        [ -n "${VULKAN_SDK:-}" ] && printf 'search %s\n' "$VULKAN_SDK/lib"
        printf 'library vulkan\n'
        ;;
    metal) printf '%s\n' 'library ggml-metal' 'framework Foundation' 'framework Metal' 'framework MetalKit' ;;
    esac
}
