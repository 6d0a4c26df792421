#!/bin/sh
# All checks of the station, in sections: "ok", "not ok" or "not run" for each.
# Usage: test/run.sh [fuzz]     from the folder of the Makefile

set -u
cd "$(dirname "$0")/.." || exit 1

BUILD=build
LOG=$BUILD/test.log
FLAGS="-std=c11 -g -O1 -Wall -Wextra -Werror"
SAFE="-fsanitize=address,undefined -fno-sanitize-recover=all"
FUZZ_SECONDS=${FUZZ_SECONDS:-15}
failed=0 skipped=0 passed=0
mkdir -p "$BUILD"

have() {
	command -v "$1" >/dev/null 2>&1
}

# section <name> <function>: runs it with -e, shows its output if it fails
section() {
	( set -e; "$2" ) >"$LOG" 2>&1
	if [ $? = 0 ]; then
		passed=$((passed + 1))
		echo "ok - $1"
		grep '^#' "$LOG"
	else
		failed=$((failed + 1))
		echo "not ok - $1"
		sed 's/^/    /' "$LOG"
	fi
}

not_run() {
	skipped=$((skipped + 1))
	echo "not run - $1: $2"
}

unit() {
	gcc $FLAGS $SAFE test/unit.c src/*.c -o "$BUILD/unit"
	"$BUILD/unit" >"$BUILD/unit.out"
	echo "# $(grep -c '^#{' "$BUILD/unit.out") descriptions for Home Assistant"
}

# The core allocates nothing and calls nothing of the system
bare() {
	nm -u "$BUILD"/core/*.o | sed -n 's/^ *U //p' | sort -u >"$BUILD/symbols"
	nm "$BUILD"/core/*.o | sed -n 's/.* [TDRBC] //p' | sort -u >"$BUILD/own"
	comm -23 "$BUILD/symbols" "$BUILD/own" | tr '\n' ' ' >"$BUILD/others"
	echo "# the core uses: $(cat "$BUILD/others")"
	if grep -wE 'malloc|calloc|realloc|free|open|socket|time' "$BUILD/others"; then
		return 1
	fi
}

fuzz() {
	clang $FLAGS -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all test/fuzz_packet.c src/*.c -o "$BUILD/fuzz"
	mkdir -p "$BUILD/corpus"
	"$BUILD/fuzz" -max_total_time="$FUZZ_SECONDS" -max_len=1500 \
		-artifact_prefix="$BUILD/" -print_final_stats=1 \
		"$BUILD/corpus" test/corpus >"$BUILD/fuzz.log" 2>&1 || {
		tail -40 "$BUILD/fuzz.log"
		return 1
	}
	sed -n 's/^Done/# done/p; s/^stat::average_exec_per_sec:/# runs a second:/p' \
		"$BUILD/fuzz.log"
}

# The programs that station.test.ts compares and runs, under the sanitizers
programs() {
	gcc $FLAGS $SAFE test/vectors.c src/*.c -o "$BUILD/vectors"
	gcc $FLAGS $SAFE -D_GNU_SOURCE linux/*.c src/*.c -lopus \
		-o "$BUILD/room-station-checked"
	gcc $FLAGS -D_GNU_SOURCE test/relay.c -o "$BUILD/relay"
}

if [ "${1-}" != fuzz ]; then
	section "a station by itself, under the sanitizers" unit
	section "the core needs no memory and no system" bare
	section "the station and its vectors, built under the sanitizers" programs
fi
if have clang; then
	section "fuzzing the packet parser and the messages" fuzz
else
	not_run "fuzzing the packet parser and the messages" "clang is not installed"
fi
echo "$passed sections passed, $failed failed, $skipped not run"
[ "$failed" = 0 ]
