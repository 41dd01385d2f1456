#!/usr/bin/env bash
# Counts, under callgrind, the instructions that `process` takes for a packet, all that it calls
# included, and compares with the figures in instructions.txt. Fails if one is more than 3 % above its
# figure, and asks for a new figure if one is more than 3 % below. Start-up cancels out: what counts is
# the difference between a long run and a short one.
#
# usage: instructions.sh [BINARY]     a release build, by default .build/release/weft
#        UPDATE=1 instructions.sh     writes the figures anew
set -euo pipefail
[[ $(uname -m) == x86_64 ]] || { echo "instructions: figures are of x86-64 only"; exit 0; }
here=$(cd "$(dirname "$0")" && pwd)
data=$here/../../bench-data
binary=${1:-$here/../../.build/release/weft}
[[ -r $binary ]] || { echo "instructions: no $binary; build with: make release" >&2; exit 66; }
scratch=$(mktemp --directory)
trap 'rm -rf "$scratch"' EXIT

# Valgrind gives up on Swift's debug information.
objcopy --strip-debug "$binary" "$scratch/weft"

# Instructions inside `process` while so many packets of a trace pass: through a mesh, or through a
# director where there are rules.
inside() {
    local through=(replay -c "$data/stacks/$1")
    [[ $1 != *.ipvsadm ]] || through=(ipvs replay --rules "$data/rules/$1")
    valgrind --tool=callgrind --callgrind-out-file="$scratch/out" --collect-atstart=no \
        --toggle-collect='$s9Dataplane7process*' "$scratch/weft" \
        "${through[@]}" -i "$data/traces/$2" --limit "$3" >/dev/null 2>"$scratch/errors" \
        || { cat "$scratch/errors" >&2; exit 70; }
    awk '/^(summary|totals):/ { count = $2 } END { print count + 0 }' "$scratch/out"
}

status=0
figures=()
while read -r stack trace short long committed; do
    [[ $stack == \#* ]] && continue
    less=$(inside "$stack" "$trace" "$short")
    more=$(inside "$stack" "$trace" "$long")
    now=$(((more - less) / (long - short)))
    figures+=("$stack $trace $short $long $now")
    verdict="within 3 %"
    if ((now * 100 > committed * 103)); then verdict="TOO MANY"; status=1; fi
    if ((now * 100 < committed * 97)); then verdict="fewer: commit the new figure"; fi
    # Nothing counted is nothing seen.
    if ((now < 100)); then verdict="this looked in the wrong place"; status=2; fi
    printf '%-20s %-16s %5d instructions a packet, committed %5d: %s\n' "$stack" "$trace" "$now" "$committed" "$verdict"
done <"$here/instructions.txt"
if [[ -n ${UPDATE:-} ]]; then
    { grep '^#' "$here/instructions.txt"; printf '%s\n' "${figures[@]}"; } >"$scratch/figures"
    cp "$scratch/figures" "$here/instructions.txt"
fi
exit $status
