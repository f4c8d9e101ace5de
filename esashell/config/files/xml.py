"""The appliance's own form of a whole configuration: the XML of `showconfig`.

Of its elements only those are read, and written by `xmltext`, whose names Cisco has published (the
stylesheet "configlook", of AsyncOS 5 and 6): host name, interfaces, DNS, bounce profiles, log
subscriptions and SSL. Destination controls, SMTP routes, listeners and DANE are not among them, and
no names are made up for those. What a file has besides is left out, and told; a known element with
a value that cannot be taken refuses the file, with its line.

Of log subscriptions most kinds are `log_text`, and what tells those apart is not published: such an
element is taken for the subscription of its name, and left out where there is none.
"""

from collections.abc import Callable
from ipaddress import ip_network
from typing import NoReturn, TypeVar

from msgspec.structs import replace

from esashell.config.check import breaches
from esashell.config.files.reading import refuse
from esashell.config.files.xmltree import Element, tree
from esashell.config.model.bounce import BounceProfile
from esashell.config.model.dnsserver import AlternateDomain, AlternateServer, DnsServer
from esashell.config.model.logs import LogLevel, LogSubscription, LogType
from esashell.config.model.network import Interface
from esashell.config.model.security import METHODS, SslSide
from esashell.config.quoting import quoted
from esashell.config.tree import Config, KeyPath
from esashell.errors import BadConfiguration

T = TypeVar("T")

# What an element is called, and the setting that it is.
BOUNCE_ELEMENTS = (
    ("bounce_profile_name", "name"),
    ("max_retries", "maximum_retries"),
    ("max_queue_lifetime", "maximum_queue_time"),
    ("initial_retry", "initial_retry"),
    ("max_retry_time", "maximum_retry"),
    ("send_bounces", "send_bounces"),
    ("send_warnings", "send_warnings"),
    ("send_warnings_count", "warning_count"),
    ("send_warnings_interval", "warning_interval"),
    ("use_dsn_bounce_format", "dsn_format"),
    ("alternate_bounce_address", "alternate_address"),
)

METHOD_WORDS = ("sslv3", "tlsv1_0", "tlsv1_1", "tlsv1_2", "tlsv1_3")
# Oldest first, as METHODS. `tlsv1` alone is what files of the time had for TLS v1.0.
_METHOD_OF = dict(zip(METHOD_WORDS, METHODS, strict=True)) | {"tlsv1": METHODS[1]}
_YES = ("1", "yes", "true", "on")
_NO = ("0", "no", "false", "off", "")
LOG_TYPES = {
    "log_bounces": LogType.BOUNCE,
    "log_cli": LogType.CLI,
    "log_status": LogType.STATUS,
}
_LOG_ELEMENTS = ("log_text", *LOG_TYPES)


def read(raw: bytes, where: str, config: Config) -> tuple[Config, tuple[str, ...]]:
    """The configuration with what the file says instead of its own, and the names of the elements
    that were left out. Raises `BadConfiguration`, and then nothing of the file is taken."""
    root = tree(raw, where)
    if root.name != "config":
        refuse(where, root.line, f"the root element is {quoted(root.name)}, and not config")
    file = _File(where)
    for element in root.children:
        reader = _READERS.get(element.name)
        if reader is None:
            file.leave(element)
        else:
            config = reader(file, config, element)
    for breach in breaches(config):
        line = file.line(breach.path)
        place = quoted(where)[1:-1] + (f", line {line}" if line else "")
        raise BadConfiguration(f"Error: {place}: {breach.text} Nothing was imported.")
    return config, tuple(file.left)


class _File:
    """What the readers need besides the element: where to complain, and what was left out."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.left: dict[str, None] = {}
        self._lines: dict[KeyPath, int] = {}

    def note(self, element: Element, *path: str | int) -> None:
        """Where in the file this part of the configuration came from."""
        self._lines[path] = element.line

    def line(self, path: KeyPath) -> int:
        """The line of the nearest part that has one; 0 where the file says nothing of it."""
        found = (self._lines.get(path[:length], 0) for length in range(len(path), 0, -1))
        return next(filter(None, found), 0)

    def leave(self, element: Element, above: str = "") -> None:
        self.left[f"{above}{element.name}"] = None

    def leave_others(self, element: Element, *known: str) -> None:
        for each in element.children:
            if each.name not in known:
                self.leave(each, f"{element.name}/")

    def refuse(self, element: Element, reason: str) -> NoReturn:
        said = quoted(element.text, 40)
        refuse(self.where, element.line, f"{element.name}: {said} {reason}")

    def number(self, element: Element | None, present: int) -> int:
        if element is None:
            return present
        digits, factor = element.text, 1
        if digits[-1:].upper() in ("K", "M"):
            factor = 1024 if digits[-1].upper() == "K" else 1024 * 1024
            digits = digits[:-1]
        if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
            self.refuse(element, "is not a number")
        return int(digits) * factor

    def yes(self, element: Element | None, present: T) -> "bool | T":
        if element is None:
            return present
        if element.text.lower() not in (*_YES, *_NO):
            self.refuse(element, "is neither yes nor no")
        return element.text.lower() in _YES

    def needed(self, element: Element, name: str) -> str:
        found = element.child(name)
        if found is None or not found.text:
            self.refuse(element, f"has no {name}")
        return found.text


def _text(element: Element | None, present: str) -> str:
    return present if element is None else element.text


def _hostname(file: _File, config: Config, element: Element) -> Config:
    file.note(element, "hostname")
    return replace(config, hostname=element.text)


def _interfaces(file: _File, config: Config, element: Element) -> Config:
    present = {each.name: each for each in config.interfaces}
    found: list[Interface] = []
    file.note(element, "interfaces")
    for each in element.all("interface"):
        file.note(each, "interfaces", len(found))
        name = file.needed(each, "interface_name")
        old = present.get(name, Interface(name, ""))
        mask = each.child("netmask")
        found.append(
            replace(
                old,
                address=_text(each.child("ip"), old.address),
                prefix=old.prefix if mask is None else _prefix(file, mask),
                port=_text(each.child("phys_interface"), old.port),
                hostname=_text(each.child("interface_hostname"), old.hostname),
            )
        )
        known = ("interface_name", "ip", "netmask", "phys_interface", "interface_hostname")
        file.leave_others(each, *known)
    return replace(config, interfaces=tuple(found))


def _prefix(file: _File, element: Element) -> int:
    try:
        return ip_network(f"0.0.0.0/{element.text}").prefixlen
    except ValueError:
        file.refuse(element, "is not a netmask")


def _dns(file: _File, config: Config, element: Element) -> Config:
    dns = config.dns
    file.note(element, "dns")
    if (local := element.child("local_dns")) is not None:
        servers: list[DnsServer] = []
        for each in local.all("dns_ip"):
            file.note(each, "dns", "servers", len(servers))
            priority = each.attributes.get("priority", "0")
            if not (priority.isascii() and priority.isdigit() and len(priority) < 11):
                file.refuse(each, f"has the priority {quoted(priority, 20)}")
            servers.append(DnsServer(each.text, int(priority)))
        dns = replace(dns, servers=tuple(servers))
    if (alternates := element.child("alt_dns")) is not None:
        present = {each.domain: each for each in dns.alternates}
        found: list[AlternateDomain] = []
        for each in alternates.all("alt_dns_domain"):
            file.note(each, "dns", "alternates", len(found))
            domain = file.needed(each, "dns_domain")
            names = tuple(
                AlternateServer(file.needed(s, "ip"), _text(s.child("nameserver_name"), ""))
                for s in each.all("nameserver")
            )
            old = present.get(domain, AlternateDomain(domain))
            found.append(replace(old, servers=names))
        dns = replace(dns, alternates=tuple(found))
    timeout = file.number(element.child("dns_ptr_timeout"), dns.reverse_timeout)
    file.leave_others(element, "local_dns", "alt_dns", "dns_ptr_timeout")
    return replace(config, dns=replace(dns, reverse_timeout=timeout))


def _bounce_down(file: _File, config: Config, element: Element) -> Config:
    down = file.yes(element, False)
    return replace(config, bounces=replace(config.bounces, bounce_down_hosts=down))


def _bounces(file: _File, config: Config, element: Element) -> Config:
    present = {each.name: each for each in config.bounces.profiles}
    found: list[BounceProfile] = []
    file.note(element, "bounces", "profiles")
    for each in element.all("bounce_profile"):
        file.note(each, "bounces", "profiles", len(found))
        name = file.needed(each, "bounce_profile_name")
        old = present.get(name, BounceProfile(name))
        child = each.child
        found.append(
            replace(
                old,
                maximum_retries=file.number(child("max_retries"), old.maximum_retries),
                maximum_queue_time=file.number(child("max_queue_lifetime"), old.maximum_queue_time),
                initial_retry=file.number(child("initial_retry"), old.initial_retry),
                maximum_retry=file.number(child("max_retry_time"), old.maximum_retry),
                send_bounces=file.yes(child("send_bounces"), old.send_bounces),
                send_warnings=file.yes(child("send_warnings"), old.send_warnings),
                warning_count=file.number(child("send_warnings_count"), old.warning_count),
                warning_interval=file.number(child("send_warnings_interval"), old.warning_interval),
                dsn_format=file.yes(child("use_dsn_bounce_format"), old.dsn_format),
                alternate_address=_text(child("alternate_bounce_address"), old.alternate_address),
            )
        )
        file.leave_others(each, *(name for name, _ in BOUNCE_ELEMENTS))
    return replace(config, bounces=replace(config.bounces, profiles=tuple(found)))


def _logs(file: _File, config: Config, element: Element) -> Config:
    subscriptions = {each.name: each for each in config.logs.subscriptions}
    for each in element.children:
        name = _text(each.child("name"), "")
        kind = LOG_TYPES.get(each.name)
        old = subscriptions.get(name)
        if old is None and kind is not None:
            old = LogSubscription(name, kind, name)
        if each.name not in _LOG_ELEMENTS or old is None or kind not in (None, old.type):
            file.leave(each, f"{element.name}/")
            continue
        places = [*subscriptions, name]
        file.note(each, "logs", "subscriptions", places.index(name))
        recorded = file.number(each.child("bytes_to_record"), old.bytes_to_record)
        old = replace(old, bytes_to_record=recorded)
        level = each.child("log_level")
        if level is not None:
            old = replace(old, level=_level(file, level))
        poll = (each.child("retrieval") or each).child("ftp_poll")
        if poll is not None:
            size = file.number(poll.child("rolloversize"), old.maximum_size)
            count = file.number(poll.child("rollover_max_files"), old.maximum_files)
            filename = _text(poll.child("filename"), old.filename)
            old = replace(old, filename=filename, maximum_size=size, maximum_files=count)
        subscriptions[name] = old
    logs = replace(config.logs, subscriptions=tuple(subscriptions.values()))
    return replace(config, logs=logs)


def _level(file: _File, element: Element) -> LogLevel:
    level = next((each for each in LogLevel if each.value.lower() == element.text.lower()), None)
    if level is None:
        file.refuse(element, "is no log level")
    return level


def _log_setting(field: str) -> "Callable[[_File, Config, Element], Config]":
    def reader(file: _File, config: Config, element: Element) -> Config:
        value = file.number(element, 0) if field == "metrics_interval" else file.yes(element, False)
        return replace(config, logs=replace(config.logs, **{field: value}))

    return reader


def _ssl(file: _File, config: Config, element: Element) -> Config:
    file.note(element, "ssl")
    ssl = config.ssl
    for name in ("inbound", "outbound"):
        side: SslSide = getattr(ssl, name)
        if (method := element.child(f"ssl_{name}_method")) is not None:
            side = replace(side, methods=_methods(file, method))
        ciphers = _text(element.child(f"ssl_{name}_ciphers"), side.ciphers)
        ssl = replace(ssl, **{name: replace(side, ciphers=ciphers)})
    known = (f"ssl_{name}_{what}" for name in ("inbound", "outbound") for what in _SSL_PARTS)
    file.leave_others(element, *known)
    return replace(config, ssl=ssl)


_SSL_PARTS = ("method", "ciphers")


def _methods(file: _File, element: Element) -> tuple[str, ...]:
    """The protocols in one word, sslv3tlsv1_2; SSL v2 is left out, there is none here."""
    rest, found = element.text.lower(), set()
    words = sorted((*_METHOD_OF, "sslv2"), key=len, reverse=True)
    while rest:
        word = next((each for each in words if rest.startswith(each)), None)
        if word is None:
            file.refuse(element, "is no SSL method")
        rest = rest.removeprefix(word)
        found.add(_METHOD_OF.get(word))
    return tuple(each for each in METHODS if each in found)


_READERS: "dict[str, Callable[[_File, Config, Element], Config]]" = {
    "hostname": _hostname,
    "interfaces": _interfaces,
    "dns": _dns,
    "global_bounce_all_down_host": _bounce_down,
    "bounce_profiles": _bounces,
    "log_subscriptions": _logs,
    "log_system_measurements_frequency": _log_setting("metrics_interval"),
    "log_message_id": _log_setting("message_id_headers"),
    "log_orig_subj": _log_setting("original_subject"),
    "log_remote_response": _log_setting("remote_response"),
    "ssl": _ssl,
}
