"""The alternate domains of `dnsconfig`: their rows, and the questions about them.

The configuration keeps them by domain, since a domain is validated or not as a whole; the screen
shows a row for each server, which is also what an operator edits and deletes. With own servers a
row is a domain and an address; with the root servers the server has a name as well.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from esashell.config.model.dnsserver import AlternateDomain, AlternateServer
from esashell.config.tree import Config
from esashell.dialogue.kinds import HOST_NAME, YES_NO, address, domain_names, host_name, row_kind
from esashell.dialogue.kinds import ask as put_question
from esashell.dialogue.requests import Ask, Kind, Refuse
from esashell.errors import BadAnswer

if TYPE_CHECKING:
    from esashell.dialogue.drive import Dialogue


class Alternate(Struct, frozen=True):
    """A line of the list: one server of one alternate domain."""

    domain: str
    server: AlternateServer
    validate: bool = True


def uses_roots(config: Config) -> bool:
    return not config.dns.servers


def uses_own(config: Config) -> bool:
    return bool(config.dns.servers)


def has_alternates(config: Config) -> bool:
    return bool(config.dns.alternates)


def alternates(config: Config) -> tuple[Alternate, ...]:
    return tuple(
        Alternate(each.domain, server, each.validate)
        for each in config.dns.alternates
        for server in each.servers
    )


def with_alternates(config: Config, rows: Iterable[Alternate]) -> Config:
    """The configuration with these alternates; of one domain, the last row's `validate` counts."""
    domains: dict[str, AlternateDomain] = {}
    for row in rows:
        before = domains.get(row.domain, AlternateDomain(row.domain))
        servers = (*before.servers, row.server)
        domains[row.domain] = AlternateDomain(row.domain, servers, row.validate)
    return replace(config, dns=replace(config.dns, alternates=tuple(domains.values())))


def row_line(row: Alternate) -> str:
    server = row.server
    where = f"{server.name} ({server.address})" if server.name else server.address
    return f"{row.domain}: {where}{'' if row.validate else ', not validated'}"


def _validated(default: bool = True) -> "Dialogue[bool]":
    """Never asked for, since the appliance does not; a command line may have it."""
    return put_question(Ask("validate", "", YES_NO, default, silent=True))


def new_alternates(config: Config) -> "Dialogue[Config]":
    """Domains that other resolvers than the usual ones are asked about."""
    domains = yield from domain_names(
        "domains",
        'Please enter the domain this server is authoritative for. (Ex: "com").\n'
        "Separate multiple domains with commas.",
        "domain",
    )
    ip = yield from address(
        "ip", f"Please enter the IP address of the DNS server for {', '.join(domains)}."
    )
    validate = yield from _validated()
    return (yield from _added(config, [(each, AlternateServer(ip)) for each in domains], validate))


def new_authority(config: Config) -> "Dialogue[Config]":
    """A domain's own server, which the root servers need not be asked for."""
    domain = yield from _domain(config)
    server = yield from _named_server(domain)
    validate = yield from _validated()
    return (yield from _added(config, [(domain, server)], validate))


# Answers of the menu that is shown with own servers, where a domain has its place here. As domains
# they would lead nowhere: .alt is kept out of the DNS (RFC 9476), and .parent is not delegated.
_OF_THE_OTHER_MENU = {
    "alt": "leave it out, as in 'dnsconfig new <domain> <nameserver> <ip>'",
    "parent": "see 'dnsconfig parent new' for a DNS cache server of your own",
}
_NUMBERS = {"1": "parent", "2": "alt"}


def _answered_domain(text: str) -> str:
    word = _NUMBERS.get(text, text.lower())
    if word in _OF_THE_OTHER_MENU:
        raise BadAnswer(
            f'Error: "{text}" is no domain here, as the Internet root DNS servers are used; '
            f"{_OF_THE_OTHER_MENU[word]}."
        )
    return HOST_NAME.parse(text)


DOMAIN: Kind[str] = Kind(_answered_domain, sample="com", about="A domain")


def _domain(config: Config, default: str | None = None) -> "Dialogue[str]":
    prompt = 'Please enter the domain this server is authoritative for. (Ex: "com").'
    kind = DOMAIN if uses_roots(config) else HOST_NAME
    return put_question(Ask("domain", prompt, kind, default, positional=True))


def _named_server(domain: str, old: AlternateServer | None = None) -> "Dialogue[AlternateServer]":
    name = yield from host_name(
        "nameserver",
        f'Please enter the fully qualified hostname of the DNS server for the domain "{domain}".\n'
        '(Ex: "dns.example.com").',
        (old.name or None) if old else None,
    )
    prompt = f"Please enter the IP address of {name}."
    ip = yield from address("ip", prompt, old.address if old else None)
    return AlternateServer(ip, name)


def _added(
    config: Config, found: Sequence[tuple[str, AlternateServer]], validate: bool
) -> "Dialogue[Config]":
    rows = alternates(config)
    for domain, server in found:
        if any(row.domain == domain and row.server.address == server.address for row in rows):
            yield Refuse(f"Error: The server {server.address} already exists for {domain}.")
            return config
    return with_alternates(config, (*rows, *(Alternate(*each, validate) for each in found)))


def edit_alternate(config: Config) -> "Dialogue[Config]":
    rows = list(alternates(config))
    at = yield from _which(rows, "edit")
    old = rows[at]
    domain = yield from _domain(config, old.domain)
    if uses_roots(config):
        server = yield from _named_server(domain, old.server)
    else:
        prompt = f"Please enter the IP address of the DNS server for {domain}."
        server = AlternateServer((yield from address("ip", prompt, old.server.address)))
    validate = yield from _validated(old.validate)
    others = [row for row in rows if row is not old]
    if any((row.domain, row.server.address) == (domain, server.address) for row in others):
        yield Refuse(f"Error: The server {server.address} already exists for {domain}.")
        return config
    rows[at] = Alternate(domain, server, validate)
    # A domain is validated or not, whichever of its servers answers.
    return with_alternates(
        config, [replace(r, validate=validate) if r.domain == domain else r for r in rows]
    )


def _which(rows: Sequence[Alternate], purpose: str) -> "Dialogue[int]":
    """The position of the row that the operator means; a domain stands for its first row."""
    names = [row.domain for row in rows]
    prompt = f"Enter the number or the domain of the alternate server to {purpose}."
    numbers = {str(at + 1): at for at in range(len(rows))}
    answer = yield from put_question(
        Ask("alternate", prompt, row_kind([*dict.fromkeys(names), *numbers], "alternate domain"))
    )
    return numbers[answer] if answer in numbers else names.index(answer)


def delete_row(config: Config) -> "Dialogue[Config]":
    rows = alternates(config)
    at = yield from _which(rows, "delete")
    return with_alternates(config, rows[:at] + rows[at + 1 :])


def delete_domain(config: Config) -> "Dialogue[Config]":
    domain = yield from _alternate_domain(config)
    return with_alternates(config, (row for row in alternates(config) if row.domain != domain))


def delete_authority(config: Config) -> "Dialogue[Config]":
    """All of a domain's servers, or the one that is named."""
    domain = yield from _alternate_domain(config)
    rows = alternates(config)
    names = [row.server.name for row in rows if row.domain == domain and row.server.name]
    kind = row_kind(names, f"name server of {domain}")
    name = yield from put_question(Ask("nameserver", "", kind, "", positional=True, silent=True))
    return with_alternates(
        config,
        (row for row in rows if row.domain != domain or (name and row.server.name != name)),
    )


def _alternate_domain(config: Config) -> "Dialogue[str]":
    names = [each.domain for each in config.dns.alternates]
    prompt = "Enter the number or the name of the alternate domain to delete."
    return put_question(Ask("domain", prompt, row_kind(names, "alternate domain")))
