#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The broker is away for a while: treatment goes on, and what happened meanwhile arrives once and in order.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh
# shellcheck source=tests/vm/guest/treat
source /run/share/treat

wait_until 20 "the broker" is BrokerConnected true
# A subscriber for whom the broker keeps what arrives.
mosquitto_sub -c -i auditor -q 1 -V 5 -x 3600 -E -t 'stipple/v1/+/+/session' -t 'stipple/v1/+/+/needle'
systemctl stop mosquitto
wait_until 20 "the broker to be missed" is BrokerConnected false
begun=$(ledger 'SELECT max(seq) FROM record')
work_anew P-0011 A11 200
pedal up
wait_until 10 "the needle to rest" is State ready
stipplectl session abandon "the broker is away"
wanted=$(ledger "SELECT count(*) FROM record WHERE seq > $begun AND kind NOT IN ('session.screening', 'session.consent')
    AND (kind LIKE 'session.%' OR kind LIKE 'needle.%' OR kind LIKE 'operator.signed-%' OR kind = 'pigment.loaded')")
systemctl start mosquitto
wait_until 60 "the broker to be found" is BrokerConnected true

arrived() {
    mosquitto_sub -c -i auditor -q 1 -V 5 -x 3600 -W 2 -t 'stipple/v1/+/+/session' -t 'stipple/v1/+/+/needle' >>/run/late.log
    [ "$(jq -s "map(select(.seq > $begun)) | length" /run/late.log)" -ge "$wanted" ]
}
: >/run/late.log
wait_until 60 "$wanted facts at the broker" arrived
jq -c "select(.seq > $begun) | [.seq, .kind]" /run/late.log
[ "$(jq -s "map(select(.seq > $begun) | .seq) | length == (unique | length)" /run/late.log)" = true ] ||
    die "something arrived twice"
[ "$(jq -s "map(select(.seq > $begun) | .seq) | . == sort" /run/late.log)" = true ] || die "it arrived out of order"
[ "$(jq -s "map(select(.seq > $begun)) | length" /run/late.log)" = "$wanted" ] ||
    die "more arrived than the ledger has, which are $wanted"
