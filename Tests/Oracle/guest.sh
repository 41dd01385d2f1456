#!/bin/bash
# The first process of the guest: makes the file systems and devices that the harness needs, loads
# IPVS with its schedulers, and hands over to guest.py. The guest sees the host's files read-only
# (hostfs as root); the one place it can write is the work directory, mounted on /run/work from the
# kernel's command line (work=DIRECTORY), where the shard's scenarios lie (shard=NUMBER).
# Whatever happens, the guest ends by switching itself off.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/run LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /run
mkdir -p /run/work
mknod /run/tun c 10 200

for word in $(< /proc/cmdline); do
    case $word in
        work=*) work=${word#work=} ;;
        harness=*) harness=${word#harness=} ;;
        shard=*) shard=${word#shard=} ;;
    esac
done
mount -t hostfs none /run/work -o "$work"

for module in tun ipv6 ip_vs \
    ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs_lblc ip_vs_lblcr ip_vs_dh ip_vs_sh ip_vs_sed \
    ip_vs_nq ip_vs_fo ip_vs_ovf ip_vs_mh \
    iptable_mangle ip6table_mangle xt_mark xt_tcpudp xt_sctp xfrm_user
do
    modprobe "$module" || echo "no module $module"
done

/usr/bin/python3 -B "$harness/guest.py" /run/work "$shard"
sync
poweroff -f
