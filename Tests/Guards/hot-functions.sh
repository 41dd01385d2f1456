#!/bin/sh
# Counts, in the machine code of the data plane's hot functions, calls that they must not make:
# reference counting, exclusivity checks, allocation. Prints a table; judges nothing.
#
# usage: hot-functions.sh [BINARY]     a release build, by default .build/release/weft
set -eu
binary=${1:-$(dirname "$0")/../../.build/release/weft}
[ -r "$binary" ] || { echo "hot-functions: no $binary; build with: swift build -c release" >&2; exit 66; }

objdump -d --no-show-raw-insn "$binary" | swift demangle --compact 2>/dev/null | awk '
    # "address <function>:" opens a function; calls name what they call in brackets.
    /^[0-9a-f]+ <.*>:$/ {
        name = $0; sub(/^[0-9a-f]+ </, "", name); sub(/>:$/, "", name)
        hot = name ~ /Dataplane\.(process|judge|parse|parseIPv4|parseIPv6|parseTransport|enter|choose|send|carry|wrap|receive|admit|deliver|remember|leave|answer|encapsulate|decapsulate|translate|follow)\(/ \
            || name ~ /Dataplane\.\(.* in _[0-9A-F]+\)\(/ || name ~ /\((process|judge|parse|enter|choose|send|carry|wrap|admit|hand|deliver|remember|leave|answer|translate|follow|parseIPv4|parseIPv6|parseTransport) in _[0-9A-F]+\)/ \
            || name ~ /Dataplane\.FlowTable\./
        if (hot) { short = name; gsub(/Dataplane\./, "", short); sub(/\(.*in _[0-9A-F]+\)/, "&", short); seen[short]++ }
        next
    }
    hot { size[short]++ }
    hot && /call|jmp/ {
        if (/swift_retain/) retain[short]++
        if (/swift_release/) release[short]++
        if (/swift_beginAccess/) access[short]++
        if (/swift_allocObject|swift_slowAlloc/) alloc[short]++
        if (/isUniquelyReferenced/) unique[short]++
    }
    END {
        printf "%8s %7s %8s %7s %6s %7s  %s\n", "instr.", "retain", "release", "access", "alloc", "unique", "function"
        for (f in seen) printf "%8d %7d %8d %7d %6d %7d  %.110s\n", size[f], retain[f], release[f], access[f], alloc[f], unique[f], f
    }' | sort -k7
