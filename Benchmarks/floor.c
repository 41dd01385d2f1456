// The floor of `weft bench` by itself, for whoever wants another compiler's word on it.
//
//   gcc -O2 -I Sources/CFloor/include -o /tmp/weft-floor Benchmarks/floor.c Sources/CFloor/CFloor.c
//   /tmp/weft-floor bench-data/traces/generated.pcap 50
//
// Each pass works on a fresh copy of a batch of 256 frames, made before the clock starts, as Weft's
// arena is filled before its clock does.

#include "CFloor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { headroom = 128, room = 2048, batch = 256 };

static uint8_t arena[batch * room];
static uint32_t offsets[batch];

static uint32_t u32(const uint8_t *at) { uint32_t v; memcpy(&v, at, 4); return v; }

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

int main(int argc, char **argv) {
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!file) return fprintf(stderr, "usage: floor <trace.pcap> [passes]\n"), 2;
    int passes = argc > 2 ? atoi(argv[2]) : 20;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *trace = malloc(size);
    if (!trace || fread(trace, 1, size, file) != size) return 1;
    weft_floor_prepare();
    for (uint32_t i = 0; i < batch; i++) offsets[i] = i * room + headroom;

    double least = 1e18;
    size_t packets = 0;
    for (int pass = 0; pass < passes; pass++) {
        double spent = 0;
        packets = 0;
        for (size_t offset = 24; offset + 16 <= size;) {
            size_t count = 0;
            for (; count < batch && offset + 16 <= size; count++) {
                uint32_t length = u32(trace + offset + 8);
                if (length > size - offset - 16) break;
                uint32_t copied = length < room - headroom ? length : room - headroom;
                memcpy(arena + offsets[count], trace + offset + 16, copied);
                offset += 16 + length;
            }
            if (count == 0) break;
            double start = now();
            weft_floor_enter(arena, offsets, count);
            weft_floor_deliver(arena, offsets, count);
            spent += now() - start;
            packets += count;
        }
        if (packets && spent / (double)packets < least) least = spent / (double)packets;
    }
    printf("Floor: %.1f ns per packet, the best of %d passes over %zu packets (check %llu)\n",
        least, passes, packets, (unsigned long long)weft_floor_check());
    return 0;
}
