#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 180
# The packages install on a clean system, the service starts, and the station's hardware is plugged in.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh

SECONDS=0
# The older version first where there is one: a later case upgrades from it.
folder=$share/packages
[ ! -d "$folder/older" ] || folder=$folder/older
dpkg -i "$folder"/*.deb
say "installed in $SECONDS s from ${folder##*/}"

systemctl is-active stippled.service || die "the package does not start the service"
wait_until 20 "the daemon on the bus" stipplectl status
for file in man/man1/stipplectl.1.gz man/man5/stippled.conf.5.gz man/man8/stippled.8.gz bash-completion/completions/stipplectl \
    dbus-1/interfaces/org.stipple.Station1.xml polkit-1/actions/org.stipple.policy; do
    [ -s "/usr/share/$file" ] || die "the packages lack /usr/share/$file"
done
[ "$(journalctl --list-catalog 2>/dev/null | grep -ic stipple)" -ge 3 ] || die "the journal's catalog knows nothing of it"
is BoardConnected false || die "there is no board yet, and the daemon says there is"
refused "stipple-enable" stipplectl doctor

cat >/etc/stipple/conf.d/vm.conf <<'CONF'
[station]
clinic = vm
station = chair-1
[board]
# Under software emulation everything but the emergency stop takes longer.
link_timeout_ms = 1500
[camera]
timeout_ms = 30000
# The test picture is bars of colour.
focus_min = 0
exposure_min = 0
exposure_max = 255
[session]
disk_min_mb = 10
[ledger]
# The simulated needle is faster than a real one, and an emulated disk slower: case 09 has the limits that are shipped.
strokes_waiting = 100000
commit_limit_ms = 10000
[mqtt]
tls = no
[plugin.board-spi]
# A contact that is closed overrides a bias; the simulated lines have no contacts.
bias_emergency_stop = none
bias_pedal = none
CONF
# What the simulated SPI device is called among the kernel's devices, where a real one is called "spi".
mkdir -p /etc/systemd/system/stippled.service.d
# The cases start the daemon more often than a bad day does.
printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nDeviceAllow=char-spidev* rw\n' >/etc/systemd/system/stippled.service.d/vm.conf
systemctl daemon-reload
clock_is_right
plug_in
