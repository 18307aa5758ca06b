#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A line that another program holds: doctor names that program, and the daemon takes the line once it is free.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh

systemctl stop stippled
systemd-run --quiet --collect --unit=thief gpioset --consumer thief stipple-enable=0
wait_until 10 "the line to be taken" sh -c 'gpioinfo | grep -q thief'
systemctl start stippled
wait_until 20 "the daemon" stipplectl status
refused "thief" stipplectl doctor
systemctl stop thief
ready
