#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The daemon hangs while the needle moves: the board stops by itself, systemd kills the daemon, and ENABLE falls.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

work_anew P-0010 A10 300
before=$(main_pid)
[ "$(systemctl show -p WatchdogUSec --value stippled)" = 10s ] || die "nobody watches the daemon"
systemctl kill --signal=STOP stippled
gone() { [ ! -e "/proc/$before" ]; }
SECONDS=0
wait_until 30 "systemd to kill the daemon" gone
say "systemd ended the daemon that hung after $SECONDS s; ENABLE fell within $(until_level enable 0) ms of that"
[ "$(systemctl show -p Result --value stippled)" = watchdog ] || journalctl -u stippled | grep -q 'Watchdog timeout' ||
    die "it was not the watchdog"
wait_until 30 "the daemon on the bus again" stipplectl status
ready
wait_until 10 "the board's own stop to be told" is State fault
property FaultText | grep watchdog || die "the board did not stop by itself"
level enable 0 || die "ENABLE came back by itself"
sign_in_anew
