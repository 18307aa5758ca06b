#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The GPIO chip is removed while the needle moves: a fault is latched, the daemon lives and takes the chip up again.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

work_anew P-0007 A07 300
pid=$(systemctl show -p MainPID --value stippled)
bash "$share/devices" chip off
wait_until 15 "the fault" is State fault
say "$(property FaultText)"
wait_until 10 "doctor to name the line" doctor_says "^BAD *board.*stipple-enable"
bash "$share/devices" chip on
ready
is State fault || die "the fault went away by itself"
level enable 0 || die "ENABLE came back by itself"
[ "$(systemctl show -p MainPID --value stippled)" = "$pid" ] || die "the daemon did not survive it"
abandon
