#!/bin/bash
# Makes the real captures beside it: real clients (curl, wrk, dig, iperf3, ping, traceroute) talk
# to real servers (nginx, dnsmasq, iperf3) in network namespaces, and tcpdump records the link
# between them.
#
#   client7 203.0.113.7 --+                 +-- node1 192.0.2.11   each node runs the same three
#   client8 203.0.113.8 --+-- bridge weft0 -+-- node2 192.0.2.12   servers, as the nodes of a mesh
#   client9 203.0.113.9 --+   (recorded)    +-- node3 192.0.2.13   look from outside
#
# What it keeps true: everything it starts is stopped by process id and every namespace it makes is
# removed, however it ends; offloads are off, so frames are as on a wire, with whole checksums; TCP
# segments fit 1450 bytes of IP in both directions, as they do for tasks behind VXLAN; and nothing
# is written to the output directory unless every trace decodes cleanly and real.pcap is complete.
#
# usage: capture-real.sh [OUTPUT-DIRECTORY]      as root, on Debian 12; installs what it needs

set -euo pipefail
shopt -s inherit_errexit

readonly packages=(nginx curl wrk bind9-dnsutils dnsmasq-base iperf3 tcpdump tshark
    wireshark-common iproute2 procps ethtool iputils-ping traceroute)
readonly output=${1:-$(dirname "$(readlink -f "$0")")/traces}
readonly clients=(7 8 9)
readonly nodes=(1 2 3)
readonly overlay_mtu=1450

work=$(mktemp -d -t weft-capture.XXXXXX)
namespaces=()
processes=()

clean_up() {
    local status=$? process namespace
    if [ $status -ne 0 ] && [ -e "$work/log" ]; then
        say "failed; the log ends:"
        tail -n 20 "$work/log" >&3
    fi
    for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
    for process in "${processes[@]}"; do wait "$process" 2>/dev/null || true; done
    for namespace in "${namespaces[@]}"; do ip netns delete "$namespace" 2>/dev/null || true; done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

exec 3>&2 # messages get through even where a whole block is redirected to the log
say() { echo "capture-real: $*" >&3; }
inside() { ip netns exec "weft-$1" "${@:2}"; }

# Runs a command that is expected to fail (a closed port, a download given up half-way).
expect_failure() {
    if "$@" >>"$work/log" 2>&1; then say "did not fail: $*"; return 1; fi
}

# ---------------------------------------------------------------------------------- packages

install_packages() {
    local missing=() package
    for package in "${packages[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${missing[*]}"
    # The packages' own daemons must not start on this machine: we run ours in namespaces.
    local policy=/usr/sbin/policy-rc.d ours=no
    if [ ! -e $policy ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod +x $policy
    fi
    local status=0
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        "${missing[@]}" >"$work/apt.log" 2>&1 || status=$?
    [ $ours = no ] || rm -f $policy
    [ $status -eq 0 ] || { cat "$work/apt.log" >&2; return $status; }
}

# ---------------------------------------------------------------------------------- topology

add_namespace() {
    ip netns add "weft-$1"
    namespaces+=("weft-$1")
    inside "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0
    inside "$1" ip link set lo up
}

# attach NAMESPACE MAC: a cable from the namespace's eth0 to a port of the bridge.
attach() {
    ip -n "weft-$1" link add eth0 address "$2" type veth peer name "$1" netns weft-link
    inside link sysctl -qw "net.ipv6.conf.$1.disable_ipv6=1"
    inside "$1" ethtool -K eth0 tx off rx off tso off gso off gro off lro off >/dev/null 2>&1
    inside link ethtool -K "$1" tx off rx off tso off gso off gro off lro off >/dev/null 2>&1
    ip -n weft-link link set "$1" master weft0 up
    ip -n "weft-$1" link set eth0 up
}

build_topology() {
    local client node
    ip netns add weft-link
    namespaces+=(weft-link)
    inside link sysctl -qw net.ipv6.conf.default.disable_ipv6=1
    ip -n weft-link link add weft0 type bridge stp_state 0 mcast_snooping 0
    ip -n weft-link link set weft0 up promisc on

    for client in "${clients[@]}"; do
        add_namespace "client$client"
        attach "client$client" "02:00:00:00:03:0$client"
        ip -n "weft-client$client" address add "203.0.113.$client/24" dev eth0
        ip -n "weft-client$client" address add "2001:db8:0:3::$client/64" dev eth0 nodad
        # client9 keeps the 1500 bytes of its cable: what it sends can be too big to encapsulate.
        local mtu=$overlay_mtu
        [ "$client" != 9 ] || mtu=1500
        ip -n "weft-client$client" route add 192.0.2.0/24 dev eth0 mtu $mtu
        ip -n "weft-client$client" route add 2001:db8:0:1::/64 dev eth0 mtu $mtu
    done
    for node in "${nodes[@]}"; do
        add_namespace "node$node"
        attach "node$node" "02:00:00:00:01:1$node"
        ip -n "weft-node$node" address add "192.0.2.1$node/24" dev eth0
        ip -n "weft-node$node" address add "2001:db8:0:1::1$node/64" dev eth0 nodad
        ip -n "weft-node$node" route add 203.0.113.0/24 dev eth0 \
            mtu $overlay_mtu advmss $((overlay_mtu - 40))
        ip -n "weft-node$node" route add 2001:db8:0:3::/64 dev eth0 \
            mtu $overlay_mtu advmss $((overlay_mtu - 60))
    done
    ip -n weft-node3 address add 192.0.2.23/24 dev eth0
    # Deprecated, or iperf3 would answer from it what it was asked at the other address.
    ip -n weft-node3 address add 2001:db8:0:1::23/64 dev eth0 nodad preferred_lft 0
}

# ----------------------------------------------------------------------------------- servers

write_site() {
    mkdir -p "$work/site"
    printf '<!doctype html>\n<title>Weft</title>\n<p>It answers.\n' >"$work/site/index.html"
    seq -f 'row %06g of a page that takes some forty segments to send' 900 >"$work/site/long.txt"
    head -c 300 "$work/site/long.txt" >"$work/site/short.txt"
    cat >"$work/nginx.conf" <<CONFIGURATION
daemon off; master_process off; error_log stderr crit;
events { worker_connections 256; }
http {
    access_log off; server_tokens off; keepalive_timeout 5s; default_type text/plain;
    client_body_temp_path $work/body;
    types { text/html html; }
    server {
        listen 8080 backlog=64; listen [::]:8080 backlog=64;
        listen 80; listen [::]:80;
        root $work/site;
        location /sink { return 204; }
    }
}
CONFIGURATION
    local long
    long=$(printf 'x%.0s' {1..240})
    cat >"$work/dnsmasq.conf" <<CONFIGURATION
no-resolv
no-hosts
no-daemon
user=root
cache-size=0
edns-packet-max=4096
host-record=www.example.test,192.0.2.80,2001:db8:0:1::80
host-record=api.example.test,192.0.2.81,2001:db8:0:1::81
cname=web.example.test,www.example.test
mx-host=example.test,www.example.test,10
srv-host=_http._tcp.example.test,www.example.test,8080
txt-record=short.example.test,"so it is"
CONFIGURATION
    local index
    for index in {1..12}; do echo "txt-record=long.example.test,$index$long"; done \
        >>"$work/dnsmasq.conf"
}

start() {
    ip netns exec "weft-$1" "${@:2}" >>"$work/log" 2>&1 &
    processes+=($!)
}

start_servers() {
    local node
    for node in "${nodes[@]}"; do
        start "node$node" nginx -p "$work" -c "$work/nginx.conf" -g "pid $work/nginx$node.pid;"
        start "node$node" dnsmasq --conf-file="$work/dnsmasq.conf" --port=5353 --pid-file=
        start "node$node" dnsmasq --conf-file="$work/dnsmasq.conf" --port=53 --pid-file=
        start "node$node" iperf3 --server
    done
    for node in "${nodes[@]}"; do
        wait_until listening "node$node" 8080 80 5353 53 5201
    done
}

listening() {
    local sockets port
    sockets=$(inside "$1" ss -Hltn)
    for port in "${@:2}"; do grep -q ":$port " <<<"$sockets" || return 1; done
}

wait_until() {
    local attempt
    for attempt in {1..100}; do
        "$@" && return
        sleep 0.05
    done
    say "gave up waiting for: $*"
    return 1
}

# ----------------------------------------------------------------------------------- capture

# record NAME NAMESPACE TCPDUMP-ARGUMENT...: sets `recorder` to the process to stop.
record() {
    local name=$1 namespace=$2
    rm -f "$work/$name.log"
    ip netns exec "weft-$namespace" tcpdump -n -Z root -B 16384 -s 0 -w "$work/$name.pcap" \
        "${@:3}" 2>"$work/$name.log" &
    recorder=$!
    processes+=("$recorder")
    wait_until grep -qs 'listening on' "$work/$name.log"
}

stop_recording() {
    sleep 1.5 # the kernel hands over what it holds once a second
    kill -TERM "$1"
    wait "$1" || true
    if ! grep -q '^0 packets dropped by kernel' "$work/$2.log"; then
        say "$2: tcpdump lost packets"
        return 1
    fi
}

# ---------------------------------------------------------------------------------- workload

address() { [ "$1" = 4 ] && echo "192.0.2.1$2" || echo "2001:db8:0:1::1$2"; }
url_host() { [ "$1" = 4 ] && echo "192.0.2.1$2" || echo "[2001:db8:0:1::1$2]"; }

browse() {
    local family=$1 node=$2 port=$3 client=$4 host
    host=http://$(url_host "$family" "$node"):$port
    local get=(inside "client$client" curl -sS -o /dev/null --max-time 5)
    "${get[@]}" "$host/"
    "${get[@]}" -H 'Connection: close' "$host/short.txt"
    "${get[@]}" -I "$host/long.txt"
    "${get[@]}" "$host/" -o /dev/null "$host/short.txt" -o /dev/null "$host/missing" \
        -o /dev/null "$host/?again"
}

browse_all() {
    local client node
    for client in "${clients[@]}"; do
        for node in "${nodes[@]}"; do
            browse 4 "$node" 8080 "$client"
            [ "$client" = 8 ] || browse 6 "$node" 8080 "$client"
        done
    done
    inside client7 curl -sS -o /dev/null "http://192.0.2.11:8080/long.txt"
    inside client8 curl -sS -o /dev/null "http://[2001:db8:0:1::12]:8080/long.txt"
    inside client8 curl -sS -o /dev/null --data-binary "@$work/site/long.txt" \
        http://192.0.2.13:8080/sink
    # Given up at once: the client resets a connection in which the server has more to say.
    expect_failure inside client9 curl -sS -o /dev/null --max-filesize 1000 \
        http://192.0.2.12:8080/long.txt
}

# A shaper in front of wrk bounds the size of the trace on any machine.
press() {
    local node
    inside client9 tc qdisc add dev eth0 root tbf rate 400kbit burst 4kb latency 300ms
    for node in "${nodes[@]}"; do
        inside client9 wrk -t 1 -c 4 -d 1s "http://192.0.2.1$node:8080/short.txt"
    done
    inside client9 wrk -t 1 -c 4 -d 1s "http://[2001:db8:0:1::11]:8080/"
    inside client9 tc qdisc delete dev eth0 root
}

ask() {
    local client=$1 server=$2 port=$3
    inside "client$client" dig -p "$port" "@$server" +tries=2 +time=2 "${@:4}"
}

resolve_all() {
    local client node family name
    for client in "${clients[@]}"; do
        for node in "${nodes[@]}"; do
            for family in 4 6; do
                for name in www.example.test api.example.test web.example.test; do
                    ask "$client" "$(address $family "$node")" 5353 $name A $name AAAA
                done
            done
            ask "$client" "$(address 4 "$node")" 5353 +tcp example.test MX
            ask "$client" "$(address 6 "$node")" 5353 +tcp +keepopen short.example.test TXT \
                _http._tcp.example.test SRV
        done
        # Asked again over TCP, since the answer did not fit; then an answer in IP fragments.
        ask "$client" 192.0.2.12 5353 +bufsize=512 long.example.test TXT
        ask "$client" 192.0.2.13 5353 +bufsize=4096 long.example.test TXT
        ask "$client" 2001:db8:0:1::11 5353 +bufsize=4096 long.example.test TXT
    done
}

stream() {
    local family node=1
    for family in 4 6; do
        local server
        server=$(address $family $node)
        inside client7 iperf3 --client "$server" --bytes 250K
        inside client8 iperf3 --client "$server" --bytes 250K --reverse
        inside client8 iperf3 --client "$server" --udp --length 1200 --bitrate 1M --time 1
        # Datagrams of 4000 bytes leave the client as three fragments each.
        inside client7 iperf3 --client "$server" --udp --length 4000 --bitrate 1M --bytes 40K
        node=3
    done
    # Five packets of 1488 bytes that must not be fragmented: too big to be carried over VXLAN.
    inside client9 iperf3 --client 192.0.2.12 --udp --length 1460 --dont-fragment --bytes 7300
}

# Sends a DNS query and closes the socket at once, so that the answer meets a closed port and the
# client sends an ICMP error that quotes it. The answer may be faster than the close: four attempts.
ask_and_leave() {
    local header='\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00'
    local question='\x03www\x07example\x04test\x00\x00\x01\x00\x01'
    inside "client$1" bash -c 'for attempt in 1 2 3 4; do
        printf "%b" "$0" >"/dev/udp/$1/5353"
    done' "$header$question" "$2"
}

probe() {
    local node
    for node in "${nodes[@]}"; do
        inside client7 ping -n -q -c 3 -i 0.1 "192.0.2.1$node"
        inside client8 ping -n -q -c 3 -i 0.1 "2001:db8:0:1::1$node"
        ask_and_leave 7 "192.0.2.1$node"
        ask_and_leave 8 "2001:db8:0:1::1$node"
    done
    inside client7 ping -n -q -c 2 -i 0.1 -s 3000 -M dont 192.0.2.11
    inside client7 ping -n -q -c 2 -i 0.1 -s 3000 2001:db8:0:1::12
    inside client8 traceroute -n -q 1 -m 3 192.0.2.12
    inside client8 traceroute -n -q 1 -m 3 2001:db8:0:1::13
    expect_failure inside client7 curl -sS --max-time 2 http://192.0.2.11:8081/
    expect_failure inside client7 curl -sS --max-time 2 'http://[2001:db8:0:1::12]:8081/'
    expect_failure inside client9 curl -sS --max-time 2 http://192.0.2.13:22/
    expect_failure ask 9 192.0.2.12 5354 +tries=1 +time=1 www.example.test
}

capture_real() {
    say "real.pcap"
    record real link -i weft0 --time-stamp-precision=nano
    local real=$recorder
    { probe; browse_all; resolve_all; stream; press; } >>"$work/log" 2>&1
    stop_recording "$real" real
}

# The same few requests over both families in turn; dual-stack.yml publishes ports 80 and 53.
capture_dual_stack() {
    say "dual-stack.pcap"
    record dual-stack link -i weft0
    local trace=$recorder client node family
    for client in "${clients[@]}"; do
        for node in "${nodes[@]}"; do
            for family in 4 6; do
                browse $family "$node" 80 "$client"
                ask "$client" "$(address $family "$node")" 53 www.example.test A \
                    www.example.test AAAA
                ask "$client" "$(address $family "$node")" 53 +tcp short.example.test TXT
                inside "client$client" ping -n -q -c 1 "$(address $family "$node")"
            done
        done
        inside "client$client" curl -sS -o /dev/null http://192.0.2.23/long.txt
        inside "client$client" curl -sS -o /dev/null 'http://[2001:db8:0:1::23]/long.txt'
        # Answers in fragments of either family.
        ask "$client" 192.0.2.23 53 +bufsize=4096 long.example.test TXT
        ask "$client" 2001:db8:0:1::23 53 +bufsize=4096 long.example.test TXT
    done >>"$work/log" 2>&1
    stop_recording "$trace" dual-stack
}

# The same conversation recorded with both cooked link types: SLL2 on a node, SLL on a client.
capture_cooked() {
    say "real-cooked.pcap, real-cooked-sll.pcap"
    record real-cooked node2 -i any -y LINUX_SLL2
    local node=$recorder
    record real-cooked-sll client7 -i any -y LINUX_SLL
    local client=$recorder
    {
        browse 4 2 8080 7
        browse 6 2 8080 7
        ask 7 192.0.2.12 5353 www.example.test A www.example.test AAAA
        ask 7 2001:db8:0:1::12 5353 +bufsize=4096 long.example.test TXT
        ask 7 192.0.2.12 5353 +tcp example.test MX
        inside client7 ping -n -q -c 2 -i 0.1 192.0.2.12
        inside client7 iperf3 --client 192.0.2.12 --bytes 20K
    } >>"$work/log" 2>&1
    stop_recording "$node" real-cooked
    stop_recording "$client" real-cooked-sll
}

# The other formats hold packets of the captures above, so that readers can be compared.
convert() {
    say "real.pcapng, real-raw.pcap, real-mixed.pcapng"
    editcap -F pcapng -r "$work/real.pcap" "$work/real.pcapng" 1-2000
    tcpdump -n -Z root -r "$work/real.pcap" -c 300 -w "$work/ip-only.pcap" 'ip or ip6' 2>/dev/null
    editcap -F pcap -L -C 14 -T rawip "$work/ip-only.pcap" "$work/real-raw.pcap"
    mergecap -F pcapng -w "$work/real-mixed.pcapng" \
        "$work/real-raw.pcap" "$work/real-cooked.pcap" "$work/real-cooked-sll.pcap"
    # mergecap notes which kernel it ran on; blank that, in place, so that lengths stay right.
    local release
    release=$(uname -r)
    LC_ALL=C sed -i "s/${release//./\\.}/${release//?/-}/" "$work/real-mixed.pcapng"
}

# ---------------------------------------------------------------------------------- the result

readonly traces=(real.pcap real.pcapng real-cooked.pcap real-cooked-sll.pcap real-raw.pcap
    real-mixed.pcapng dual-stack.pcap)

# picked FILTER TRACE [OPTION...]: the packets of a trace that a tshark filter picks.
picked() {
    tshark -n -r "$work/$2" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
        -o udp.check_checksum:TRUE "${@:3}" -Y "$1" 2>/dev/null
}

# Every trace must decode without a malformed packet or a wrong checksum. Once in 65536 packets
# Linux sends a TCP checksum of ffff where it computed 0000; receivers accept it, tshark does not.
is_clean() {
    local trace bad wrong='_ws.malformed' protocol
    for protocol in ip tcp udp icmp icmpv6; do
        wrong+=" or $protocol.checksum.status == \"Bad\""
    done
    for trace in "${traces[@]}"; do
        bad=$(picked "$wrong" "$trace") || return 2
        [ -z "$bad" ] || { say "$trace does not decode cleanly: $bad"; return 1; }
    done
    bad=$(picked "tcp and (ip.len > $overlay_mtu or ipv6.plen > $((overlay_mtu - 40)))" \
        real.pcap -o ip.defragment:FALSE) || return 2
    [ -z "$bad" ] || { say "TCP segments over $overlay_mtu bytes: $bad"; return 1; }
}

# What the workload is there to bring about, some of it a race, must be in real.pcap.
is_complete() {
    local wanted found
    for wanted in 'icmp.type == 3 and eth.src == 02:00:00:00:03:07' \
        'icmpv6.type == 1 and eth.src == 02:00:00:00:03:08' \
        'ip.flags.mf == 1 and ip.src == 203.0.113.0/24' \
        'ip.flags.mf == 1 and ip.src == 192.0.2.0/24' \
        'ipv6.fraghdr and ipv6.src == 2001:db8:0:3::/64' \
        'ipv6.fraghdr and ipv6.src == 2001:db8:0:1::/64' \
        'tcp.flags.reset == 1 and ip.src == 203.0.113.0/24' \
        'tcp.flags.reset == 1 and ip.src == 192.0.2.0/24' \
        "ip.len > $overlay_mtu and ip.flags.df == 1" 'ip.ttl == 1' arp; do
        found=$(picked "$wanted" real.pcap -o ip.defragment:FALSE) || return 2
        [ -n "$found" ] || { say "real.pcap has nothing like: $wanted"; return 1; }
    done
}

capture() {
    capture_real
    capture_dual_stack
    capture_cooked
    convert
}

main() {
    [ "$(id -u)" = 0 ] || { say "network namespaces need root"; exit 1; }
    [ -z "$(ip netns list | grep '^weft-')" ] || { say "weft-* namespaces exist already"; exit 1; }
    install_packages
    build_topology
    write_site
    start_servers
    capture
    local attempt
    for attempt in 1 2 3 4; do
        if is_clean && is_complete; then break; fi
        [ "$attempt" != 4 ] || { say "giving up"; exit 1; }
        say "once more"
        capture
    done
    mkdir -p "$output"
    local trace
    for trace in "${traces[@]}"; do install -m 644 "$work/$trace" "$output/$trace"; done
    (cd "$output" && capinfos -TrcsmM "${traces[@]}" >&2) || true
}

main
