#!/bin/sh
# All checks of the hook, in sections: "ok", "not ok" or "not run" for each.
# Usage: test/run.sh [fuzz | timing | untimed]     from the folder of the Makefile
# "timing" needs a quiet machine; "untimed" is all the rest.

set -u
cd "$(dirname "$0")/.." || exit 1
for name in $(env | sed -n 's/^\(STREAM_HACK_[A-Z_]*\|STUB_[A-Z_]*\|RIG_[A-Z_]*\)=.*/\1/p'); do
	unset "$name"
done

BUILD=build
ROOT=$PWD
CLIPS=$BUILD/clips
LOG=$BUILD/test.log
SYSROOT=/usr/mipsel-linux-gnu
FLAGS="-std=c11 -D_GNU_SOURCE -g -Wall -Wextra -Werror"
MODULES=$(ls src/*.c)
CAMERA=$BUILD/mipsel/libcamerahook.so
HOST=$BUILD/x86-64/libcamerahook.so
FUZZ_SECONDS=${FUZZ_SECONDS:-15}
# how long the timing takes: calls for each condition, and reconnects
TIMING_CALLS=${TIMING_CALLS:-2500}
export RIG_RECONNECTS=${TIMING_RECONNECTS:-10000}
SIMPLE="stalled resumed silent replaced four token allow channel sound talk"
failed=0 skipped=0 passed=0
mkdir -p "$BUILD/x86-64" "$BUILD/mipsel" "$BUILD/asan" "$BUILD/tsan" "$CLIPS"

have() {
	command -v "$1" >/dev/null 2>&1
}

# section <name> <function>: runs it with -e, shows its output if it fails
section() {
	begun=$(date +%s)
	( set -e; "$2" ) >"$LOG" 2>&1
	if [ $? = 0 ]; then
		passed=$((passed + 1))
		echo "ok - $1 ($(($(date +%s) - begun)) s)"
		grep '^#' "$LOG"
	else
		failed=$((failed + 1))
		echo "not ok - $1"
		sed 's/^/    /' "$LOG"
	fi
}

not_run() {
	skipped=$((skipped + 1))
	echo "not run - $1: $2 is not installed"
}

stub() {
	$1 $FLAGS $3 -fPIC -shared test/stub_imp.c test/es.c \
		-o "$BUILD/$2/libimp.so" -lpthread
}

# firmware <compiler> <folder> <flags> [sources]: one that loads the stub
firmware() {
	stub "$1" "$2" "$3"
	$1 $FLAGS $3 test/firmware.c ${4:-} -o "$BUILD/$2/firmware" \
		-L"$BUILD/$2" -limp -Wl,-rpath,'$ORIGIN' -lpthread
}

cases() {
	which=$1 codec=$2
	shift 2
	timeout 100 "$BUILD/cases" "$which" "${codec%%-*}" "$CLIPS/$codec" "$@" || {
		echo "failed: $which $codec"
		return 1
	}
}

native() {
	cases "$1" "$2" env LD_PRELOAD="$ROOT/$HOST" "$BUILD/x86-64/firmware"
}

qemu() {
	cases "$1" "$2" qemu-mipsel -L "$SYSROOT" \
		-E LD_PRELOAD="$ROOT/$CAMERA" "$BUILD/mipsel/firmware"
}

qemu_bare() {
	cases "$1" "$2" qemu-mipsel -L "$SYSROOT" "$BUILD/mipsel/firmware"
}

native_bare() {
	cases "$1" "$2" "$BUILD/x86-64/firmware"
}

# clip <name> <size> <encoder options ...>
clip() {
	name=$1 size=$2
	shift 2
	[ -s "$CLIPS/$name" ] || ffmpeg -nostdin -v error -y -f lavfi \
		-i "testsrc2=size=$size:rate=25" -frames:v 60 \
		-pix_fmt yuv420p "$@" "$CLIPS/$name"
}

build() {
	gcc $FLAGS -O1 test/rig.c test/cases.c test/es.c -o "$BUILD/cases"
	firmware gcc x86-64 -O1
	X264=keyint=12:min-keyint=12:scenecut=0:slices=5:bframes=0
	clip h264 320x240 -c:v libx264 -preset veryfast \
		-x264-params $X264 -f h264
	clip h264-aud 320x240 -c:v libx264 -preset veryfast \
		-x264-params $X264:aud=1 -f h264
	clip h264-1080 1920x1080 -c:v libx264 -preset ultrafast -b:v 4M \
		-x264-params $X264 -f h264
	clip h265 320x240 -c:v libx265 -preset veryfast \
		-x265-params $X264:ctu=16:log-level=none -f hevc
	clip h265-aud 320x240 -c:v libx265 -preset veryfast \
		-x265-params $X264:ctu=16:log-level=none:aud=1 -f hevc
}

cross() {
	firmware mipsel-linux-gnu-gcc mipsel -O1
}

# never <pattern> <file>: no line matches
never() {
	if grep -E "$1" "$2"; then
		return 1
	fi
}

symbols() {
	readelf=mipsel-linux-gnu-readelf
	size=$(stat -c %s "$CAMERA")
	echo "# $size bytes, stripped"
	[ "$size" -lt 40960 ]
	mipsel-linux-gnu-nm -D --undefined-only "$CAMERA" |
		sed 's/^ *U //; s/^ *w /w /' | sort >"$BUILD/symbols"
	grep -v '^#' test/symbols.txt | sort >"$BUILD/symbols.allowed"
	comm -23 "$BUILD/symbols" "$BUILD/symbols.allowed" >"$BUILD/symbols.new"
	if [ -s "$BUILD/symbols.new" ]; then
		echo "not in test/symbols.txt:"
		cat "$BUILD/symbols.new"
		return 1
	fi
	echo "# undefined:" $(grep -v '^w' "$BUILD/symbols")
	echo "# undefined and weak:" $(sed -n 's/^w //p' "$BUILD/symbols")
	$readelf -VW "$CAMERA" | grep -q 'No version information'
	echo "# versions: none"
	$readelf -dW "$CAMERA" >"$BUILD/dynamic"
	never 'NEEDED|SONAME|INIT|FINI|XHASH|GNU_HASH|TEXTREL' "$BUILD/dynamic"
	grep -q '(HASH)' "$BUILD/dynamic"
	$readelf -hW "$CAMERA" | grep -qE 'ABI Version: +0$'
	$readelf -hW "$CAMERA" | grep -qE 'o32, mips32$'
	mipsel-linux-gnu-objdump -d "$CAMERA" >"$BUILD/code"
	never '[[:space:]](ldc1|sdc1|lwc1|swc1|mtc1|mfc1|rdhwr)[[:space:]]' \
		"$BUILD/code"
	mipsel-linux-gnu-nm -D --defined-only "$CAMERA" |
		sed 's/.* //' | sort | tr '\n' ' ' |
		grep -qx 'IMP_AI_GetFrame IMP_AO_SendFrame IMP_Encoder_GetStream '
}

unit() {
	gcc $FLAGS -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
		test/unit.c $(echo "$MODULES" | grep -v hook.c) \
		-o "$BUILD/unit" -lpthread
	timeout -k 5 100 "$BUILD/unit"
}

# exact <runner>: every framing, layout and codec; 1 to 5 packs by turns in a
# ring so small that many a frame runs over its end
exact() {
	runs=0
	export STUB_RING=31013
	for framing in annexb4 annexb3 avcc cut; do
		for soc in T31 T20; do
			for codec in h264 h265 h264-aud h265-aud; do
				STUB_FRAMING=$framing STUB_SOC=$soc \
				STREAM_HACK_SOC=$soc exact_one "$1" $codec
				runs=$((runs + 1))
			done
		done
	done
	for packs in 1 2 3 4 5; do
		STUB_PACKS=$packs exact_one "$1" h264
		STUB_PACKS=$packs STUB_FRAMING=avcc exact_one "$1" h265
		runs=$((runs + 2))
	done
	for codec in h264 h265 h264-aud h265-aud; do
		STUB_SETS_ONCE=1 exact_one "$1" $codec
		runs=$((runs + 1))
	done
	export STREAM_HACK_AUD=0
	for codec in h264 h265; do
		exact_one "$1" $codec
		runs=$((runs + 1))
	done
	unset STREAM_HACK_AUD
	unset STUB_RING
	echo "# $runs runs, each of 92 frames, bit-exact"
}

exact_one() {
	export STUB_FRAMING STUB_SOC STREAM_HACK_SOC STUB_PACKS STUB_SETS_ONCE
	[ -n "${STUB_SETS_ONCE-}" ] || unset STUB_SETS_ONCE
	"$1" exact "$2"
	unset STUB_FRAMING STUB_SOC STREAM_HACK_SOC STUB_PACKS STUB_SETS_ONCE
}

# exact_one_of <runner> <case>: with the sets sent once
exact_one_of() {
	export STUB_SETS_ONCE=1
	"$1" "$2" h264
	"$1" "$2" h265
	unset STUB_SETS_ONCE
}

exact_native() { exact native; }
exact_qemu() { exact qemu; }

# all_cases <runner>
all_cases() {
	for which in $SIMPLE taken; do
		"$1" $which h264
		echo "# $which"
	done
	"$1" four h265
	"$1" closed h264
	"$1" unwatched h264
	exact_one_of "$1" unwatched
	echo "# closed unwatched"
	STREAM_HACK_TALK=1 STUB_NO_SPEAKER=1 "$1" sound h265
	RIG_COUNT=500 STUB_PERIOD_US=200 "$1" threads h264
	echo "# threads"
}

# The vendor's library may be named; one that is missing, or is the hook
# itself, is left aside; and without any the calls fail as they should
library() {
	for file in "$BUILD/$2/libimp.so" /nowhere/libimp.so "$3"; do
		STREAM_HACK_LIBIMP=$file "$1" exact h264
	done
}

library_native() {
	library native x86-64 "$ROOT/$HOST"
	gcc $FLAGS test/alone.c -o "$BUILD/alone"
	LD_PRELOAD="$ROOT/$HOST" "$BUILD/alone"
}

library_qemu() {
	library qemu mipsel "$ROOT/$CAMERA"
	mipsel-linux-gnu-gcc $FLAGS test/alone.c -o "$BUILD/mipsel/alone"
	qemu-mipsel -L "$SYSROOT" -E LD_PRELOAD="$ROOT/$CAMERA" \
		"$BUILD/mipsel/alone"
}

cases_native() { all_cases native; native late h264; }
cases_qemu() { all_cases qemu; qemu late h264; }

# without sound, talk and health: the seed's features only
minimal() {
	make -s MINIMAL=1
	cases bare h264 env LD_PRELOAD="$ROOT/$BUILD/minimal/x86-64/libcamerahook.so" \
		"$BUILD/x86-64/firmware"
	nm -D --defined-only "$BUILD/minimal/x86-64/libcamerahook.so" |
		sed 's/.* //' | grep -qx IMP_Encoder_GetStream
	camera=$BUILD/minimal/mipsel/libcamerahook.so
	if [ -e "$camera" ] && have qemu-mipsel; then
		for codec in h264 h265; do
			cases bare $codec qemu-mipsel -L "$SYSROOT" \
				-E LD_PRELOAD="$ROOT/$camera" "$BUILD/mipsel/firmware"
		done
	fi
	for file in "$BUILD"/*/libcamerahook.so.full "$BUILD"/minimal/*/libcamerahook.so.full; do
		size "$file" | awk 'NR == 2 { print "# text", $1, "data", $2, "bss", $3 }'
	done
}

# as the seed says it: make clean && make build
built() {
	copy=$(mktemp -d)
	cp -r Makefile ./*.map src "$copy"
	( cd "$copy" && make -s clean && make -s build )
	[ -s "$copy/dist/libcamerahook.so" ]
	cmp "$copy/dist/libcamerahook.so" "$copy/build/mipsel/libcamerahook.so"
	rm -r "$copy"
}

hashes() {
	ffmpeg -nostdin -v error -f "$1" -i "$2" -f framemd5 - |
		sed -n 's/^0,.*, *//p'
}

# What ffmpeg decodes is what it decodes of the file itself: the hook's first
# key frame is frame 12, and 61 frames follow
decoded() {
	runner=qemu
	[ -x "$BUILD/mipsel/firmware" ] && have qemu-mipsel || runner=native
	for codec in h264 h265; do
		form=h264
		[ $codec = h265 ] && form=hevc
		cat "$CLIPS/$codec" "$CLIPS/$codec" >"$BUILD/twice"
		hashes $form "$BUILD/twice" | sed -n '13,73p' >"$BUILD/want.md5"

		RIG_SAVE=$BUILD/saved STUB_RING=31013 $runner exact $codec
		hashes $form "$BUILD/saved" | head -61 >"$BUILD/got.md5"
		[ "$(wc -l <"$BUILD/got.md5")" = 61 ]
		cmp "$BUILD/want.md5" "$BUILD/got.md5"

		RIG_COUNT=61 RIG_CLIENT="exec ffmpeg -nostdin -v error \
-f $form -i tcp://127.0.0.1:%d -f framemd5 -y $BUILD/live" \
			$runner live $codec
		sed -n 's/^0,.*, *//p' "$BUILD/live" >"$BUILD/got.md5"
		[ "$(wc -l <"$BUILD/got.md5")" = 61 ]
		cmp "$BUILD/want.md5" "$BUILD/got.md5"
		echo "# $codec: 61 frames saved and 61 live, by $runner"
	done
}

# same <with> <without>
same() {
	export RIG_COUNT=100000 STUB_CHAOS=7
	without=$("$2" calls h264)
	with=$("$1" calls h264)
	served=$(RIG_CLIENT=1 "$1" calls h264)
	unset RIG_COUNT STUB_CHAOS
	echo "# without the hook $without, with it $with, with a client $served"
	[ -n "$without" ] && [ "$without" = "$with" ] &&
		[ "$without" = "$served" ]
}

same_native() { same native native_bare; }
same_qemu() { same qemu qemu_bare; }

# On a busy machine a call may be put aside by others: three tries
timed() {
	export RIG_CONDITION=$1
	qemu timing h264-1080 || qemu timing h264-1080 || qemu timing h264-1080
}

timing() {
	export RIG_COUNT=$TIMING_CALLS STUB_PERIOD_US=1000 STUB_RING=1000000
	echo "# what a call takes beyond the vendor's own part, 1080p"
	RIG_CONDITION=none qemu_bare timing h264-1080 | sed 's/none  */no hook /'
	export RIG_LIMIT=1
	timed none
	timed stalled
	timed log
	timed taken
	RIG_COUNT=$((TIMING_CALLS * 9 / 5))
	timed reconnects
	unset RIG_COUNT STUB_PERIOD_US STUB_RING RIG_LIMIT RIG_CONDITION
}

# Between the marks the firmware's thread makes the hook's calls and no others:
# none while nobody watches, a wake (and a yield) while somebody does; what the
# first call does to set up is listed by itself
traced() {
	for which in exact stalled unwatched; do
		rm -f "$BUILD"/trace.*
		FIRMWARE_MARK=1 cases $which h264 strace -ff -qq \
			-o "$BUILD/trace" -E LD_PRELOAD="$ROOT/$HOST" \
			"$BUILD/x86-64/firmware"
		trace=$(grep -l '^getppid(' "$BUILD"/trace.*)
		awk '
		/^getppid\(/ { calls++; inside = 1; next }
		/^getpid\(/ { inside = 0; next }
		inside && calls > 1 { print > others }
		inside && calls == 1 { sub(/\(.*/, ""); seen[$0] = 1 }
		END {
			printf "# %d calls; the first one, to set up:", calls
			for (name in seen)
				printf " %s", name
			print ""
			printf "" > others
		}' others="$BUILD/trace-inside" "$trace"
		sed 's/(.*//' "$BUILD/trace-inside" | sort | uniq -c |
			sed "s/^ */# $which, in all others: /"
		sed "/^futex(0x[0-9a-f]*, FUTEX_WAKE_PRIVATE, 1) *= [01]\$/d;
			/^sched_yield() *= 0/d" \
			"$BUILD/trace-inside" >"$BUILD/trace-others"
		never . "$BUILD/trace-others"
	done
}

asan() {
	flags="-O1 -fsanitize=address,undefined -fno-sanitize-recover=all"
	firmware gcc asan "$flags" "$MODULES"
	all_cases asan_run
	STUB_CHAOS=3 RIG_CLIENT=1 RIG_COUNT=20000 asan_run calls h264
}

asan_run() {
	cases "$1" "$2" "$BUILD/asan/firmware"
}

tsan() {
	firmware gcc tsan "-O1 -fsanitize=thread" "$MODULES"
	export TSAN_OPTIONS=atexit_sleep_ms=0:halt_on_error=1
	all_cases tsan_run
	unset TSAN_OPTIONS
}

tsan_run() {
	cases "$1" "$2" setarch -R "$BUILD/tsan/firmware"
}

memcheck() {
	for which in exact resumed sound talk; do
		memcheck_run $which h264
	done
	memcheck_run exact h265
	RIG_COUNT=300 memcheck_run threads h264
}

memcheck_run() {
	cases "$1" "$2" env LD_PRELOAD="$ROOT/$HOST" valgrind -q \
		--error-exitcode=9 --leak-check=full \
		--show-leak-kinds=definite --errors-for-leak-kinds=definite \
		"$BUILD/x86-64/firmware"
	echo "# $1 $2"
}

fuzz() {
	clang $FLAGS -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all test/fuzz_packs.c src/nal.c \
		src/packs.c src/params.c -o "$BUILD/fuzz_packs"
	mkdir -p "$BUILD/corpus"
	"$BUILD/fuzz_packs" -max_total_time="$FUZZ_SECONDS" -max_len=1500 \
		-artifact_prefix="$BUILD/" -print_final_stats=1 \
		"$BUILD/corpus" test/corpus >"$BUILD/fuzz.log" 2>&1 || {
		tail -40 "$BUILD/fuzz.log"
		return 1
	}
	sed -n 's/^Done/# done/p; s/^stat::average_exec_per_sec:/# runs a second:/p' \
		"$BUILD/fuzz.log"
}

summary() {
	echo "$passed sections passed, $failed failed, $skipped not run"
	[ "$failed" = 0 ]
	exit
}

timed_in_qemu() {
	section "at most 1 ms added to GetStream (p99) in qemu-mipsel" timing
}

if [ "${1-}" = timing ]; then
	for program in ffmpeg mipsel-linux-gnu-gcc qemu-mipsel; do
		have $program || {
			not_run "at most 1 ms added to GetStream (p99)" $program
			summary
		}
	done
	section "stub, firmware and video are made" build
	section "stub and firmware are made for the camera" cross
	[ "$failed" = 0 ] && timed_in_qemu
	summary
fi

if [ "${1-}" = fuzz ]; then
	if have clang; then
		section "fuzzing the pack walker" fuzz
	else
		not_run "fuzzing the pack walker" clang
	fi
	summary
fi

section "unit tests, with AddressSanitizer and UndefinedBehaviorSanitizer" unit

if have ffmpeg; then
	section "stub, firmware and video are made" build
	[ "$failed" = 0 ] || summary
	section "bit-exact on x86-64" exact_native
	section "clients, sound and talk on x86-64" cases_native
	section "the vendor's library is found on x86-64" library_native
	section "same results of 100,000 calls on x86-64" same_native
else
	not_run "all that needs video" ffmpeg
fi

if ! have mipsel-linux-gnu-gcc; then
	not_run "the camera's own library" mipsel-linux-gnu-gcc
else
	section "the camera's library: size and symbols" symbols
	section "make clean && make build" built
	if have ffmpeg && have qemu-mipsel; then
		section "stub and firmware are made for the camera" cross
		section "the video alone, without sound, talk and health" minimal
		section "bit-exact in qemu-mipsel" exact_qemu
		section "clients, sound and talk in qemu-mipsel" cases_qemu
		section "the vendor's library is found in qemu-mipsel" library_qemu
		section "same results of 100,000 calls in qemu-mipsel" same_qemu
		[ "${1-}" = untimed ] || timed_in_qemu
	elif have ffmpeg; then
		not_run "the camera's library in qemu" qemu-mipsel
	fi
fi

if have ffmpeg; then
	section "what ffmpeg decodes is what was encoded" decoded
	if have strace; then
		section "only non-blocking system calls in GetStream" traced
	else
		not_run "only non-blocking system calls in GetStream" strace
	fi
	section "AddressSanitizer and UndefinedBehaviorSanitizer" asan
	section "ThreadSanitizer" tsan
	if have valgrind; then
		section "valgrind" memcheck
	else
		not_run "valgrind" valgrind
	fi
fi

if have clang; then
	section "fuzzing the pack walker for $FUZZ_SECONDS s" fuzz
else
	not_run "fuzzing the pack walker" clang
fi

summary
