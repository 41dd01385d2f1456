#!/usr/bin/env bash
# Looks, in the machine code of everything that a packet can reach, for calls that no packet may cost:
# reference counting, exclusivity checks, allocation. Reached is what `process` calls, directly or
# through others, within Dataplane and Wire; what it calls once a batch or once a change is named below,
# and the standard library's own code is not looked into. Fails if there is such a call, and also if it sees none in
# `process`, where some are: then it is blind.
#
# usage: hot-functions.sh [BINARY]     a release build, by default .build/release/weft
set -euo pipefail
binary=${1:-$(dirname "$0")/../../.build/release/weft}
[[ -r $binary ]] || { echo "hot-functions: no $binary; build with: make release" >&2; exit 66; }

# Mangled beginnings. `process` itself and what it calls between batches may count references. The end of a
# `ConnectionDrill` shares its code with others'.
roots='^[$]s9Dataplane7process'
per_batch='^[$]s9Dataplane(7process|5drive)|^[$]s9Dataplane(9FlowTableV7rebuild|10NodeTablesV4grow)'
per_batch+='|ConnectionDrillVw'
# Once after a change of the rules, when the next packet asks for a table of slots, or once a minute.
per_change='6MaglevO5table|8MeshHashO4fill|10emptyTrash'

# Mangled names have no brackets and no spaces, so fields do. The symbol table comes first: behind the end
# of a function there may be another that has no name.
{ objdump --syms "$binary"; objdump --disassemble --no-show-raw-insn "$binary"; } | awk -v roots="$roots" -v per_batch="$per_batch" \
    -v per_change="$per_change" '
    function number(digits,    value, i) {
        for (i = 1; i <= length(digits); i++)
            value = value * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
        return value
    }
    $3 == "F" && $4 == ".text" {
        if ($NF ~ /^[$]s(9Dataplane|4Wire)/) byte_count[$NF] = number($5)
        next
    }
    /^[0-9a-f]+ <.*>:$/ {
        name = $2; gsub(/[<>:]/, "", name)
        ours = name ~ /^[$]s(9Dataplane|4Wire)/
        if (ours) end = number($1) + byte_count[name]
        if (ours && name ~ roots) queue[++count] = name
        next
    }
    ours && number(substr($1, 1, length($1) - 1)) < end {
        size[name]++
        if (!match($0, /<[^>+]+/)) next
        called = substr($0, RSTART + 1, RLENGTH - 1)
        if (called ~ /^[$]s(9Dataplane|4Wire)/) { if (called != name) calls[name] = calls[name] " " called }
        else if (called ~ /swift_(bridgeObject)?[rR]etain/) retain[name]++
        else if (called ~ /swift_(bridgeObject)?[rR]elease/) release[name]++
        else if (called ~ /swift_(begin|end)Access/) access[name]++
        else if (called ~ /swift_allocObject|swift_slowAlloc/) allocation[name]++
    }
    END {
        for (first = 1; first <= count; first++) {
            if (queue[first] in reached) continue
            reached[queue[first]] = 1
            if (queue[first] ~ per_change) continue
            called_count = split(calls[queue[first]], next_ones, " ")
            for (i = 1; i <= called_count; i++) queue[++count] = next_ones[i]
        }
        format = "%8s %7s %8s %7s %6s  %s\n"
        printf format, "instr.", "retain", "release", "access", "alloc", "function"
        for (name in reached) {
            functions++
            found = retain[name] + release[name] + access[name] + allocation[name]
            kind = name ~ per_batch ? "each batch: " : name ~ per_change ? "each change: " : \
                found ? "FORBIDDEN: " : ""
            if (name ~ per_batch) seen += found
            if (kind == "FORBIDDEN: ") bad++
            if (found || size[name] > 200)
                printf format, size[name], retain[name] + 0, release[name] + 0, access[name] + 0, \
                    allocation[name] + 0, kind name | "sort -k6"
        }
        close("sort -k6")
        printf "hot-functions: %d functions reached, %d with forbidden calls\n", functions, bad
        if (functions < 10 || !seen) { print "hot-functions: this looked in the wrong place"; exit 2 }
        exit bad > 0
    }' | swift demangle --compact | cut -c1-160
