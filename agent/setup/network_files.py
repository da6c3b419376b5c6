"""A network plan as the files of systemd-networkd and wpa_supplicant. Pure: names and contents, nothing is written."""

import re

from agent.core.network_codes import NetworkPlan, Wireless

NETWORKD = "etc/systemd/network"
VLAN_DEVICE = "storebox-vlan"
_HEAD = "# Written by storebox from a network code; the next code replaces it.\n"
_RAW_KEY = re.compile(r"[0-9A-Fa-f]{64}")


def managed_files(interface: str) -> tuple[str, ...]:
    """Return every file that a plan may need on an interface; those that a plan does not need are taken away."""
    return (
        f"{NETWORKD}/10-storebox.network",
        f"{NETWORKD}/10-storebox-vlan.netdev",
        f"{NETWORKD}/11-storebox-vlan.network",
        f"etc/wpa_supplicant/wpa_supplicant-{interface}.conf",
        "etc/storebox/resolv.conf",
        "etc/storebox/proxy.env",
    )


def device_of(plan: NetworkPlan, interface: str) -> str:
    """Return the device that gets the address."""
    return VLAN_DEVICE if plan.vlan is not None else interface


def files_for(plan: NetworkPlan, interface: str) -> dict[str, str]:
    """Return contents by path below the root of the file system."""
    main, vlan_netdev, vlan_network, supplicant, resolver, proxy = managed_files(interface)
    files = {}
    if plan.vlan is None:
        files[main] = _network(interface, _addressing(plan))
    else:
        files[main] = _network(interface, f"VLAN={VLAN_DEVICE}\nLinkLocalAddressing=no\n")
        files[vlan_netdev] = f"{_HEAD}[NetDev]\nName={VLAN_DEVICE}\nKind=vlan\n\n[VLAN]\nId={plan.vlan}\n"
        files[vlan_network] = _network(VLAN_DEVICE, _addressing(plan))
    if plan.wireless is not None:
        files[supplicant] = _supplicant(plan.wireless)
    if plan.name_servers:
        files[resolver] = _HEAD + "".join(f"nameserver {server}\n" for server in plan.name_servers)
    if plan.proxy:
        files[proxy] = f"{_HEAD}STOREBOX_PROXY={plan.proxy}\n"
    return files


def _network(name: str, body: str) -> str:
    return f"{_HEAD}[Match]\nName={name}\n\n[Network]\n{body}"


def _addressing(plan: NetworkPlan) -> str:
    servers = "".join(f"DNS={server}\n" for server in plan.name_servers)
    if plan.address is None:
        own = "\n[DHCPv4]\nUseDNS=no\n" if servers else ""
        return f"DHCP=yes\n{servers}{own}"
    gateway = f"Gateway={plan.gateway}\n" if plan.gateway is not None else ""
    return f"DHCP=no\nAddress={plan.address.with_prefixlen}\n{gateway}{servers}"


def _supplicant(wireless: Wireless) -> str:
    """Return the supplicant's file: the name in hex, so that no character of it means anything to a parser."""
    lines = [f"ssid={wireless.name.encode().hex()}"]
    if wireless.hidden:
        lines.append("scan_ssid=1")
    if wireless.password is None:
        lines.append("key_mgmt=NONE")
    else:
        raw = _RAW_KEY.fullmatch(wireless.password) is not None
        key_mgmt = "WPA-PSK" if raw else "WPA-PSK SAE"
        lines += [f"key_mgmt={key_mgmt}", "ieee80211w=1"]
        lines.append(f"psk={wireless.password}" if raw else f'psk="{wireless.password}"')
    body = "".join(f"\t{line}\n" for line in lines)
    return f"{_HEAD}ctrl_interface=/run/wpa_supplicant\nnetwork={{\n{body}}}\n"
