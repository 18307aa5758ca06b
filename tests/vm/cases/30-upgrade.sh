#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 180
# A newer package takes over ledger and settings; a session that is open is not interrupted by it.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

[ -d "$share/packages/older" ] || { say "there is no older version to upgrade from"; exit 1; }
version() { dpkg-query -W -f '${Version}' stippled; }
older=$(version)
records=$(ledger 'SELECT max(seq) FROM record')
first=$(ledger 'SELECT hex(hash) FROM record WHERE seq = 1')
settings=$(sha256sum /etc/stipple/conf.d/vm.conf)

work_anew P-0030 A30 100
pid=$(main_pid)
dpkg -i "$share"/packages/*.deb 2>&1 | tee /run/upgrade.log
grep -q "a session is open" /run/upgrade.log || die "nobody is told that the daemon waits for the session's end"
dpkg --compare-versions "$(version)" gt "$older" || die "that was no upgrade: $older to $(version)"
[ "$(main_pid)" = "$pid" ] || die "the upgrade interrupted a session"
is State working || die "the session is $(property State), no longer working"
abandon
# Between sessions it does start the new one.
dpkg -i "$share"/packages/*.deb >/dev/null 2>&1
[ "$(main_pid)" != "$pid" ] || die "the new daemon was not started between sessions"
wait_until 20 "the new daemon" stipplectl status
ready
[ "$(ledger 'SELECT hex(hash) FROM record WHERE seq = 1')" = "$first" ] || die "the ledger is another one"
[ "$(ledger 'SELECT max(seq) FROM record')" -gt "$records" ] || die "the ledger lost records"
[ "$(sha256sum /etc/stipple/conf.d/vm.conf)" = "$settings" ] || die "the settings were changed"
ledger_is_sound
say "$older became $(version)"
