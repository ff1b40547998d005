// How many operations a second OpenMP threads do that wait for each other behind each one, as ggml's do: what decides how
// much another busy program costs. Set GOMP_SPINCOUNT to compare how long they spin.
// usage: barriers THREADS SECONDS WORK      WORK: half the rounds of an empty loop that the threads share
// build: cc -O2 -fopenmp barriers.c -o barriers

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char ** arguments) {
    if (count != 4 || atoi(arguments[1]) < 1) {
        fprintf(stderr, "usage: barriers THREADS SECONDS WORK\n");
        return 2;
    }
    const int threads = atoi(arguments[1]);
    const double seconds = atof(arguments[2]);
    const long share = 2 * atol(arguments[3]) / threads;
    long operations = 0;
    int is_over = 0;
    const double begin = omp_get_wtime();
#pragma omp parallel num_threads(threads)
    while (!is_over) {
        for (volatile long i = 0; i < share; i++) {}
#pragma omp barrier
#pragma omp master
        {
            operations++;
            is_over = omp_get_wtime() - begin > seconds;
        }
#pragma omp barrier
    }
    printf("%.0f operations a second\n", operations / (omp_get_wtime() - begin));
    return 0;
}
