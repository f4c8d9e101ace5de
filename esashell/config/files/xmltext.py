"""The appliance's XML, written: the part of a configuration whose elements have published names.

`xml` reads the same elements. A file says what is not in it, so that nobody takes it for the whole.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network

from esashell.config.files.xml import BOUNCE_ELEMENTS, LOG_TYPES, METHOD_WORDS
from esashell.config.model.bounce import BounceProfile
from esashell.config.model.dnsserver import AlternateDomain
from esashell.config.model.logs import LogSettings, LogSubscription, LogType
from esashell.config.model.security import METHODS, SslSide
from esashell.config.tree import Config

NOT_WRITTEN = (
    "time zone, destination controls and DANE, SMTP routes,",
    "listeners, delivery, certificates, interface groups, IPv6",
    "addresses, DNS search list, DNSSEC settings. The names of",
    "their elements are not published. 'showconfig' without",
    "format=xml has it all.",
)


def written(config: Config, when: str) -> str:
    """The part of the configuration that has published names; `when` is the time, in digits."""
    lines = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>',
        '<!DOCTYPE config SYSTEM "config.dtd">',
        "",
        "<!--",
        "  Product: esashell, an independent emulator of AsyncOS 12.0",
        f"  Current Time: {when}",
        "  Not in this file: " + f"\n{' ' * 20}".join(NOT_WRITTEN),
        "-->",
        "<config>",
        *(f"  {line}" for line in _body(config)),
        "</config>",
    ]
    return "\n".join(lines) + "\n"


def _body(config: Config) -> Iterator[str]:
    yield _leaf("hostname", config.hostname)
    yield from _within("interfaces", _interface_lines(config))
    yield from _within("dns", _dns_lines(config))
    yield _leaf("global_bounce_all_down_host", config.bounces.bounce_down_hosts)
    profiles = (_within("bounce_profile", _profile_lines(each)) for each in config.bounces.profiles)
    yield from _within("bounce_profiles", (line for each in profiles for line in each))
    yield from _within("log_subscriptions", _log_lines(config.logs))
    yield _leaf("log_system_measurements_frequency", config.logs.metrics_interval)
    yield _leaf("log_message_id", config.logs.message_id_headers)
    yield _leaf("log_orig_subj", config.logs.original_subject)
    yield _leaf("log_remote_response", config.logs.remote_response)
    sides = (("inbound", config.ssl.inbound), ("outbound", config.ssl.outbound))
    yield from _within("ssl", (line for name, side in sides for line in _side(name, side)))


def _interface_lines(config: Config) -> Iterator[str]:
    for each in config.interfaces:
        mask = str(ip_network(f"0.0.0.0/{each.prefix}").netmask)
        inner = [
            _leaf("interface_name", each.name),
            _leaf("ip", each.address),
            _leaf("phys_interface", each.port),
            _leaf("netmask", mask),
            _leaf("interface_hostname", each.hostname),
        ]
        yield from _within("interface", inner)


def _dns_lines(config: Config) -> Iterator[str]:
    servers = (
        f'<dns_ip priority="{each.priority}">{_escaped(each.address)}</dns_ip>'
        for each in config.dns.servers
    )
    yield from _within("local_dns", servers)
    yield from _within("alt_dns", _alternate_lines(config.dns.alternates))
    yield _leaf("dns_ptr_timeout", config.dns.reverse_timeout)


def _alternate_lines(domains: tuple[AlternateDomain, ...]) -> Iterator[str]:
    for each in domains:
        inner = [_leaf("dns_domain", each.domain)]
        for server in each.servers:
            leaves = (_leaf("nameserver_name", server.name), _leaf("ip", server.address))
            inner += _within("nameserver", leaves)
        yield from _within("alt_dns_domain", inner)


def _profile_lines(profile: BounceProfile) -> Iterator[str]:
    for name, field in BOUNCE_ELEMENTS:
        value = getattr(profile, field)
        if value is not None:
            yield _leaf(name, value)


def _log_lines(logs: LogSettings) -> Iterator[str]:
    for each in logs.subscriptions:
        yield from _within(_LOG_ELEMENT.get(each.type, "log_text"), _log(each))


_LOG_ELEMENT = {kind: element for element, kind in LOG_TYPES.items()}


def _log(log: LogSubscription) -> Iterator[str]:
    yield _leaf("name", log.name)
    yield _leaf("log_level", log.level.value)
    poll = [
        _leaf("filename", log.filename),
        _leaf("rolloversize", log.maximum_size),
        _leaf("rollover_max_files", log.maximum_files),
    ]
    if log.type is LogType.BOUNCE:
        yield _leaf("bytes_to_record", log.bytes_to_record)
    yield from _within("retrieval", _within("ftp_poll", poll))


def _side(name: str, side: SslSide) -> Iterator[str]:
    words = zip(METHOD_WORDS, METHODS, strict=True)
    method = "".join(word for word, method in words if method in side.methods)
    yield _leaf(f"ssl_{name}_method", method)
    yield _leaf(f"ssl_{name}_ciphers", side.ciphers)


def _within(name: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"<{name}>"
    yield from (f"  {line}" for line in lines)
    yield f"</{name}>"


def _leaf(name: str, value: str | int | bool) -> str:
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return f"<{name}>{_escaped(text)}</{name}>"


def _escaped(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    return text.encode("ascii", "xmlcharrefreplace").decode()
