// The processor's counters through perf_event_open(2), which has no glibc wrapper; O_TMPFILE and
// memfd_create(2), which Swift's import of glibc leaves out; and the revision.
//
// Both counters form one group, so that they count the same stretches. Invariant: nothing is counted
// unless both are there.

#define _GNU_SOURCE
#include "CMachine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int cycles = -1, instructions = -1, is_running = 0;

static int counter(uint64_t config, int leader) {
    struct perf_event_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.size = sizeof attributes;
    attributes.type = PERF_TYPE_HARDWARE;
    attributes.config = config;
    attributes.disabled = leader < 0;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

static uint64_t value(int descriptor) {
    uint64_t count = 0;
    return read(descriptor, &count, sizeof count) == sizeof count ? count : 0;
}

int weft_counters_open(void) {
    cycles = counter(PERF_COUNT_HW_CPU_CYCLES, -1);
    if (cycles < 0) return errno;
    instructions = counter(PERF_COUNT_HW_INSTRUCTIONS, cycles);
    if (instructions >= 0) return 0;
    int error = errno;
    close(cycles);
    return error;
}

uint64_t weft_counters_toggle(void) {
    is_running = !is_running;
    ioctl(
        cycles, is_running ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
    return 0;
}

uint64_t weft_counters_cycles(void) { return value(cycles); }
uint64_t weft_counters_instructions(void) { return value(instructions); }

void weft_counters_close(void) {
    close(instructions);
    close(cycles);
}

char weft_build_revision(unsigned index) {
#ifdef WEFT_REVISION
    static const char revision[] = WEFT_REVISION;
#else
    static const char revision[] = "";
#endif
    return index < sizeof revision ? revision[index] : 0;
}

int weft_temporary_file(const char *directory) {
    int descriptor = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return descriptor >= 0 ? descriptor : memfd_create("weft", MFD_CLOEXEC);
}
