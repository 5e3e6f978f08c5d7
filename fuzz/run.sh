#!/bin/sh
# Fuzzes every target for some seconds each (60 unless told), and fails when one of them found something.
#   fuzz/run.sh [seconds] [target ...]
set -u
cd "$(dirname "$0")" || exit 2
seconds=${1:-60}
[ $# -gt 0 ] && shift
case $seconds in
'' | *[!0-9]*)
    echo "usage: fuzz/run.sh [seconds] [target ...]" >&2
    exit 2
    ;;
esac

missing=0
need() { # what it is, how to get it, how to see it
    what=$1 how=$2
    shift 2
    "$@" >/dev/null 2>&1 && return
    echo "missing: $what; get it with: $how" >&2
    missing=1
}
need "a nightly toolchain of Rust" "rustup toolchain install nightly --profile minimal" cargo +nightly --version
need "cargo-fuzz" "cargo install cargo-fuzz --locked" cargo +nightly fuzz --version
need "a compiler of C++, for the fuzzer itself" "your system's packages, such as g++" sh -c 'command -v "${CXX:-c++}"'
[ $missing -eq 0 ] || exit 2

target_dir=${CARGO_TARGET_DIR:-target}
cargo +nightly run --locked --quiet --target-dir "$target_dir" --example seed || exit 2
cargo +nightly fuzz build --target-dir "$target_dir" || exit 2
mkdir -p artifacts

# Bytes of the longest input: one long state of a run with its log, a definition with a schema, some kilobytes else.
longest() {
    case $1 in
    checkpoint) echo 16384 ;;
    answers) echo 8192 ;;
    words) echo 400 ;;
    *) echo 4096 ;;
    esac
}

failed=

# What was found before stays found out: each input by itself, so that one does not hide another.
replay() {
    for input in findings/"$1"-*; do
        [ -f "$input" ] || continue
        cargo +nightly fuzz run --target-dir "$target_dir" "$1" "$input" -- -timeout=10 -rss_limit_mb=1024 \
            >"artifacts/replay.log" 2>&1 && continue
        echo "$1: still fails on fuzz/$input"
        failed="$failed $input"
    done
}

for target in ${*:-csv ndjson settings checkpoint answers words}; do
    replay "$target"
    log=artifacts/$target.log
    if cargo +nightly fuzz run --target-dir "$target_dir" "$target" "corpus/$target" -- \
        -max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=256 -timeout=10 \
        -max_len="$(longest "$target")" -dict=words.dict -print_final_stats=1 >"$log" 2>&1; then
        verdict=clean
    else
        verdict="FAILED, see fuzz/$log"
        failed="$failed $target"
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    peak=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
    coverage=$(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\).*/\1 edges, \2 features/p' "$log" | tail -n 1)
    echo "$target: $verdict; ${runs:-?} runs, ${rate:-?}/s, ${coverage:-no coverage}, ${peak:-?} MB"
done
if [ -n "$failed" ]; then
    echo "failed:$failed" >&2
    exit 1
fi
