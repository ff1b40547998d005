#include "CLlamaReference.h"

#include "ggml-alloc.h"
#include "ggml-backend.h"
#include "ggml-cpu.h"
#include "ggml.h"

#include <cmath>
#include <memory>
#include <random>
#include <vector>

namespace {

struct context_deleter {
    void operator()(ggml_context * context) const { ggml_free(context); }
};

// Everything that attention reads, as ggml's graph has it: queries [size, rows, heads], keys and values [size, keys, kv_heads].
struct problem {
    explicit problem(const reference_attention_case & c) : shape(c), random(c.seed) {
        queries = numbers((size_t) c.head_size * c.rows * c.heads);
        keys = numbers((size_t) c.head_size * c.keys * c.kv_heads);
        values = numbers((size_t) c.head_size * c.keys * c.kv_heads);
        if (c.half_precision) {
            for (std::vector<float> * list : { &keys, &values }) {
                for (float & value : *list) { value = ggml_fp16_to_fp32(ggml_fp32_to_fp16(value)); }
            }
        }
        if (c.has_sinks) { sinks = numbers(c.heads); }
        mask.assign((size_t) c.keys * c.rows, 0.0f);
        for (int32_t row = 0; row < c.rows; ++row) {
            for (int32_t key = 0; key < c.keys; ++key) {
                if (!sees(row, key)) {
                    mask[(size_t) row * c.keys + key] = -INFINITY;
                } else if (c.max_bias > 0.0f) {
                    mask[(size_t) row * c.keys + key] = -std::fabs((float) (c.keys - c.rows + row - key));
                }
            }
        }
    }

    bool sees(int32_t row, int32_t key) const {
        const int32_t own = shape.keys - shape.rows + row;
        switch (shape.visibility) {
            case REFERENCE_CAUSAL: return key <= own;
            case REFERENCE_WINDOW: return key <= own && own - key < 100;
            case REFERENCE_SEQUENCES: return key / ((shape.keys + shape.rows - 1) / shape.rows) == row;
            default: return true;
        }
    }

    // The sums written out, in double precision: [head_size, heads, rows].
    std::vector<float> exact() const {
        const int32_t size = shape.head_size;
        std::vector<float> result((size_t) size * shape.heads * shape.rows);
        const double scale = 1.0 / std::sqrt((double) size);
        const int32_t power = 1 << (int) std::floor(std::log2((double) shape.heads));
        std::vector<double> weights(shape.keys);
        for (int32_t head = 0; head < shape.heads; ++head) {
            const int32_t kv_head = head / (shape.heads / shape.kv_heads);
            double slope = 1.0;
            if (shape.max_bias > 0.0f) {
                slope = head < power ? std::pow(2.0, -shape.max_bias / power * (head + 1))
                                     : std::pow(2.0, -shape.max_bias / 2 / power * (2 * (head - power) + 1));
            }
            for (int32_t row = 0; row < shape.rows; ++row) {
                double highest = shape.has_sinks ? sinks[head] : -INFINITY;
                for (int32_t key = 0; key < shape.keys; ++key) {
                    const float hidden = mask[(size_t) row * shape.keys + key];
                    if (hidden == -INFINITY) {
                        weights[key] = -INFINITY;
                        continue;
                    }
                    double product = 0;
                    for (int32_t i = 0; i < size; ++i) {
                        product += (double) queries[((size_t) head * shape.rows + row) * size + i]
                            * keys[((size_t) kv_head * shape.keys + key) * size + i];
                    }
                    product *= scale;
                    if (shape.softcap > 0.0f) { product = shape.softcap * std::tanh(product / shape.softcap); }
                    weights[key] = product + slope * hidden;
                    highest = std::max(highest, weights[key]);
                }
                double sum = shape.has_sinks ? std::exp(sinks[head] - highest) : 0.0;
                std::vector<double> mean(size);
                for (int32_t key = 0; key < shape.keys; ++key) {
                    const double weight = weights[key] == -INFINITY ? 0.0 : std::exp(weights[key] - highest);
                    sum += weight;
                    for (int32_t i = 0; i < size; ++i) {
                        mean[i] += weight * values[((size_t) kv_head * shape.keys + key) * size + i];
                    }
                }
                for (int32_t i = 0; i < size; ++i) {
                    result[((size_t) row * shape.heads + head) * size + i] = sum == 0 ? 0.0f : (float) (mean[i] / sum);
                }
            }
        }
        return result;
    }

    // What ggml's CPU backend makes of it; empty on a failure.
    std::vector<float> computed() const {
        const std::unique_ptr<ggml_context, context_deleter> context(
            ggml_init({ ggml_tensor_overhead() * 16 + ggml_graph_overhead(), nullptr, true }));
        if (!context) { return {}; }
        const ggml_type type = shape.half_precision ? GGML_TYPE_F16 : GGML_TYPE_F32;
        ggml_tensor * q = ggml_new_tensor_3d(context.get(), GGML_TYPE_F32, shape.head_size, shape.rows, shape.heads);
        ggml_tensor * k = ggml_new_tensor_3d(context.get(), type, shape.head_size, shape.keys, shape.kv_heads);
        ggml_tensor * v = ggml_new_tensor_3d(context.get(), type, shape.head_size, shape.keys, shape.kv_heads);
        ggml_tensor * m = ggml_new_tensor_2d(context.get(), GGML_TYPE_F16, shape.keys, shape.rows);
        ggml_tensor * s = shape.has_sinks ? ggml_new_tensor_1d(context.get(), GGML_TYPE_F32, shape.heads) : nullptr;
        ggml_tensor * output = ggml_flash_attn_ext(
            context.get(), q, k, v, m, 1.0f / std::sqrt((float) shape.head_size), shape.max_bias, shape.softcap);
        if (s != nullptr) { ggml_flash_attn_ext_add_sinks(output, s); }
        ggml_cgraph * graph = ggml_new_graph(context.get());
        ggml_build_forward_expand(graph, output);

        const std::unique_ptr<ggml_backend, void (*)(ggml_backend_t)> backend(ggml_backend_cpu_init(), ggml_backend_free);
        if (!backend) { return {}; }
        ggml_backend_cpu_set_n_threads(backend.get(), shape.threads);
        const std::unique_ptr<ggml_backend_buffer, void (*)(ggml_backend_buffer_t)> buffer(
            ggml_backend_alloc_ctx_tensors(context.get(), backend.get()), ggml_backend_buffer_free);
        if (!buffer) { return {}; }
        set(q, queries);
        set(k, keys);
        set(v, values);
        set(m, mask);
        if (s != nullptr) { set(s, sinks); }
        if (ggml_backend_graph_compute(backend.get(), graph) != GGML_STATUS_SUCCESS) { return {}; }
        std::vector<float> result(ggml_nelements(output));
        ggml_backend_tensor_get(output, result.data(), 0, result.size() * sizeof(float));
        return result;
    }

private:
    std::vector<float> numbers(size_t count) {
        std::normal_distribution<float> normal;
        std::vector<float> list(count);
        for (float & value : list) { value = normal(random); }
        return list;
    }

    static void set(ggml_tensor * tensor, const std::vector<float> & list) {
        if (tensor->type == GGML_TYPE_F32) {
            ggml_backend_tensor_set(tensor, list.data(), 0, list.size() * sizeof(float));
            return;
        }
        std::vector<ggml_fp16_t> halves(list.size());
        ggml_fp32_to_fp16_row(list.data(), halves.data(), (int64_t) list.size());
        ggml_backend_tensor_set(tensor, halves.data(), 0, halves.size() * sizeof(ggml_fp16_t));
    }

    const reference_attention_case shape;
    std::mt19937 random;
    std::vector<float> queries, keys, values, sinks, mask;
};

}  // namespace

float reference_attention_error(const reference_attention_case * shape) {
    const problem attention(*shape);
    const std::vector<float> exact = attention.exact();
    const std::vector<float> computed = attention.computed();
    if (computed.size() != exact.size()) { return -1; }
    float worst = 0;
    for (size_t i = 0; i < exact.size(); ++i) {
        // Not a number is no small error.
        if (!(std::fabs(computed[i] - exact[i]) <= worst)) { worst = std::fabs(computed[i] - exact[i]); }
        if (std::isnan(worst)) { return INFINITY; }
    }
    return worst;
}
