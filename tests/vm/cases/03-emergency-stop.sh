#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The emergency stop's edge makes ENABLE fall, ten times in a row, measured from outside the daemon.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

sign_in_anew
begin P-0003 A03
times=()
for i in 1 2 3 4 5 6 7 8 9 10; do
    arm >/dev/null
    pedal down
    wait_until 10 "the needle to work" is State working
    estop press
    times+=("$(until_level enable 0)")
    wait_until 10 "the fault" is State fault
    pedal up
    estop release
    stipplectl --pin-file /run/pin acknowledge "round $i" >/dev/null
done
mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
say "until ENABLE was seen low, under software emulation: ${times[5]} ms in the middle, ${times[9]} ms at most"
# the machine below may stop the whole guest for a moment, and hardly six times of ten
[ "${times[5]}" -lt 200 ] || die "that is too slow even for software emulation"
abandon
