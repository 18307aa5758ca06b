#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 180
# After the power cut the service starts by itself, nothing that was told is lost, and the session is there as recorded: it goes on when somebody says so.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

seq=$(<"$share/results/power-cut.seq") session=$(<"$share/results/power-cut.session")
wait_until 60 "the daemon after the boot" stipplectl status
is State paused || is State fault || die "the session goes on as if nothing had happened: $(property State)"
newest() { ledger 'SELECT max(seq) FROM record'; }
begun() { [ "$(newest)" -gt "$seq" ]; }
[ "$(newest)" -ge "$seq" ] || die "records that were told as done are lost"
wait_until 60 "the start on record" begun
ledger_is_sound
ledger "SELECT leaf FROM record WHERE seq > $seq" | grep '"session.recovered"' | grep "\"session\":$session" ||
    die "the ledger does not say that the station stopped in session $session"
if [ "$(property Session)" != "$session" ] || ! is Subject P-0020 || ! is ConsentTreatment true || ! is Zone crown; then
    die "the session is not there as it was: $(stipplectl --json status)"
fi
clock_is_right
plug_in
level enable 0 || die "ENABLE is on after the power came back"
pin
sign_in
resume A21
arm
work 100
pedal up
stipplectl session disarm
if [ -n "$(property Unit)" ]; then stipplectl needle remove "to try the other one"; fi
refused "was used on" stipplectl needle mount "$(cartridge A20)"
abandon
