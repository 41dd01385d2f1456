// For every packet: headers at fixed offsets, the port in a table of 65,536, a hash of the 5-tuple,
// one read from a table of slots, 50 bytes of outer headers written before the frame; then the outer
// headers skipped, one read from a table of flows, address and port replaced, two checksums updated.
// Nothing is verified, nothing is kept, IPv6 is not told apart. The tables are one thread's: `weft
// bench` and Benchmarks/floor.c, which runs this alone, call it from one.

#include "CFloor.h"

#include <string.h>

enum { slot_count = 65536, flow_count = 65536 };

static uint16_t services[65536];
static uint8_t slots[slot_count];
static uint64_t flows[flow_count][4];
static uint64_t counters[256];

static uint32_t u32(const uint8_t *at) { uint32_t v; memcpy(&v, at, 4); return v; }
static uint16_t u16(const uint8_t *at) { uint16_t v; memcpy(&v, at, 2); return v; }

static uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t product = (__uint128_t)(a ^ 0xa0761d6478bd642full) * (b ^ 0xe7037ed1a0b428dbull);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint16_t adjusted(uint16_t checksum, uint32_t old, uint32_t new) {
    uint64_t sum = (uint64_t)(uint16_t)~checksum + (uint32_t)~old + new;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

// Chooses a task and wraps the frame for its node.
static void enter(uint8_t *frame) {
    static const uint8_t outer[50] = {[12] = 0x08, [14] = 0x45, [22] = 64, [23] = 17, [42] = 8};
    uint64_t ports = u32(frame + 34);
    uint16_t service = services[u16(frame + 36)];
    uint64_t hash = mix((uint64_t)u32(frame + 26) << 32 | ports, frame[23] ^ service);
    uint8_t task = slots[hash & (slot_count - 1)];
    counters[task] += 1;
    memcpy(frame - 50, outer, 50);
    frame[-20] = task;
}

// Unwraps the frame and rewrites it for the task.
static void deliver(uint8_t *frame) {
    uint32_t client = u32(frame + 26), target = u32(frame + 30);
    uint64_t hash = mix((uint64_t)client << 32 | u32(frame + 34), frame[-20]);
    uint64_t *flow = flows[hash & (flow_count - 1)];
    flow[0] = client, flow[1] += 1;
    uint32_t address = 0x0a000000u | frame[-20];
    uint16_t port = u16(frame + 36), replaced = (uint16_t)(port ^ flow[2]);
    size_t checksum = frame[23] == 6 ? 50 : 40;
    uint16_t header = adjusted(u16(frame + 24), target, address);
    uint16_t transport = adjusted(u16(frame + checksum), target, address + port - replaced);
    memcpy(frame + 24, &header, 2);
    memcpy(frame + checksum, &transport, 2);
    memcpy(frame + 30, &address, 4);
    memcpy(frame + 36, &replaced, 2);
}

void weft_floor_prepare(void) {
    for (size_t i = 0; i < slot_count; i++) slots[i] = (uint8_t)(i * 2654435761u >> 24);
    for (size_t i = 0; i < 65536; i++) services[i] = (uint16_t)(i * 31);
}

void weft_floor_enter(uint8_t *arena, const uint32_t *offsets, size_t count) {
    for (size_t i = 0; i < count; i++) enter(arena + offsets[i]);
}

void weft_floor_deliver(uint8_t *arena, const uint32_t *offsets, size_t count) {
    for (size_t i = 0; i < count; i++) deliver(arena + offsets[i]);
}

uint64_t weft_floor_check(void) {
    uint64_t sum = 0;
    for (size_t i = 0; i < 256; i++) sum += counters[i] * i;
    return sum;
}
