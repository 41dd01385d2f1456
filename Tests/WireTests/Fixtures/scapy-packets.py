#!/usr/bin/python3
"""Makes scapy-packets.txt: python3-scapy 2.5 (Debian 12) builds packets with the fields given here.

Run as `/usr/bin/python3 scapy-packets.py > scapy-packets.txt`. Each line has four columns separated
by " | ": a name, the link type, the fields as key=value, the packet in hexadecimal. The fields are
what the script asked scapy for, not what anything read back.
"""
from scapy.all import (ARP, CookedLinux, CookedLinuxV2, Dot1AD, Dot1Q, Ether, GRE, ICMP, IP, IPOption_NOP,
                       IPOption_Timestamp, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                       IPv6ExtHdrRouting, ICMPv6DestUnreach, ICMPv6EchoRequest, ICMPv6ND_NS,
                       ICMPv6PacketTooBig, ICMPv6TimeExceeded, PadN, Raw, SCTP, SCTPChunkData, SCTPChunkInit,
                       TCP, UDP)
from scapy.layers.ipsec import AH
from scapy.layers.vxlan import VXLAN

A, B = "02:42:0a:00:00:02", "02:42:0a:00:00:03"
ETH = f"eth.src={A} eth.dst={B}"
P4, P6 = ("198.51.100.7", "203.0.113.9"), ("2001:db8::7", "2001:db8:ff::9")


def eth(*tags):
    frame = Ether(src=A, dst=B)
    for tag in tags:
        frame = frame / tag
    return frame


def ip4(**fields):
    return IP(src=P4[0], dst=P4[1], **fields)


def ip6(**fields):
    return IPv6(src=P6[0], dst=P6[1], **fields)


I4 = f"ip.src={P4[0]} ip.dst={P4[1]}"
I6 = f"ip6.src={P6[0]} ip6.dst={P6[1]}"


def line(name, fields, packet, link="eth"):
    print(f"{name} | {link} | {fields} | {bytes(packet).hex()}")


line("ARP request", f"{ETH} arp.op=1 arp.sha={A} arp.spa=10.0.0.2 arp.tha=00:00:00:00:00:00 arp.tpa=10.0.0.3",
     eth() / ARP(op=1, hwsrc=A, psrc="10.0.0.2", hwdst="00:00:00:00:00:00", pdst="10.0.0.3"))
line("ARP reply", f"arp.op=2 arp.sha={B} arp.tha={A} arp.tpa=10.0.0.2",
     eth() / ARP(op=2, hwsrc=B, psrc="10.0.0.3", hwdst=A, pdst="10.0.0.2"))

line("TCP SYN with options",
     f"{ETH} {I4} ip.ttl=57 ip.tos=46 ip.id=4660 ip.df=true ip.mf=false ip.proto=tcp ip.ok=true tcp.sport=40000 "
     "tcp.dport=8080 tcp.seq=305419896 tcp.ack=0 tcp.flags=2 tcp.window=29200 tcp.mss=1460 tcp.ok=true",
     eth() / ip4(ttl=57, tos=46, id=4660, flags="DF") /
     TCP(sport=40000, dport=8080, seq=305419896, flags="S", window=29200,
         options=[("SAckOK", b""), ("NOP", None), ("MSS", 1460), ("Timestamp", (1, 0)), ("WScale", 7)]))
line("TCP data with every flag", f"{I4} ip.df=false tcp.flags=255 tcp.urgent=99 tcp.payload=5 tcp.ok=true",
     eth() / ip4() / TCP(sport=1, dport=65535, flags=255, urgptr=99) / b"hello")
line("TCP with a wrong checksum", "ip.ok=true tcp.ok=false tcp.sport=7",
     eth() / ip4() / TCP(sport=7, dport=8, chksum=0xbeef))
line("IPv4 with a wrong checksum", "ip.ok=false tcp.ok=true", eth() / ip4(chksum=0x1234) / TCP(sport=7, dport=8))
line("IPv4 options before UDP",
     "ip.hlen=36 ip.proto=udp ip.ok=true udp.sport=53 udp.dport=5353 udp.len=12 udp.ok=true",
     eth() / ip4(options=[IPOption_NOP(), IPOption_Timestamp(timestamp=0x01020304)]) / UDP(sport=53, dport=5353) / b"abcd")
line("UDP with an odd payload", "udp.len=11 udp.payload=3 udp.ok=true", eth() / ip4() / UDP(sport=9, dport=10) / b"odd")
line("UDP without a checksum", "udp.len=12 udp.sum=0 udp.ok=true", eth() / ip4() / UDP(sport=9, dport=10, chksum=0) / b"none")
line("UDP with a wrong checksum", "udp.ok=false", eth() / ip4() / UDP(sport=9, dport=10, chksum=0xdead) / b"none")
line("SCTP INIT", f"{I4} ip.proto=sctp sctp.sport=5000 sctp.dport=5001 sctp.tag=0 sctp.chunk=1 sctp.ok=true",
     eth() / ip4() / SCTP(sport=5000, dport=5001, tag=0) / SCTPChunkInit(init_tag=77))
line("SCTP DATA", "sctp.tag=3735928559 sctp.chunk=0 sctp.ok=true",
     eth() / ip4() / SCTP(sport=5000, dport=5001, tag=0xdeadbeef) / SCTPChunkData(data=b"payload!"))
line("SCTP with a wrong checksum", "sctp.chunk=0 sctp.ok=false",
     eth() / ip4() / SCTP(sport=5000, dport=5001, chksum=0x11223344) / SCTPChunkData(data=b"payload!"))
line("ICMP echo", "icmp.type=8 icmp.code=0 icmp.id=513 icmp.seq=1027 icmp.ok=true",
     eth() / ip4() / ICMP(type=8, id=513, seq=1027) / b"ping")
line("ICMP fragmentation needed",
     "icmp.type=3 icmp.code=4 icmp.mtu=1400 icmp.ok=true q.ip.src=10.9.8.7 q.ip.dst=10.6.5.4 q.ip.ttl=3 "
     "q.ip.proto=tcp q.ports=1111,2222",
     eth() / ip4() / ICMP(type=3, code=4, nexthopmtu=1400) /
     Raw(bytes(IP(src="10.9.8.7", dst="10.6.5.4", ttl=3, len=1500) / TCP(sport=1111, dport=2222))[:28]))
line("First fragment", "ip.mf=true ip.frag=0 ip.id=99 ip.proto=udp", eth() / ip4(id=99, flags="MF") / UDP(sport=1, dport=2, len=3000) / (b"x" * 24))
line("Later fragment", "ip.mf=false ip.frag=1480 ip.id=99 ip.proto=udp", eth() / ip4(id=99, frag=185, proto=17) / (b"x" * 24))
line("GRE is not looked into", "ip.proto=47", eth() / ip4() / GRE() / ip4())
line("Ethernet padding is no payload", "ip.len=32 udp.payload=4 udp.ok=true",
     Raw(bytes(eth() / ip4() / UDP(sport=9, dport=10) / b"abcd") + b"\0" * 14))

line("802.1Q", f"{ETH} vlan.count=1 vlan.tags=8100:5:0:100 {I4} tcp.dport=80 tcp.ok=true",
     eth(Dot1Q(vlan=100, prio=5)) / ip4() / TCP(dport=80))
line("QinQ", f"vlan.count=2 vlan.tags=88a8:3:1:200,8100:0:0:4095 {I6} udp.ok=true",
     eth(Dot1AD(vlan=200, prio=3, id=1), Dot1Q(vlan=4095)) / ip6() / UDP(sport=1, dport=2))
line("Three tags", "vlan.count=2 eth.type=8100", eth(Dot1Q(vlan=1), Dot1Q(vlan=2), Dot1Q(vlan=3)) / ip4() / TCP())

line("IPv6 TCP", f"{I6} ip6.hlim=9 ip6.tc=171 ip6.fl=703710 ip6.upper=tcp ip6.offset=40 tcp.sport=5 tcp.ok=true",
     eth() / ip6(hlim=9, tc=171, fl=703710) / TCP(sport=5, dport=6) / b"six")
line("IPv6 extension headers", "ip6.upper=udp ip6.offset=88 udp.sport=5 udp.ok=true",
     eth() / ip6() / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 10)]) / IPv6ExtHdrRouting(addresses=[P6[1]]) /
     IPv6ExtHdrDestOpt() / UDP(sport=5, dport=6) / b"six")
line("IPv6 authentication header", "ip6.upper=tcp ip6.offset=64",
     eth() / ip6() / AH(nh=6, payloadlen=4, spi=1, seq=1, icv=b"\1" * 12) / TCP(sport=5, dport=6))
line("IPv6 first fragment", "ip6.upper=udp ip6.offset=56 ip6.frag=0 ip6.more=true ip6.id=4277009102 ip6.fragat=48",
     eth() / ip6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(m=1, id=4277009102) / UDP(sport=5, dport=6, len=3000, chksum=1) / (b"y" * 32))
line("IPv6 later fragment", "ip6.upper=udp ip6.offset=48 ip6.frag=1448 ip6.more=false ip6.id=4277009102 ip6.fragat=40",
     eth() / ip6() / IPv6ExtHdrFragment(offset=181, id=4277009102, nh=17) / (b"y" * 32))
line("IPv6 SCTP", "ip6.upper=sctp sctp.dport=9 sctp.ok=true", eth() / ip6() / SCTP(sport=8, dport=9) / SCTPChunkData(data=b"z" * 33))
line("IPv6 no next header", "ip6.upper=59 ip6.offset=48", eth() / ip6() / IPv6ExtHdrDestOpt(nh=59))
line("IPv6 ESP", "ip6.upper=50 ip6.offset=40", eth() / ip6(nh=50) / (b"e" * 40))
line("ICMPv6 echo", "icmp6.type=128 icmp6.id=7 icmp6.seq=8 icmp6.ok=true", eth() / ip6() / ICMPv6EchoRequest(id=7, seq=8, data=b"ping6"))
line("ICMPv6 packet too big", "icmp6.type=2 icmp6.mtu=1280 icmp6.ok=true q.ip6.src=2001:db8::a q.ip6.upper=udp q.ports=3,4",
     eth() / ip6() / ICMPv6PacketTooBig(mtu=1280) / IPv6(src="2001:db8::a", dst="2001:db8::b") / UDP(sport=3, dport=4) / (b"q" * 100))
line("ICMPv6 time exceeded", "icmp6.type=3 icmp6.code=0 icmp6.ok=true q.ip6.upper=tcp",
     eth() / ip6() / ICMPv6TimeExceeded() / IPv6(src="2001:db8::a", dst="2001:db8::b") / TCP())
line("ICMPv6 port unreachable", "icmp6.type=1 icmp6.code=4 icmp6.ok=true q.ip6.upper=udp",
     eth() / ip6() / ICMPv6DestUnreach(code=4) / IPv6(src="2001:db8::a", dst="2001:db8::b") / UDP())
line("Neighbour solicitation", "icmp6.type=135 icmp6.ok=true ip6.hlim=255", eth() / ip6(hlim=255) / ICMPv6ND_NS(tgt=P6[1]))

line("VXLAN over IPv4", "udp.dport=4789 udp.ok=true vxlan.vni=4096 in.ip.src=10.0.0.1 in.tcp.dport=80 in.tcp.ok=true",
     eth() / ip4() / UDP(sport=50000, dport=4789, chksum=0) / VXLAN(vni=4096, flags="Instance") / Ether(src=A, dst=B) /
     IP(src="10.0.0.1", dst="10.0.0.2") / TCP(dport=80))
line("VXLAN over IPv6", f"{I6} udp.ok=true vxlan.vni=16777215 in.ip6.upper=udp in.udp.ok=true",
     eth() / ip6() / UDP(sport=50000, dport=4789) / VXLAN(vni=0xffffff, flags="Instance") / Ether(src=A, dst=B) /
     ip6() / UDP(sport=1, dport=2) / b"inner")

line("Cooked capture", f"sll.direction=4 sll.src={A} eth.type=0800 {I4} tcp.ok=true",
     CookedLinux(pkttype=4, lladdrtype=1, lladdrlen=6, src=bytes.fromhex(A.replace(":", "")) + b"\0\0") / ip4() / TCP(), "sll")
line("Cooked capture, version 2", f"sll.direction=0 sll.ifindex=7 sll.src={A} eth.type=86dd {I6} udp.ok=true",
     CookedLinuxV2(pkttype=0, ifindex=7, lladdrtype=1, lladdrlen=6, proto=0x86dd,
                   src=bytes.fromhex(A.replace(":", "")) + b"\0\0") / ip6() / UDP() / b"x", "sll2")
