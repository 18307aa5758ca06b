# SPDX-License-Identifier: Apache-2.0
# time limit: 120
# A full-resolution frame decodes to what the camera shows; unplugged, the camera is missed, and found again.
source /run/share/lib.sh
source /run/share/treat

sign_in
begin P-0008 A08
picture=$(find /var/lib/stipple/images -name '*.jpg' -newer /run/pin | sort | tail -n 1)
picture=$(find /var/lib/stipple/images -name '*.jpg' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)
size=$(stipplectl doctor | sed -n 's/.*camera.*, \([0-9]*\)x\([0-9]*\).*/\1 \2/p')
djpeg -pnm "$picture" >/run/picture.ppm || die "$picture does not decode"
say "$(stat -c '%s bytes' "$picture"), $(head -c 15 /run/picture.ppm | tr '\n' ' ')"
[ "$(sed -n 2p /run/picture.ppm | head -c 20)" = "$size" ] || die "the picture is not $size, as the camera is"
# Bars of eight colours: far more than a grey or black frame would have.
colours=$(tail -c 300000 /run/picture.ppm | od -An -v -tu1 -w3 | awk '{ seen[int($1 / 64) int($2 / 64) int($3 / 64)] = 1 }
    END { for (s in seen) n++; print n }')
say "$colours kinds of colour"
[ "$colours" -ge 5 ] || die "the picture shows next to nothing"

bash "$share/devices" camera off
refused "camera" stipplectl capture mid-scalp before
bash "$share/devices" camera on
wait_until 30 "a picture from the camera that is back" stipplectl capture mid-scalp before
abandon
