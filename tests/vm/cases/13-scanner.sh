#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A scanner that types: its codes reach the bus and no console, unplugged it is missed, and plugged in again it is found.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

printf 'KERNEL=="event*", ATTRS{name}=="vm scanner", SYMLINK+="input/scanner"\n' >/etc/udev/rules.d/90-vm.rules
udevadm control --reload
cat >/etc/stipple/conf.d/scanner.conf <<'CONF'
[scanner]
plugin = scanner-evdev
[plugin.scanner-evdev]
device = /dev/input/scanner
CONF
modprobe -a uinput evdev
mkfifo /run/scan
plug() {
    systemd-run --quiet --collect --unit=scanner python3 /run/share/scanner.py /run/scan
    wait_until 10 "the scanner's node" test -c /dev/input/scanner
}
scan() {
    busctl monitor org.stipple.Station1 --json=short >/run/bus.log 2>/dev/null &
    local monitor=$!
    sleep 1
    printf '%s\n' "$1" >/run/scan
    heard() { grep '"Scanned"' /run/bus.log | grep -F "$2"; }
    wait_until 10 "the code on the bus" heard "" "$2"
    kill "$monitor"
    jq -c 'select(.member == "Scanned") | .payload.data' /run/bus.log
}

plug
systemctl restart stippled
wait_until 20 "the scanner to be found" doctor_says '^good *scanner'
scan "$(cartridge S13)" '21S13'
systemctl stop scanner
wait_until 20 "the scanner to be missed" doctor_says '^BAD *scanner'
plug
wait_until 20 "the scanner to be found again" doctor_says '^good *scanner'
scan "$(cartridge S14)" '21S14'

systemctl stop scanner
rm /etc/stipple/conf.d/scanner.conf /etc/udev/rules.d/90-vm.rules
systemctl restart stippled
ready
