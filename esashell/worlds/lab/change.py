"""What may happen to the lab while time passes: certificates, keys, signatures, hosts, resolvers.

A change makes the lab as it would have been written had the scenario file said so from the start.
Nothing announces it: whoever delivers finds out when he next looks, and what a cache holds it holds
until its time is over.

A destination is named by its domain. What happens to its mail hosts happens to every host that its
MX records name, in whichever zone they are, as when a provider renews a certificate.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from esashell.resolver.names import Name
from esashell.resolver.rdata import one_name
from esashell.resolver.rrtypes import RRType
from esashell.worlds.lab.hosts import HostSpec
from esashell.worlds.lab.scenario import ResolverKind
from esashell.worlds.lab.world import Lab


class Changes:
    """The lab's affairs, to be meddled with. Names that the lab does not have are `LookupError`s.

    Each change answers with the zones that it touched.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def mail_hosts(self, domain: Name) -> tuple[Name, ...]:
        """The hosts that the domain's MX records name, or the domain itself."""
        apex = self.zone_of(domain)
        zone = self._lab.catalogue.zone(apex)
        rrset = zone.unsigned(domain, RRType.MX) if zone is not None else None
        named = [one_name(each[2:]) for each in rrset.rdatas] if rrset else [domain]
        return tuple(each for each in named if len(each) > 1)

    def zone_of(self, name: Name) -> Name:
        """The zone that the name is in. The root's own is nobody's destination."""
        apex = self._lab.catalogue.apex_for(name)
        zone = self._lab.catalogue.zone(apex) if len(apex) > 1 else None
        if zone is None or not zone.exists(name):
            raise LookupError(f"the lab has no domain {name}")
        return apex

    def addresses(self, zones: Iterable[Name]) -> frozenset[str]:
        """The addresses that these zones give somebody: whoever answers there may be another."""
        found = (self._lab.directory.addresses_in(each) for each in zones if len(each) > 1)
        return frozenset(address for each in found for address in each)

    def renew_certificate(self, domain: Name) -> tuple[Name, ...]:
        """New keys and certificates for the mail hosts; TLSA records stay what they were."""
        return self._each_host(domain, self._renewed)

    def publish_tlsa(self, domain: Name) -> tuple[Name, ...]:
        """TLSA records that were left behind are made to fit what the hosts show now."""
        return self._each_host(domain, self._caught_up)

    def end_certificate(self, domain: Name, second: int) -> tuple[Name, ...]:
        """The hosts' certificates end at this second; the key remains the same."""
        return self._each_host(domain, lambda host: self._certificate(host, {"ends": second}))

    def set_hosts(self, domain: Name, fields: dict[str, Any]) -> tuple[Name, ...]:
        """Fields of `HostSpec` for the mail hosts; raises `ValueError` where they make no sense."""
        return self._each_host(domain, lambda host: self._set(host, fields))

    def roll_key(self, domain: Name) -> tuple[Name, ...]:
        """The zone signs with another key, of which the zone above was never told."""
        apex = self.zone_of(domain)
        spec = self._lab.catalogue.written(apex)
        self._lab.alter_zone(apex, replace(spec, generation=spec.generation + 1))
        return (apex,)

    def end_signatures(self, domain: Name, second: int) -> tuple[Name, ...]:
        """The zone's signer stops, so that its signatures end at this second."""
        apex = self.zone_of(domain)
        self._lab.alter_zone(apex, replace(self._lab.catalogue.written(apex), signed_until=second))
        return (apex,)

    def mend_zone(self, domain: Name) -> tuple[Name, ...]:
        """The zone signs again every day, with the key that the zone above knows."""
        apex = self.zone_of(domain)
        spec = self._lab.catalogue.written(apex)
        self._lab.alter_zone(apex, replace(spec, signed_until=0, generation=0))
        return (apex,)

    def check_resolver(self, address: str) -> None:
        if address not in self._lab.resolvers:
            known = ", ".join(self._lab.resolvers)
            raise LookupError(f"the lab has no resolver {address or 'without an address'}: {known}")

    def set_resolver(self, address: str, kind: ResolverKind) -> None:
        self.check_resolver(address)
        self._lab.alter_resolver(address, kind)

    # One host.

    def _each_host(self, domain: Name, change: Any) -> tuple[Name, ...]:
        zones: dict[Name, None] = {}
        for host in self.mail_hosts(domain):
            change(host)
            zones[self.zone_of(host)] = None
        return tuple(zones)

    def _set(self, host: Name, fields: dict[str, Any]) -> None:
        msgspec.convert({"name": str(host)} | fields, HostSpec)
        apex = self.zone_of(host)
        spec = self._lab.catalogue.written(apex)
        own = f"{host.dotted}"
        # Last, since what is said later counts.
        hosts = {key: table for key, table in spec.hosts.items() if key != own}
        hosts[own] = spec.hosts.get(own, {}) | fields
        self._lab.alter_zone(apex, replace(spec, hosts=hosts))

    def _certificate(self, host: Name, fields: dict[str, Any]) -> None:
        shown = msgspec.to_builtins(self._lab.directory.named(host).certificate)
        self._set(host, {"certificate": shown | fields})

    def _renewed(self, host: Name) -> None:
        shown = self._lab.directory.named(host).certificate
        apex = self.zone_of(host)
        spec = self._lab.catalogue.written(apex)
        label = f"{_FORMERLY}{shown.generation}--{_label(host, apex)}"
        records = "\n".join(_pointed(spec.records, host, apex, label))
        former = {"name": str(host), "certificate": msgspec.to_builtins(shown)}
        self._lab.alter_zone(
            apex, replace(spec, records=records, hosts=spec.hosts | {label: former})
        )
        self._certificate(host, {"generation": shown.generation + 1})

    def _caught_up(self, host: Name) -> None:
        apex = self.zone_of(host)
        spec = self._lab.catalogue.written(apex)
        own = _label(host, apex)
        lines = []
        for line in spec.records.splitlines():
            head, mark, target = line.rpartition(" of ")
            if mark and target.strip().startswith(_FORMERLY) and target.strip().endswith(own):
                line = f"{head} of {host.dotted}"
            lines.append(line)
        self._lab.alter_zone(apex, replace(spec, records="\n".join(lines)))


_FORMERLY = "formerly-"


def _label(host: Name, apex: Name) -> str:
    """The host in one label that no zone has otherwise."""
    return "-".join(each.decode() for each in host.labels()[: -len(apex.labels()) or None]) or "at"


def _pointed(records: str, host: Name, apex: Name, label: str) -> Iterator[str]:
    """The zone's records, with those that stand for the host's certificate at another name."""
    from esashell.worlds.lab.faults import owner_from_text

    for line in records.splitlines():
        head, mark, target = line.rpartition(" of ")
        words = target.split()
        if mark and words and owner_from_text(words[0], apex) == host:
            line = " ".join([head, "of", label, *words[1:]])
        yield line
