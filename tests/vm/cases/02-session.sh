#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# time limit: 180
# A whole session: edges on real lines, frames over a real SPI node, pictures from a real camera, facts at a broker.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

mosquitto_sub -V 5 -q 1 -t 'stipple/v1/#' -F '%t %p' >/run/mqtt.log &
subscriber=$!
sign_in_anew
begin P-0042 A17

interrupts() { awk '/gpio-sim|stippled/ { n += $2 + $3 } END { print n + 0 }' /proc/interrupts; }
before=$(interrupts)
arm
level lamp-ready 1 || die "the green lamp is dark while armed"
work 600
level lamp-working 1 || die "the blue lamp is dark while the needle works"
pedal up
wait_until 10 "the needle to rest" is State ready
at_least Dots 5 || die "strokes, but no dots"
say "strokes $(property SessionStrokes), dots $(property Dots), $(($(interrupts) - before)) interrupts of the lines"
# the pedal makes two; a slow machine is always behind, so that data-ready seldom falls and rises again
[ "$(interrupts)" -ge $((before + 5)) ] || die "hardly any edges: data-ready was polled, not heard"
stipplectl session disarm
level enable 0 || die "ENABLE is on after disarming"

arm
pedal down
wait_until 10 "the needle to work" is State working
estop press
say "ENABLE fell within $(until_level enable 0) ms of the emergency stop"
wait_until 10 "the fault" is State fault
refused "still holds" stipplectl --pin-file /run/pin acknowledge "too early"
pedal up
estop release
stipplectl --pin-file /run/pin acknowledge "client sneezed, released"
is State preparing || die "the session is $(property State), not preparing"
level enable 0 || die "ENABLE came back by itself"

stipplectl needle remove "dull"
refused "was used on" stipplectl needle mount "$(cartridge A17)"
stipplectl capture crown after
stipplectl session finish
stipplectl --pin-file /run/pin session sign "treatment done as recorded"
is State idle || die "the session is $(property State), not idle"
arrived() { grep -q '"session.signed"' /run/mqtt.log; }
wait_until 10 "the signature at the broker" arrived
kill $subscriber
cut -d ' ' -f 1 /run/mqtt.log | sort | uniq -c
for topic in session needle image alert state telemetry zone/crown; do
    grep -q "^stipple/v1/vm/chair-1/$topic" /run/mqtt.log || die "nothing arrived under $topic"
done
