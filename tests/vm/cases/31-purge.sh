#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 120
# Purging the packages takes everything but the ledger, the photographs and their owner; installed again, it goes on.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh

records=$(ledger 'SELECT max(seq) FROM record')
pictures=$(find /var/lib/stipple/images -name '*.jpg' | wc -l)
dpkg --purge stipple-camera-libcamera stipple-telemetryd stippled stipplectl 2>&1 | tee /run/purge.log
grep -q "ledger and photographs stay" /run/purge.log || die "nobody is told that the ledger stays"
[ ! -e /usr/sbin/stippled ] || die "the daemon is still there"
[ ! -e /etc/stipple/stippled.conf ] || die "the configuration is still there"
pgrep -x stippled && die "the daemon still runs"
busctl --list | grep -q org.stipple && die "the station is still on the bus"
[ "$(stat -c %U:%a /var/lib/stipple)" = stipple:750 ] || die "the ledger's folder has another owner"
[ "$(ledger 'SELECT max(seq) FROM record')" -ge "$records" ] || die "the ledger lost records"
ledger_is_sound
[ "$(find /var/lib/stipple/images -name '*.jpg' | wc -l)" = "$pictures" ] || die "photographs are gone"

dpkg -i "$share"/packages/*.deb >/dev/null
wait_until 20 "the daemon" stipplectl status
[ "$(ledger 'SELECT max(seq) FROM record')" -gt "$records" ] || die "the daemon began another ledger"
say "$records records and $pictures photographs outlived the purge"
