#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A broker that is not on this machine is out of the service's reach until its address is let through, as docs/deployment.md
# says.
# shellcheck source=tests/vm/guest/lib.sh
source /run/share/lib.sh

ip address add 192.0.2.10/32 dev lo
mosquitto_pub -h 192.0.2.10 -t probe -m x || die "the broker does not listen there"
printf '[mqtt]\nhost = 192.0.2.10\n' >/etc/stipple/conf.d/zz-network.conf
systemctl restart stippled
ready
# Nothing is sent to an address that nobody allowed, so nothing answers either; the broker itself was there at once.
sleep 8
doctor_says '^WARN *broker'
is BrokerConnected false || die "telemetry reaches an address that nobody allowed"

mkdir -p /etc/systemd/system/stipple-telemetryd.service.d
printf '[Service]\nIPAddressAllow=192.0.2.10\n' >/etc/systemd/system/stipple-telemetryd.service.d/broker.conf
systemctl daemon-reload
systemctl restart stipple-telemetryd
wait_until 20 "the broker that is let through" is BrokerConnected true

rm /etc/stipple/conf.d/zz-network.conf /etc/systemd/system/stipple-telemetryd.service.d/broker.conf
ip address del 192.0.2.10/32 dev lo
systemctl daemon-reload
systemctl restart stipple-telemetryd stippled
ready
wait_until 20 "the broker of before" is BrokerConnected true
