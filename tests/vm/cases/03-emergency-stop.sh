#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The emergency stop's edge makes ENABLE fall, ten times in a row, measured from outside the daemon.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

sign_in_anew
begin P-0003 A03
slowest=0
for i in 1 2 3 4 5 6 7 8 9 10; do
    arm >/dev/null
    pedal down
    wait_until 10 "the needle to work" is State working
    estop press
    took=$(until_level enable 0)
    [ "$took" -le "$slowest" ] || slowest=$took
    wait_until 10 "the fault" is State fault
    pedal up
    estop release
    stipplectl --pin-file /run/pin acknowledge "round $i" >/dev/null
done
say "slowest of ten: $slowest ms until ENABLE was seen low, under software emulation"
[ "$slowest" -lt 200 ] || die "that is too slow even for software emulation"
abandon
