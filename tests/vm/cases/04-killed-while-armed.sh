#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill -9 while the needle moves: the kernel keeps ENABLE as it was, stipple-enable-low takes it away, the service
# starts again, and the session is there as recorded: it goes on when somebody says so.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

work_anew P-0004 A04 300
session=$(property Session)
before=$(systemctl show -p NRestarts --value stippled)
systemctl kill --signal=KILL stippled
say "ENABLE fell within $(until_level enable 0) ms of the kill"
journalctl -u stippled -o cat | grep "stipple-enable was driven low" || die "it was not stipple-enable-low that did it"
wait_until 30 "the daemon on the bus again" stipplectl status
ready
[ "$(systemctl show -p NRestarts --value stippled)" -gt "$before" ] || die "systemd did not start it again"
level enable 0 || die "ENABLE came back by itself"
say "state after the restart: $(property State)"
# The board stopped by itself while nobody spoke to it, and says so.
is State fault || die "the session goes on as if nothing had happened"
has_record session.recovered || die "the ledger does not say that the station stopped in a session"
if [ "$(property Session)" != "$session" ] || ! is Subject P-0004; then die "the session is not there as it was"; fi
strokes=$(property SessionStrokes)
[ "$strokes" -gt 0 ] || die "no stroke of before is known"
sign_in
resume B04
arm
work 100
pedal up
stipplectl session disarm
[ "$(property SessionStrokes)" -gt "$strokes" ] || die "the session does not count on from $strokes strokes"
stipplectl needle remove "to try the other one again"
refused "was used on" stipplectl needle mount "$(cartridge A04)"
abandon
