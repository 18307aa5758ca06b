#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The SPI device goes while the needle moves: ENABLE falls, a fault is latched, and it is taken up again when it returns.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

work_anew P-0006 A06 300
bash "$share/devices" board off
say "ENABLE fell within $(until_level enable 0) ms after the device was gone"
wait_until 10 "the fault" is State fault
say "$(property FaultText)"
wait_until 10 "doctor to name the device" doctor_says "^BAD *board.*spidev0.0"
bash "$share/devices" board on
ready
is State fault || die "the fault went away by itself"
level enable 0 || die "ENABLE came back by itself"
abandon
