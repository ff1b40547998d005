// The numbers, and the order in which they are added up, are those of whisper.cpp's log_mel_spectrogram: 400 samples are
// sixteen transforms of 25, joined in four steps. Here each operation is done for several frames, one in each lane.

#include "spectrogram.h"

#include "kernel.h"

#include <algorithm>
#include <cmath>
#include <thread>

#pragma clang fp contract(off)

namespace {

constexpr int frame_size = 400, frame_step = 160, reflected = frame_size / 2, bins = 1 + frame_size / 2;
constexpr int padding = 30 * 16000;
constexpr int leaves = 16, leaf_size = frame_size / leaves;
constexpr int frames_at_once = 1000; // between two questions

constexpr int width = 8;
typedef float floats __attribute__((vector_size(width * sizeof(float))));
typedef double doubles __attribute__((vector_size(width * sizeof(double))));

struct complex_floats {
    floats real, imaginary;
};

struct tables {
    float sines[frame_size], cosines[frame_size], window[frame_size];
    // Of a leaf's transform: [frequency][sample].
    float leaf_sines[leaf_size][leaf_size], leaf_cosines[leaf_size][leaf_size];

    tables() {
        for (int index = 0; index < frame_size; index++) {
            const double angle = (2 * M_PI * index) / frame_size;
            sines[index] = sinf((float) angle);
            cosines[index] = cosf((float) angle);
            window[index] = (float) (0.5 * (1.0 - cosf((float) ((2.0 * M_PI * index) / frame_size))));
        }
        for (int frequency = 0; frequency < leaf_size; frequency++) {
            for (int sample = 0; sample < leaf_size; sample++) {
                const int place = frequency * sample * leaves % frame_size;
                leaf_sines[frequency][sample] = sines[place];
                leaf_cosines[frequency][sample] = cosines[place];
            }
        }
    }
};
const tables numbers;

// Four neighbouring bins of a band's filter that are not all zero.
struct filter_part {
    int bin;
    float weights[4];
};

// The parts of each band's filter, and the weight of the last bin, which is added by itself.
struct filter_parts {
    std::vector<filter_part> parts;
    std::vector<size_t> ends;
    std::vector<float> last;

    explicit filter_parts(const cw::filter_bank & filters) {
        for (int band = 0; band < filters.bands; band++) {
            const float * weights = filters.weights + (size_t) band * bins;
            for (int bin = 0; bin < bins - 1; bin += 4) {
                const float * four = weights + bin;
                if (std::all_of(four, four + 4, [](float weight) { return weight == 0; })) { continue; }
                parts.push_back({bin, {four[0], four[1], four[2], four[3]}});
            }
            ends.push_back(parts.size());
            last.push_back(weights[bins - 1]);
        }
    }
};

// Where a thread computes.
struct scratch {
    floats sound[frame_size];
    complex_floats from[frame_size], to[frame_size];
    floats power[bins];
    doubles bands[256];
};

// The power spectra of as many frames as there are lanes.
CW_KERNEL void transform(scratch & work, const float * samples) {
    for (int index = 0; index < frame_size; index++) {
        for (int lane = 0; lane < width; lane++) {
            work.sound[index][lane] = numbers.window[index] * samples[lane * frame_step + index];
        }
    }
    complex_floats * from = work.from, * to = work.to;
    for (int leaf = 0; leaf < leaves; leaf++) {
        for (int frequency = 0; frequency < leaf_size; frequency++) {
            floats real = {}, imaginary = {};
            for (int sample = 0; sample < leaf_size; sample++) {
                const floats value = work.sound[sample * leaves + leaf];
                real += value * numbers.leaf_cosines[frequency][sample];
                imaginary -= value * numbers.leaf_sines[frequency][sample];
            }
            from[leaf * leaf_size + frequency] = {real, imaginary};
        }
    }
    // A part holds the transform of each so-many-th sample; two of them make one of twice the length.
    for (int parts = leaves / 2, half = leaf_size; parts >= 1; parts /= 2, half *= 2) {
        for (int part = 0; part < parts; part++) {
            const complex_floats * even = from + part * half, * odd = from + (part + parts) * half;
            complex_floats * joined = to + part * 2 * half;
            for (int frequency = 0; frequency < half; frequency++) {
                const float real = numbers.cosines[frequency * parts], imaginary = -numbers.sines[frequency * parts];
                const complex_floats e = even[frequency], o = odd[frequency];
                joined[frequency] = {
                    e.real + real * o.real - imaginary * o.imaginary,
                    e.imaginary + real * o.imaginary + imaginary * o.real,
                };
                joined[frequency + half] = {
                    e.real - real * o.real + imaginary * o.imaginary,
                    e.imaginary - real * o.imaginary - imaginary * o.real,
                };
            }
        }
        std::swap(from, to);
    }
    for (int bin = 0; bin < bins; bin++) {
        work.power[bin] = from[bin].real * from[bin].real + from[bin].imaginary * from[bin].imaginary;
    }
}

CW_KERNEL void filter(scratch & work, const filter_parts & filters) {
    size_t index = 0;
    for (size_t band = 0; band < filters.ends.size(); band++) {
        doubles sum = {};
        for (; index < filters.ends[band]; index++) {
            const filter_part & part = filters.parts[index];
            const floats * power = work.power + part.bin;
            const floats four = power[0] * part.weights[0] + power[1] * part.weights[1] + power[2] * part.weights[2]
                + power[3] * part.weights[3];
            sum += __builtin_convertvector(four, doubles);
        }
        const floats rest = work.power[bins - 1] * filters.last[band];
        work.bands[band] = sum + __builtin_convertvector(rest, doubles);
    }
}

// Lifts what is more than 8 below the loudest up to that, and brings all of it near 0.
CW_KERNEL void normalize(float * values, size_t count, double least) {
    for (size_t index = 0; index < count; index++) {
        const double value = values[index] < least ? (double) (float) least : (double) values[index];
        values[index] = (float) ((value + 4.0) / 4.0);
    }
}

CW_KERNEL float loudest(const float * values, size_t count) {
    floats most = -1e20f - floats{};
    for (; count >= width; values += width, count -= width) {
        floats next;
        __builtin_memcpy(&next, values, sizeof(next));
        const auto is_more = next > most;
        most = is_more ? next : most;
    }
    float result = -1e20f;
    for (int lane = 0; lane < width; lane++) { result = std::max(result, most[lane]); }
    for (size_t index = 0; index < count; index++) { result = std::max(result, values[index]); }
    return result;
}

} // namespace

bool cw::compute(
    spectrogram & result, const filter_bank & filters, const float * samples, size_t count, int threads,
    const std::function<bool()> & may_go_on
) {
    const filter_parts parts(filters);
    const size_t bands = (size_t) filters.bands;
    const int length = (int) ((count + padding + 2 * reflected - frame_size) / frame_step);
    const int sounding = std::min(length, (int) ((count + reflected) / frame_step) + 1);
    const float silence = (float) log10(1e-10);
    result.length = length;
    result.sounding = sounding;
    result.data.resize(bands * length);
    // What is before the begin is its reflection; what is behind the end is silent, as far as the last lanes see.
    std::vector<float> padded(reflected + count + frame_size + (size_t) width * frame_step, 0.0f);
    std::reverse_copy(samples + 1, samples + 1 + reflected, padded.begin());
    std::copy(samples, samples + count, padded.begin() + reflected);
    for (int first = 0; first < sounding; first += frames_at_once) {
        if (!may_go_on()) { return false; }
        const int end = std::min(first + frames_at_once, sounding);
        const auto work = [&](int index) {
            const auto own = std::make_unique<scratch>();
            for (int frame = first + index * width; frame < end; frame += threads * width) {
                transform(*own, padded.data() + (size_t) frame * frame_step);
                filter(*own, parts);
                for (size_t band = 0; band < bands; band++) {
                    for (int lane = 0; lane < std::min(width, end - frame); lane++) {
                        result.data[band * length + frame + lane] = (float) log10(std::max(own->bands[band][lane], 1e-10));
                    }
                }
            }
        };
        std::vector<std::thread> others;
        for (int index = 1; index < threads; index++) { others.emplace_back(work, index); }
        work(0);
        for (auto & other : others) { other.join(); }
    }
    float most = sounding < length ? silence : -1e20f;
    for (size_t band = 0; band < bands; band++) { most = std::max(most, loudest(result.data.data() + band * length, sounding)); }
    const double least = (double) most - 8.0;
    float rest = silence;
    normalize(&rest, 1, least);
    for (size_t band = 0; band < bands; band++) {
        float * row = result.data.data() + band * length;
        normalize(row, sounding, least);
        std::fill(row + sounding, row + length, rest);
    }
    return true;
}
