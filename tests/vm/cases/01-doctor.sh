#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With a real chip, a real SPI node, a real camera, broker, bus and people, nothing is left for doctor to complain about.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

ready
wait_until 20 "the broker" is BrokerConnected true
stipplectl self-test
enrol
wait_until 20 "the camera to be found" doctor_says "^good *camera"
stipplectl doctor || die "doctor finds something"
# The guest has no display, and so no panel that sounds the alarms: doctor must say that, and nothing else.
stipplectl doctor | grep -q '^WARN *sound  *no panel' || die "doctor does not miss the panel"
stipplectl doctor | grep -v -e '^good ' -e '^WARN *sound ' && die "doctor is not content with everything else"
gpioinfo | grep -E 'stipple-(enable|pedal).*(used|consumer)' || die "the lines are not taken"
[ "$(ps -o user= -C stippled)" = stipple ] || die "the daemon does not run as its own user"
[ "$(systemctl show -p User --value stipple-telemetryd)" = stipple-telemetry ] || die "telemetry does not run as its own user"
[ "$(stat -c %U:%G:%a /var/lib/stipple)" = stipple:stipple:750 ] || die "others can read the ledger's folder"
[ "$(stat -c %a /var/lib/stipple/ledger.db /var/lib/stipple/ledger.db-shm | sort -u)" = 640 ] || die "the ledger is not the group's to read alone"
[ "$(systemctl show -p NRestarts --value stipple-telemetryd)" = 0 ] || die "telemetry had to be started again"
# The daemon has no network, and nobody but telemetry has the broker's library.
grep -q mosquitto "/proc/$(main_pid)/maps" && die "the daemon has libmosquitto"
ss -H -tunap | grep '"stippled"' && die "the daemon speaks to the network"
[ "$(systemctl show -p NRestarts --value stippled)" = 0 ] || die "the daemon had to be started again"
for group in $(id -Gn stipple); do
    case "$group" in stipple | gpio | spi | video | input) ;; *) die "the daemon's user is in the group $group" ;; esac
done
systemd-analyze security --threshold=15 stipple-telemetryd.service >/dev/null || die "telemetry is exposed more than it should be"
systemd-analyze security --no-pager --threshold=15 stippled.service | tail -n 1
systemd-analyze security --threshold=15 stippled.service >/dev/null || die "the service is exposed more than it should be"
journalctl -u stippled --no-pager -o short-monotonic -p warning | tail -n 20
