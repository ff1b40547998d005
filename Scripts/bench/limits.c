// What the machine can do at most: bytes read from memory and multiply-adds in each number format, per second, with
// as many threads as asked for. Prints one JSON object; formats that this CPU has no instruction for are left out.
// usage: limits THREADS            build: cc -O3 -march=native -pthread limits.c -o limits

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

enum { MEMORY = 256 << 20, ROUNDS = 5, STEPS = 600 * 1000 * 1000 };

typedef struct {
    const uint64_t * memory;
    size_t bytes;
} share;

static volatile uint64_t sink;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

// Each thread reads its own part of a buffer that no cache holds.
static void * read_memory(void * argument) {
    const share * part = argument;
    uint64_t sums[16] = {0};
    for (size_t i = 0; i < part->bytes / 8; i += 16) {
        for (int lane = 0; lane < 16; lane++) { sums[lane] += part->memory[i + lane]; }
    }
    uint64_t sum = 0;
    for (int lane = 0; lane < 16; lane++) { sum += sums[lane]; }
    sink += sum;
    return NULL;
}

// Twelve independent sums, so that one's latency hides behind the others; the barrier keeps the compiler from folding the
// steps, and named variables (not an array) keep the sums in registers.
#define LOOP(name, vector, zero, one, update)                                                                         \
    static void * name(void * argument) {                                                                             \
        (void) argument;                                                                                              \
        const vector ones = (vector) one;                                                                             \
        vector a = zero, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;                 \
        for (int step = 0; step < STEPS / 12; step++) {                                                               \
            a = update(a, ones), b = update(b, ones), c = update(c, ones), d = update(d, ones);                       \
            e = update(e, ones), f = update(f, ones), g = update(g, ones), h = update(h, ones);                       \
            i = update(i, ones), j = update(j, ones), k = update(k, ones), l = update(l, ones);                       \
            __asm__ volatile("" : "+x"(a), "+x"(b), "+x"(c), "+x"(d), "+x"(e), "+x"(f), "+x"(g), "+x"(h), "+x"(i),    \
                             "+x"(j), "+x"(k), "+x"(l));                                                              \
        }                                                                                                             \
        const vector total = a + b + c + d + e + f + g + h + i + j + k + l;                                           \
        sink += (uint64_t) total[0];                                                                                  \
        return NULL;                                                                                                  \
    }

#if defined(__AVX512F__)
#define FLOAT32_LANES 16
#define FMA(sum, ones) _mm512_fmadd_ps(ones, ones, sum)
LOOP(float32, __m512, _mm512_setzero_ps(), _mm512_set1_ps(1.0f), FMA)
#elif defined(__AVX2__) && defined(__FMA__)
#define FLOAT32_LANES 8
#define FMA(sum, ones) _mm256_fmadd_ps(ones, ones, sum)
LOOP(float32, __m256, _mm256_setzero_ps(), _mm256_set1_ps(1.0f), FMA)
#endif
#if defined(__AVX512BF16__)
#define BFLOAT16_LANES 32
#define DOT_BF16(sum, ones) _mm512_dpbf16_ps(sum, (__m512bh) ones, (__m512bh) ones)
LOOP(bfloat16, __m512, _mm512_setzero_ps(), _mm512_set1_epi16(0x3f80), DOT_BF16)
#endif
#if defined(__AVX512VNNI__)
#define INT8_LANES 64
#define DOT_INT8(sum, ones) _mm512_dpbusd_epi32(sum, ones, ones)
LOOP(int8, __m512i, _mm512_setzero_si512(), _mm512_set1_epi8(1), DOT_INT8)
#elif defined(__AVXVNNI__)
#define INT8_LANES 32
#define DOT_INT8(sum, ones) _mm256_dpbusd_avx_epi32(sum, ones, ones)
LOOP(int8, __m256i, _mm256_setzero_si256(), _mm256_set1_epi8(1), DOT_INT8)
#endif

// The best of some rounds: what other programs take is no limit of the machine.
static double best_seconds(void * (*work)(void *), share * shares, int threads) {
    double best = 1e9;
    pthread_t handles[threads];
    for (int round = 0; round < ROUNDS; round++) {
        const double begin = now();
        for (int i = 1; i < threads; i++) { pthread_create(&handles[i], NULL, work, &shares[i]); }
        work(&shares[0]);
        for (int i = 1; i < threads; i++) { pthread_join(handles[i], NULL); }
        const double seconds = now() - begin;
        if (seconds < best) { best = seconds; }
    }
    return best;
}

int main(int count, char ** arguments) {
    const int threads = count == 2 ? atoi(arguments[1]) : 0;
    if (threads < 1 || threads > 1024) {
        fprintf(stderr, "usage: limits THREADS\n");
        return 2;
    }
    uint64_t * memory = aligned_alloc(4096, MEMORY);
    if (memory == NULL) {
        fprintf(stderr, "error: no memory for the buffer of %d MiB\n", MEMORY >> 20);
        return 1;
    }
    memset(memory, 1, MEMORY);
    share shares[threads];
    const size_t bytes = MEMORY / (size_t) threads / 4096 * 4096;
    for (int i = 0; i < threads; i++) { shares[i] = (share){memory + i * (bytes / 8), bytes}; }

    printf("{\"threads\": %d, \"memory GB/s\": %.1f", threads,
           (double) bytes * threads / best_seconds(read_memory, shares, threads) / 1e9);
    const double steps = (double) (STEPS / 12 * 12) * threads / 1e9;
#if defined(FLOAT32_LANES)
    printf(", \"float32 GMAC/s\": %.0f", steps * FLOAT32_LANES / best_seconds(float32, shares, threads));
#endif
#if defined(BFLOAT16_LANES)
    printf(", \"bf16 GMAC/s\": %.0f", steps * BFLOAT16_LANES / best_seconds(bfloat16, shares, threads));
#endif
#if defined(INT8_LANES)
    printf(", \"int8 GMAC/s\": %.0f", steps * INT8_LANES / best_seconds(int8, shares, threads));
#endif
    printf("}\n");
    free(memory);
    return 0;
}
