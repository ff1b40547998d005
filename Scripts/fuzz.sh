#!/usr/bin/env bash
# Fuzzes the readers of requests and files, and the native code behind the shim, led by coverage (libFuzzer), under the address sanitizer.
# FUZZ_MINUTES: how long in all, 60 where not said. What is learned stays in .build-fuzz, and the next run goes on from it.
source "$(dirname "$0")/common.sh"

minutes="${FUZZ_MINUTES:-60}"
[[ "$minutes" =~ ^[1-9][0-9]*$ ]] || fail "FUZZ_MINUTES must be a number of minutes, not '$minutes'"
work="$ROOT/.build-fuzz"
programs=(FuzzDecoders:decoders FuzzFiles:files FuzzNative:native)
# Not --sanitize: of two, the Swift compiler takes one.
flags=(
    --configuration release --package-path Tests/Fuzz --scratch-path "$work"
    -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=address -Xcc -fsanitize=fuzzer-no-link
)

mkdir -p "$work/findings"
# Words that requests are made of: what stands between quotes in the decoders.
grep -rhoE '"[A-Za-z0-9_$.:/-]{2,40}"' Sources/WireFormat Sources/YAML --include '*.swift' | sort -u > "$work/words.dict"

${SWIFT:-swift} build "${flags[@]}"
folder="$(${SWIFT:-swift} build "${flags[@]}" --show-bin-path)"

failed=0
for entry in "${programs[@]}"; do
    program="${entry%:*}" corpus="${entry#*:}"
    mkdir -p "$work/corpus/$corpus"
    say "$program, $((minutes * 60 / ${#programs[@]})) seconds"
    # libFuzzer ends at the first input that fails. A crash is reported by the sanitizer; Swift's own report would ask for an answer. The runtimes leak at exit on purpose.
    SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 nice -n 10 "$folder/$program" \
        -max_total_time=$((minutes * 60 / ${#programs[@]})) -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
        -dict="$work/words.dict" -artifact_prefix="$work/findings/$program-" -print_final_stats=1 -verbosity=1 \
        "$work/corpus/$corpus" "Tests/Fuzz/corpus/$corpus" < /dev/null || failed=1
done

if [ "$failed" != 0 ]; then
    ls -t "$work/findings" >&2
    fail "inputs that fail lie in $work/findings; give one to the program in $folder that it is named for to see it again"
fi
say "no input failed"
