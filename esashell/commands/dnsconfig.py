"""dnsconfig: whom the appliance asks its DNS questions.

Either its own DNS cache servers, the one closest to 0 first, or, when it has none, the Internet's
root servers and whomever those refer to. A resolver that strips DNSSEC among those of the best
priority turns signed domains bogus now and then; one behind them does so when the others fail.

Alternate domains are looked up at servers of their own. With own servers these are resolvers; with
the root servers they are the domain's authoritative servers, and have names. The one-line forms are
called `alt` and `roots` after these two. `validate=no` there is ours: it takes the domain out of
DNSSEC, as one has to be that exists in private only. `sha1` is ours as well: the policy for zones
that are still signed with SHA-1, which the appliance does not tell.

The search list is for names without a dot: `nslookup` and `tlsverify` try them in its domains. What
mail is sent to is never looked up so, and neither is a host of a route.

Of the interfaces for DNS traffic only Auto is emulated; the question has its place, so that what
was typed at an appliance can be typed here.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.alternates import (
    alternates,
    delete_authority,
    delete_domain,
    delete_row,
    edit_alternate,
    has_alternates,
    new_alternates,
    new_authority,
    row_line,
    uses_own,
    uses_roots,
    with_alternates,
)
from esashell.commands.registry import TABLE, command
from esashell.config.model.dnsserver import DnsServer
from esashell.config.tree import Config
from esashell.dialogue.kinds import (
    DOMAIN_NAMES,
    address,
    addresses,
    ask,
    choice,
    confirm,
    number,
    yes_no,
)
from esashell.dialogue.requests import Ask, Kind, Refuse
from esashell.dialogue.table import Operation, Table, listing, operate, submenu

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

LOWEST_PRIORITY = 65535
LONGEST = 24 * 3600  # seconds

SERVERS: Table[DnsServer] = Table(
    at=lambda config: config.dns.servers,
    put=lambda config, rows: replace(config, dns=replace(config.dns, servers=rows)),
    key=lambda server: server.address,
    called="server",
    last="Error: The last DNS server cannot be deleted; add another one first.",
)

NEW_PROMPT = "Do you want to add a new local DNS cache server or an alternate domain server?"
NEW = {
    "parent": "Add a new local DNS cache server.",
    "alt": "Add a new alternate domain server.",
}
WHICH = {"parent": "Local DNS cache server.", "alt": "Alternate domain server."}
MODE_PROMPT = """\
Do you want the Gateway to use the Internet's root DNS servers or would you like
it to use your own DNS servers?"""
MODES = {"roots": "Use Internet root DNS servers", "own": "Use own DNS cache servers"}


AGILITY_PROMPT = """\
Do you want only the strongest digest of a set of TLSA records to count (RFC
7671 9)? If not, any digest that matches is enough. (Not on the appliance.)"""


def summary(config: Config) -> str:
    servers = config.dns.servers
    if not servers:
        lines = ["Currently using the Internet root DNS servers."]
        title = "Alternate authoritative DNS servers:"
    else:
        lines = ["Currently using the local DNS cache servers:"]
        lines += [f"{at}. Priority: {s.priority}  {s.address}" for at, s in enumerate(servers, 1)]
        title = "Alternate domain servers:"
    if config.dns.alternates:
        lines += ["", title]
        lines += [f"{at}. {row_line(row)}" for at, row in enumerate(alternates(config), 1)]
    if config.dns.search:
        lines += ["", f"DNS search list: {', '.join(config.dns.search)}"]
    if config.dns.sha1:
        lines += ["", "Zones signed with SHA-1 are validated (not on the appliance)."]
    if not config.dns.digest_agility:
        lines += ["", "TLSA records with weaker digests count as well (not on the appliance)."]
    return "\n".join(lines)


# Own DNS cache servers.


def _priority(of: str, default: int) -> "Dialogue[int]":
    return number(
        "priority",
        f"Please enter the priority for {of}.\n"
        "A value of 0 has the highest priority.\n"
        "The IP will be chosen at random if they have the same priority.",
        default,
        0,
        LOWEST_PRIORITY,
        positional=True,
    )


def _new_parents(config: Config) -> "Dialogue[tuple[DnsServer, ...]]":
    found = yield from addresses(
        "ip",
        "Please enter the IP address of your DNS server.\nSeparate multiple IPs with commas.",
    )
    priority = yield from _priority(", ".join(found), 0)
    return tuple(DnsServer(each, priority) for each in found)


def _edit_parent(config: Config, old: DnsServer) -> "Dialogue[DnsServer]":
    ip = yield from address("ip", "Please enter the IP address of your DNS server.", old.address)
    return DnsServer(ip, (yield from _priority(ip, old.priority)))


def _only(
    mode: "Callable[[Config], bool]", refusal: str, run: "Callable[[Config], Dialogue[Config]]"
) -> "Callable[[Config], Dialogue[Config]]":
    """The operation, in one of the two modes; the answers are taken in either."""

    def checked(config: Config) -> "Dialogue[Config]":
        after = yield from run(config)
        if mode(config):
            return after
        yield Refuse(refusal)
        return config

    return checked


# The menu.


def _new(config: Config) -> "Dialogue[Config]":
    if uses_roots(config):
        return (yield from new_authority(config))
    if (yield from choice("type", NEW_PROMPT, NEW)) == "alt":
        return (yield from new_alternates(config))
    return (yield from NEW_PARENT.run(config))


def _edit(config: Config) -> "Dialogue[Config]":
    return (yield from _of_either(config, "edit", EDIT_PARENT.run, edit_alternate))


def _delete(config: Config) -> "Dialogue[Config]":
    return (yield from _of_either(config, "delete", DELETE_PARENT.run, delete_row))


def _sort_words(words: "Sequence[str]") -> int:
    """A command line may say which sort is meant, also where there is only one."""
    return int(bool(words) and words[0].lower() in WHICH)


SORT: Kind[str] = Kind(str.lower, sample="parent")


def _of_either(
    config: Config,
    purpose: str,
    parent: "Callable[[Config], Dialogue[Config]]",
    alternate: "Callable[[Config], Dialogue[Config]]",
) -> "Dialogue[Config]":
    """The operation on a server of the one sort or the other; asked only when there are both."""
    if uses_own(config) and has_alternates(config):
        prompt = f"Do you want to {purpose} a local DNS cache server or an alternate domain server?"
        sort = yield from choice("type", prompt, WHICH)
    else:
        only = "parent" if uses_own(config) else "alt"
        sort = yield from ask(Ask("type", "", SORT, only, takes=_sort_words, silent=True))
    return (yield from (alternate if sort == "alt" else parent)(config))


def _setup(config: Config) -> "Dialogue[Config]":
    mode = yield from choice(
        "mode", MODE_PROMPT, MODES, "own" if uses_own(config) else "roots", positional=True
    )
    if mode == "roots":
        config = SERVERS.put(config, ())
    elif uses_roots(config):
        config = SERVERS.put(config, (yield from _new_parents(config)))
    yield from choice(
        "interface", "Choose the IP interface for DNS traffic.", {"auto": "Auto"}, "auto", batch="1"
    )
    timeout = yield from number(
        "reverse_timeout",
        "Enter the number of seconds to wait before timing out reverse DNS lookups.",
        config.dns.reverse_timeout,
        0,
        LONGEST,
        label="s",
    )
    ttl = yield from number(
        "minimum_ttl",
        "Enter the minimum TTL in seconds for DNS cache.",
        config.dns.minimum_ttl,
        0,
        LONGEST,
        label="s",
    )
    return replace(config, dns=replace(config.dns, reverse_timeout=timeout, minimum_ttl=ttl))


SEARCH_PROMPT = """\
Please enter the domains that a name without a dot is looked for in.
Separate multiple domains with commas; enter NONE for no search list."""


def _search_list(text: str) -> tuple[str, ...]:
    return () if text.lower() == "none" else DOMAIN_NAMES.parse(text)


SEARCH: Kind[tuple[str, ...]] = Kind(
    _search_list,
    ", ".join,
    ("none",),
    "example.com",
    about="Domains with commas between them, or none",
)


def _search(config: Config) -> "Dialogue[Config]":
    question = Ask(
        "search", SEARCH_PROMPT, SEARCH, config.dns.search, takes=len, label="domain[,domain]"
    )
    return replace(config, dns=replace(config.dns, search=(yield from ask(question))))


def _only_roots(config: Config) -> "Dialogue[Config]":
    """The form that clears everything and goes back to the root servers."""
    prompt = "Are you sure you want to remove all DNS servers and use the Internet's root servers?"
    if (yield from confirm(prompt)):
        return with_alternates(SERVERS.put(config, ()), ())
    return config


SHA1_PROMPT = """\
Do you want to validate zones that are signed with SHA-1 (algorithms 5 and 7), as
RFC 8624 had it? If not, they count as unsigned, as RFC 9905 wants. (Not on the
appliance.)"""


def _sha1(config: Config) -> "Dialogue[Config]":
    sha1 = yield from yes_no("sha1", SHA1_PROMPT, config.dns.sha1, positional=True)
    return replace(config, dns=replace(config.dns, sha1=sha1))


def _agility(config: Config) -> "Dialogue[Config]":
    agility = yield from yes_no(
        "digest_agility", AGILITY_PROMPT, config.dns.digest_agility, positional=True
    )
    return replace(config, dns=replace(config.dns, digest_agility=agility))


def has_any(config: Config) -> bool:
    return uses_own(config) or has_alternates(config)


NEW_PARENT = SERVERS.new("Add a new local DNS cache server.", _new_parents)
EDIT_PARENT = SERVERS.edit(
    "Edit a server.", _edit_parent, "Enter the number or the IP address of the server to edit."
)
DELETE_PARENT = SERVERS.delete(
    "Remove a server.", "Enter the number or the IP address of the server to delete."
)
# The words of the published one-line forms.
PARENT = submenu(
    "parent", "Local DNS cache servers.", (NEW_PARENT, EDIT_PARENT, DELETE_PARENT), listed=False
)
ALT = submenu(
    "alt",
    "Alternate domains, with own DNS cache servers.",
    (
        Operation(
            "new",
            "Add a new alternate domain server.",
            _only(
                uses_own,
                "Error: The Internet root DNS servers are used; see 'dnsconfig roots new'.",
                new_alternates,
            ),
        ),
        Operation("delete", "Remove an alternate domain.", delete_domain, has_alternates),
    ),
    listed=False,
)
ROOTS = submenu(
    "roots",
    "The Internet root DNS servers, and servers for some domains.",
    (
        Operation(
            "new",
            "Add a new authoritative server for a domain.",
            _only(
                uses_roots,
                "Error: Own DNS cache servers are used; see 'dnsconfig alt new'.",
                new_authority,
            ),
        ),
        Operation("delete", "Remove a domain's servers.", delete_authority, has_alternates),
        Operation("clear", "Remove all servers and use the root servers.", _only_roots),
    ),
    listed=False,
    bare="clear",
)
OPERATIONS = (
    Operation("new", "Add a new server.", _new),
    Operation("edit", "Edit a server.", _edit, has_any),
    Operation("delete", "Remove a server.", _delete, has_any),
    Operation("setup", "Configure general settings.", _setup),
    Operation("search", "Configure DNS domain search list.", _search),
    PARENT,
    ALT,
    ROOTS,
    listing("print", "Display the servers.", summary, listed=False),
    Operation(
        "sha1", "Choose whether SHA-1 signatures count (not on the appliance).", _sha1, listed=False
    ),
    Operation(
        "agility",
        "Choose which digests of TLSA records count (not on the appliance).",
        _agility,
        listed=False,
    ),
)


@command("dnsconfig", help=TABLE["dnsconfig"], commits=True)
def dnsconfig(appliance: "Appliance") -> "Dialogue[None]":
    yield from operate(appliance.config, summary, OPERATIONS)
