#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 300
# The disk stops answering in the middle of a commit: the emergency stop works as ever, the needle stops by itself
# where nobody presses it, and nothing told is lost.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

state=/var/lib/stipple
image=/var/tmp/stalling.ext4
impatient=/etc/stipple/conf.d/zz-impatient.conf

# The same ledger on a disk of its own, which can be held still.
systemctl stop stippled
truncate -s 300M "$image"
mke2fs -q -t ext4 -d "$state" "$image"
loop=$(losetup --find --show "$image")
dmsetup create stalling --table "0 $(blockdev --getsz "$loop") linear $loop 0"
mount /dev/mapper/stalling "$state"

waiting_for_disk() { grep -qx D <(ps -L -o stat= -p "$(main_pid)" | cut -c 1); }
answers() {
    timeout 5 busctl get-property org.stipple.Station1 /org/stipple/Station1/Session org.stipple.Session1 State ||
        die "the daemon does not answer while the disk stands still"
}

# Somebody presses the button, long before the needle would stop by itself.
systemctl start stippled
ready
work_anew P-0009 A09 300
dmsetup suspend --nolockfs --noflush stalling
wait_until 10 "the ledger to wait for the disk" waiting_for_disk
level enable 1 || die "the needle stood before the button was pressed: $(property FaultText)"
estop press
say "ENABLE fell within $(until_level enable 0) ms of the emergency stop, while the disk stood still"
sleep 1
waiting_for_disk || die "the disk did not stand still long enough to prove anything"
level enable 0 || die "ENABLE came back"
answers
dmsetup resume stalling
wait_until 10 "the fault" is State fault
wait_until 10 "the fault in the ledger" has_record fault.latched
abandon

# Nobody does anything, and the limit is the one that is shipped: the other cases wait for slow machines.
printf '[ledger]\ncommit_limit_ms = 2000\n' >"$impatient"
systemctl restart stippled
ready
work_anew P-0010 A10 300
dmsetup suspend --nolockfs --noflush stalling
say "ENABLE fell by itself $(until_level enable 0) ms after the disk stood still"
waiting_for_disk || die "the disk did not stand still until the needle stopped"
wait_until 10 "the fault" is State fault
doctor_says "^BAD *ledger.*does not answer" || die "doctor does not say that the disk hangs"
refused "disk" timeout 20 stipplectl --pin-file /run/pin acknowledge "seen to"
pedal up
pedal down
sleep 1
level enable 0 || die "ENABLE came back"
waiting_for_disk || die "the disk did not stand still long enough to prove anything"
dmsetup resume stalling
wait_until 20 "the ledger to be written again" doctor_says "^good *ledger"
abandon

systemctl stop stippled
ledger_is_sound
umount "$state"
[ -s "$state/ledger.db" ] || die "the ledger that was there before is gone"
dmsetup remove stalling
losetup -d "$loop"
rm "$impatient"
systemctl start stippled
ready
