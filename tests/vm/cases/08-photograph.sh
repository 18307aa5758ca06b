#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 120
# A full-resolution frame decodes to what the camera shows; unplugged, the camera is missed, and found again.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

sign_in_anew
begin P-0008 A08
picture=$(find /var/lib/stipple/images -name '*.jpg' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)
size=$(doctor_says camera | sed -n 's/^good  camera.*, \([0-9]*\)x\([0-9]*\).*/\1 \2/p')
djpeg -pnm "$picture" >/run/picture.ppm || die "$picture does not decode"
say "$(stat -c '%s bytes' "$picture"), $(sed -n 2p /run/picture.ppm | head -c 20), the camera has $size"
[ "$(sed -n 2p /run/picture.ppm | head -c 20)" = "$size" ] || die "the picture is not $size, as the camera is"

# The test picture is eight bars: white, yellow, cyan, green, magenta, red, blue, black.
python3 - <<'PYTHON'
with open("/run/picture.ppm", "rb") as f:
    f.readline()
    width, height = map(int, f.readline().split())
    f.readline()
    data = f.read()
row = (height // 4) * width * 3
bars = ["".join("RGB"[c] if data[row + ((2 * i + 1) * width // 16) * 3 + c] > 127 else "-" for c in range(3))
        for i in range(8)]
print("bars:", *bars)
wanted = ["RGB", "RG-", "-GB", "-G-", "R-B", "R--", "--B", "---"]
if bars != wanted:
    raise SystemExit(f"the colours are not {' '.join(wanted)}")
PYTHON

bash "$share/devices" camera off
wait_until 20 "the camera to be missed" doctor_says "^BAD *camera"
refused "camera" stipplectl capture mid-scalp before
bash "$share/devices" camera on
wait_until 30 "the camera to be found" doctor_says "^good *camera"
stipplectl capture mid-scalp before
abandon
