#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 1500
# Bytes that reach the disk of the ledger: no session, session at rest, needle moving at its own pace. Not a test: run
# with "tests/vm/run 00 wear".
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

state=/var/lib/stipple
seconds=${MEASURE_S:-300}

systemctl stop stippled
truncate -s 400M /var/tmp/wear.ext4
mke2fs -q -t ext4 -d "$state" /var/tmp/wear.ext4
loop=$(losetup --find --show --direct-io=on /var/tmp/wear.ext4)
dmsetup create wear --table "0 $(blockdev --getsz "$loop") linear $loop 0"
mount -o noatime /dev/mapper/wear "$state"
systemctl start stippled
bash "$share/devices" board off
SPEED=1 bash "$share/devices" board on

disk=/sys/block/$(basename "$(readlink -f /dev/mapper/wear)")
written() { sync; awk '{ print $7 * 512 }' "$disk/stat"; }
kept() {
    ledger 'SELECT (SELECT sum(length(leaf)) FROM record) + (SELECT coalesce(sum(length(data)), 0) FROM attachment)'
}

measure() { # WHAT
    local written_before kept_before written_after kept_after
    written_before=$(written) kept_before=$(kept)
    sleep "$seconds"
    written_after=$(written) kept_after=$(kept)
    awk -v what="$1" -v s="$seconds" -v w=$((written_after - written_before)) -v k=$((kept_after - kept_before)) \
        'BEGIN { f = 3600 / s / 1e6; printf "%-14s %8.2f MB/h written, %8.2f MB/h kept\n", what, w * f, k * f }'
}

enrol
measure "no session"
sign_in
begin P-0090 A90
measure "at rest"
before=$(written)
for _ in 1 2 3 4; do stipplectl capture crown before >/dev/null; done
say "a photograph: $((($(written) - before) / 4)) bytes"
arm
work 100
strokes=$(property SessionStrokes)
measure "needle moving"
say "$(($(property SessionStrokes) - strokes)) strokes in $seconds s and the time of measuring"
abandon
