"""`esashell lab`: the lab internet, to be looked at from outside.

    esashell lab list              its domains, and what each of them demonstrates
    esashell lab anchor            the trust anchor that its chain of trust hangs from
    esashell lab roots             its root servers, as a hints file
    esashell lab zones DIR         its signed zones as text, with the zones part of an nsd.conf
    esashell lab serve             every server of it on loopback, until Ctrl-C

A lab depends on its scenario files and the day only, so what one process serves is what another
shell sees in memory: a TLSA record found here fits the certificate shown there.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from esashell.errors import OperatorError
from esashell.shell.options import unreadable
from esashell.shell.output import complain, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from esashell.worlds.lab.hosts import HostSpec
    from esashell.worlds.lab.world import Lab
    from esashell.worlds.serve import Door, Service

DONE, REFUSED, INTERRUPTED = 0, 1, 130
_COLUMNS = 80
_OF_A_PATTERN = 10


def main(argv: list[str]) -> int:
    """Run `esashell lab` with these arguments; its exit status (0 done, 1 refused, 2 usage)."""
    try:
        options = _options().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        status: int = options.run(options)
    except OperatorError as error:
        complain(f"esashell lab: {error}")
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _say(line: str) -> None:
    put(line + "\n")


class _Parser(argparse.ArgumentParser):
    """Of its own accord argparse takes no notice of an output that fails."""

    def print_help(self, file: object = None) -> None:
        put(self.format_help())


def _options() -> argparse.ArgumentParser:
    parser = _Parser(prog="esashell lab", description="Look at the lab internet.")
    acts = parser.add_subparsers(required=True, metavar="list|anchor|roots|zones|serve")

    def act(name: str, run: object, text: str) -> argparse.ArgumentParser:
        made = acts.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        made.add_argument(
            "--scenario",
            metavar="FILE",
            type=_file,
            action="append",
            default=[],
            help="more domains and servers; repeatable",
        )
        return made

    listing = act("list", _list, "The domains, and what each of them demonstrates.")
    listing.add_argument("--json", action="store_true", help="as JSON")
    act("anchor", _anchor, "The trust anchor, as DS and DNSKEY records.")
    act("roots", _roots, "The root servers at their own addresses, as a hints file.")
    zones = act("zones", _zones, "The signed zones as files, and a part of an nsd.conf for them.")
    zones.add_argument("folder", metavar="DIR", type=Path)
    zones.add_argument("--all", action="store_true", help="the large ones too; takes a minute")
    serving = act("serve", _serve, "Every server of the lab on loopback, until Ctrl-C.")
    serving.add_argument("--dns-port", metavar="PORT", type=_port, default=5300)
    serving.add_argument("--smtp-port", metavar="PORT", type=_port, default=2525)
    serving.add_argument(
        "--true-addresses",
        action="store_true",
        help="at the lab's own addresses, ports 53 and 25, in a network namespace",
    )
    serving.add_argument(
        "--add-addresses",
        action="store_true",
        help="the same, and give the namespace's loopback interface these addresses",
    )
    serving.add_argument(
        "--ready-file", metavar="FILE", type=Path, help="write it once every server can be reached"
    )
    return parser


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port")


def _file(text: str) -> Path:
    if fault := unreadable(text):
        raise argparse.ArgumentTypeError(f"{text}: {fault}")
    return Path(text)


def _lab(options: argparse.Namespace) -> Lab:
    from esashell.clock import SystemClock
    from esashell.worlds.lab.world import Lab

    return Lab(SystemClock(), scenarios=options.scenario)


def _list(options: argparse.Namespace) -> int:
    lab = _lab(options)
    if options.json:
        _list_as_json(lab)
        return DONE
    domains = [(each.domain, _shown(each.shows, each.count)) for each in lab.domains()]
    resolvers = [(address, spec.shows) for address, spec in lab.resolvers.items()]
    for line in (*_table("Domain", domains), "", *_table("Resolver", resolvers)):
        _say(line)
    return DONE


def _shown(shows: str, count: int) -> str:
    return shows if count == 1 else f"{shows} There are {count} of them."


def _table(title: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    """Two columns; what does not fit beside a long name goes under it."""
    width = min(max((len(name) for name, _ in (*rows, (title, ""))), default=0), 28) + 2
    yield f"{title:{width}}Shows"
    for name, shows in rows:
        wrapped = textwrap.wrap(shows, _COLUMNS - width) or [""]
        first = f"{name:{width}}"
        if len(first) > width:
            yield name
            first = " " * width
        yield (first + wrapped[0]).rstrip()
        for line in wrapped[1:]:
            yield " " * width + line


def _list_as_json(lab: Lab) -> None:
    shown = {
        "schema": 1,
        "domains": [
            {
                "domain": each.domain,
                "shows": each.shows,
                "row": each.row,
                "count": each.count,
                "file": each.file,
            }
            for each in lab.domains()
        ],
        "resolvers": [
            {"address": address, "kind": spec.kind.value, "shows": spec.shows}
            for address, spec in lab.resolvers.items()
        ],
    }
    _say(json.dumps(shown, indent=2, ensure_ascii=False))


def _anchor(options: argparse.Namespace) -> int:
    from esashell.resolver.anchors import anchor_text

    _say(anchor_text(_lab(options).anchor))
    return DONE


def _roots(options: argparse.Namespace) -> int:
    from esashell.resolver.hints import hints_text

    _say(hints_text(_lab(options).root_hints))
    return DONE


def _zones(options: argparse.Namespace) -> int:
    from esashell.worlds.lab.zonefile import file_name, nsd_configuration, zone_lines

    catalogue = _lab(options).catalogue
    patterns = {bulk.parent for bulk in catalogue.scenario.bulks}
    apexes = [each for each in catalogue.scenario.zones if options.all or each not in patterns]
    folder: Path = options.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for apex in apexes:
            zone = catalogue.zone(apex)
            assert zone is not None
            text = "".join(f"{line}\n" for line in zone_lines(zone))
            (folder / file_name(apex)).write_text(text, encoding="utf-8")
        configuration = nsd_configuration(apexes, str(folder.resolve()))
        (folder / "nsd.conf").write_text(configuration, encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{error.filename}: {error.strerror}") from error
    _say(f"{len(apexes)} zones and nsd.conf are in {folder}.")
    if not options.all:
        for each in sorted(patterns):
            _say(f"{each} is not among them: it holds domains by the thousand (--all).")
    return DONE


def _serve(options: argparse.Namespace) -> int:
    import asyncio

    from esashell.worlds import addresses
    from esashell.worlds.serve import loopback_doors, serve, true_doors

    lab = _lab(options)
    servers = list(_servers(lab))
    if options.add_addresses:
        # A host that refuses connections needs its address too; one that cannot be reached none.
        addresses.add(_addresses_of(lab))
    if options.add_addresses or options.true_addresses:
        doors = _reachable(list(true_doors(servers)))
    else:
        doors = list(loopback_doors(servers, options.dns_port, options.smtp_port))

    def answer(address: str, query: bytes, tcp: bool) -> bytes | None:
        server = lab.recursors().get(address) or lab.authorities()[address]
        return server.answer(query, tcp=tcp)

    def ready() -> None:
        for door in doors:
            where = f"{door.address} {door.port}"
            _say(f"{door.service:4}  {where:21} {door.lab_address:15}  {door.name}")
        # The file first: whoever has read the line may look for it.
        if options.ready_file:
            options.ready_file.write_text("ready\n")
        _say("ready")

    asyncio.run(serve(doors, answer, lab.hosts.accept, ready))
    return DONE


def _servers(lab: Lab) -> Iterator[tuple[Service, str, str]]:
    """Service, name and lab address of every server that can be reached at all."""
    from esashell.worlds.lab.hosts import Behaviour
    from esashell.worlds.serve import Service

    for address, authority in lab.authorities().items():
        yield Service.DNS, str(authority.name), address
    for address, spec in lab.resolvers.items():
        yield Service.DNS, spec.kind.value, address
    absent = (Behaviour.REFUSE, Behaviour.TIMEOUT, Behaviour.UNREACHABLE)
    for address, host in _hosts(lab):
        if host.behaviour not in absent and 25 in host.ports:
            yield Service.SMTP, host.name, address


def _addresses_of(lab: Lab) -> Iterator[str]:
    """Every address of the lab, apart from those of hosts to which there is no way."""
    from esashell.worlds.lab.hosts import Behaviour

    yield from lab.authorities()
    yield from lab.resolvers
    for address, host in _hosts(lab):
        if host.behaviour not in (Behaviour.TIMEOUT, Behaviour.UNREACHABLE):
            yield address


def _hosts(lab: Lab) -> Iterator[tuple[str, HostSpec]]:
    """Every mail host by address; of a pattern's, those of its first domains only."""
    from esashell.resolver.rdata import address
    from esashell.resolver.rrtypes import RRType

    found = dict.fromkeys(lab.directory.addresses())
    for bulk in lab.catalogue.scenario.bulks:
        for number in range(min(bulk.spec.count, _OF_A_PATTERN)):
            zone = lab.catalogue.zone(bulk.parent.prepend(bulk.label(number)))
            for owner in zone.written_owners() if zone else ():
                for rdtype in (RRType.A, RRType.AAAA):
                    rrset = zone.unsigned(owner, rdtype) if zone else None
                    found.update((address(each), None) for each in (rrset.rdatas if rrset else ()))
    for each in found:
        if host := lab.directory.at(each):
            yield each, host


def _reachable(doors: list[Door]) -> list[Door]:
    """The doors that this place can have; IPv6 may be switched off, and that is then said."""
    from esashell.worlds.addresses import speaks_ipv6

    if speaks_ipv6():
        return doors
    kept = [door for door in doors if ":" not in door.address]
    if len(kept) < len(doors):
        complain(f"esashell lab: no IPv6 here; {len(doors) - len(kept)} hosts left out")
    return kept
