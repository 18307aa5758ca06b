#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The power goes while the needle moves. This case never ends: the host pulls the plug, and the next one looks.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

work_anew P-0020 A20 400
ledger 'SELECT max(seq) FROM record' >"$share/results/power-cut.seq"
property Session >"$share/results/power-cut.session"
level enable 1 || die "the needle does not move"
touch "$share/pull-the-plug"
sleep 60
die "nobody pulled the plug"
