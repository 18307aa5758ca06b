#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What every case begins with: source /run/share/lib.sh
set -euo pipefail
export share=/run/share
lines=/run/stipple-lines
export LC_ALL=C.UTF-8

say() { printf '%s\n' "$*"; }
die() { printf 'failed: %s\n' "$*" >&2; exit 1; }
trap 'printf "failed: line %s of %s: %s\n" "$LINENO" "${BASH_SOURCE[0]##*/}" "$BASH_COMMAND" >&2' ERR

# wait_until SECONDS WHAT COMMAND...: seconds of an idle machine; a busy one gets four times as many.
wait_until() {
    local end=$((SECONDS + 4 * $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $end ]; then
            stipplectl --json status || true
            journalctl -u stippled -n 15 --no-pager -o short-monotonic
            die "gave up waiting for $what"
        fi
        sleep 0.02
    done
}

# refused PATTERN COMMAND...: it must fail, with a sentence that has the pattern in it.
refused() {
    local pattern=$1 text
    shift
    if text=$("$@" 2>&1); then die "this should have been refused: $*"; fi
    grep -q -- "$pattern" <<<"$text" || die "refused, but not for '$pattern': $text"
    say "refused: $text"
}

# ---- the lines, as the world outside sees them ----

level() { [ "$(cat "$lines/$1/value")" = "$2" ]; }

pedal() { # down|up
    if [ "$1" = down ]; then echo pull-down; else echo pull-up; fi >"$lines/pedal/pull"
}

estop() { # press|release
    if [ "$1" = press ]; then echo pull-up; else echo pull-down; fi >"$lines/emergency-stop/pull"
}

# Milliseconds until a line has a level, from now on.
until_level() {
    local begun now
    begun=$(date +%s%N)
    until [ "$(<"$lines/$1/value")" = "$2" ]; do
        now=$(date +%s%N)
        [ $((now - begun)) -lt 10000000000 ] || die "$1 did not become $2 within 10 s"
    done
    now=$(date +%s%N)
    echo $(((now - begun) / 1000000))
}

# ---- the daemon ----

property() { stipplectl --json status | jq -r ".$1"; }
is() { [ "$(property "$1")" = "$2" ]; }
at_least() { [ "$(property "$1")" -ge "$2" ]; }
records() { stipplectl --json audit records | jq -r .kind; }
has_record() { records | grep -qx "$1"; }

# doctor_says PATTERN: whether a line of it matches.
doctor_says() { { stipplectl doctor || true; } | grep -e "$1"; }

ready() {
    wait_until 30 "the board" is BoardConnected true
}

main_pid() { systemctl show -p MainPID --value stippled; }

# The station's hardware, plugged in for the first time since the machine was switched on.
plug_in() {
    # The simulated SPI driver gets its number among the drivers when it starts, a real one has its own for good.
    bash "$share/devices" board on
    systemctl restart stippled
    bash "$share/devices" chip on
    bash "$share/devices" camera on
    ready
}

# As a time server would: this machine has no network, and its clock is right. The service hears of it when it starts.
clock_is_right() {
    python3 - <<'PYTHON'
import ctypes
TIMEX_WORDS, ADJ_MAXERROR, ADJ_STATUS = 26, 0x0004, 0x0010
timex = (ctypes.c_long * TIMEX_WORDS)()
ctypes.cast(timex, ctypes.POINTER(ctypes.c_uint))[0] = ADJ_MAXERROR | ADJ_STATUS
if ctypes.CDLL(None, use_errno=True).adjtimex(timex) < 0:
    raise SystemExit("the clock cannot be set")
PYTHON
}

# ---- the ledger, as a reader of its own ----

ledger() { sqlite3 "file:${2:-/var/lib/stipple/ledger.db}?mode=ro" "$1"; }

# Whole, without gaps, and every stored hash is that of its record.
ledger_is_sound() {
    [ "$(ledger 'PRAGMA integrity_check')" = ok ] || die "the ledger's file is damaged"
    [ "$(ledger 'SELECT count(*) = max(seq) FROM record')" = 1 ] || die "records are missing from the ledger"
    python3 - <<'PYTHON'
import hashlib, sqlite3
db = sqlite3.connect("file:/var/lib/stipple/ledger.db?mode=ro", uri=True)
n = 0
for seq, leaf, stored in db.execute("SELECT seq, leaf, hash FROM record"):
    leaf = leaf.encode() if isinstance(leaf, str) else leaf
    if hashlib.sha256(b"\0" + leaf).digest() != stored:
        raise SystemExit(f"record {seq} is not what its hash says")
    n += 1
print(f"ledger: {n} records, all as their hashes say")
PYTHON
}
