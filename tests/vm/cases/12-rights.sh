#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A technician, an auditor and a stranger try every member: the bus policy and real polkit let each do what the table says.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh

useradd --groups stipple-technician ada
useradd --groups stipple-auditor ines
useradd otto
for user in ada ines otto; do
    runuser -u "$user" -- python3 "$share/rights.py" "$user"
done
wait_until 10 "the station to be idle" is State idle
# The tool shows the same.
refused "not allowed" runuser -u otto -- stipplectl status
refused "not allowed\|authenticat" runuser -u ines -- stipplectl session begin P-0012 scalp-density 1
refused "not allowed\|authenticat" runuser -u ada -- stipplectl audit records
runuser -u ines -- stipplectl audit records limit=1 >/dev/null
