#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 1500
# Bytes that reach the disk of the ledger and that of the system: needle moving at its own pace, session at rest, no
# session. Not a test: run with "tests/vm/run 00 wear".
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
# The journal is all that is written elsewhere, and it goes to the disk that the loop is on as well.
journal() { journalctl --sync; awk '{ print $7 * 512 }' /sys/block/vda/stat; }

measure() { # WHAT
    local ledger_before journal_before leaves_before ledger_after journal_after leaves_after
    ledger_before=$(written) journal_before=$(journal) leaves_before=$(ledger 'SELECT sum(length(leaf)) FROM record')
    sleep "$seconds"
    ledger_after=$(written) journal_after=$(journal) leaves_after=$(ledger 'SELECT sum(length(leaf)) FROM record')
    awk -v what="$1" -v s="$seconds" -v d=$((ledger_after - ledger_before)) -v j=$((journal_after - journal_before)) \
        -v l=$((leaves_after - leaves_before)) 'BEGIN { f = 3600 / s / 1e6
            printf "%-14s %8.2f MB/h to the disk of the ledger, %8.2f MB/h elsewhere, %8.2f MB/h of records\n",
                what, d * f, (j - d) * f, l * f }'
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
