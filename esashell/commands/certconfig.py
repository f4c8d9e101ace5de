"""certconfig: the appliance's certificates, and whose certificates it trusts.

A certificate has a name that other settings use, as `destconfig setup` does. Its private key is
kept in a file for the owner's eyes only and is shown nowhere; EXPORT writes it only when asked to.
`Demo` is there as on every appliance, but by its name alone: it has no key here.

CERTAUTHORITY chooses the lists of authorities that certificates are verified with. Revocation lists
are not emulated, and CRL says so.
"""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from esashell.commands.authorities import Authorities
from esashell.commands.certificates import (
    Profile,
    from_file,
    joined,
    private_key,
    profile,
    self_signed,
    signing_request,
    without_key,
)
from esashell.commands.pasting import pasted
from esashell.commands.registry import TABLE, command
from esashell.config.faults import host_name_fault, name_fault
from esashell.config.model.certificates import CertificateProfile
from esashell.config.model.security import DEMO
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.dialogue.kinds import ask, file_kind, number, row_kind, text_kind, yes_no
from esashell.dialogue.requests import (
    Ask,
    KeepPem,
    Kind,
    Notice,
    ReadFile,
    Refuse,
    Remark,
    Say,
    WriteFile,
)
from esashell.dialogue.table import Operation, operate
from esashell.errors import BadAnswer, OperatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from esashell.commands.registry import Appliance
    from esashell.dialogue.drive import Dialogue

PASSWORD = replace(text_kind(1000), secret=True)
DEMO_NAME = "Cisco Appliance Demo"
DEMO_NOTE = (
    "Demo is the factory's certificate of every appliance; nobody can verify it. Here it is a "
    "name, without a key."
)


def _name(text: str) -> str:
    if fault := name_fault(text):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    if text.lower() == DEMO.lower():
        raise BadAnswer(f"Error: {DEMO} is the name of the built-in certificate.")
    return text


def _common_name(text: str) -> str:
    if fault := host_name_fault(text.removeprefix("*.")):
        raise BadAnswer(f"Error: {quoted(text, 60)} {fault}.")
    if len(text) > 64:  # RFC 5280 appendix A.1, ub-common-name
        raise BadAnswer("Error: A common name has at most 64 characters.")
    return text.lower()


def _organisation(text: str) -> str:
    if len(text) > 64 or not text.isprintable():
        raise BadAnswer("Error: An organization has at most 64 printable characters.")
    return text


def _country(text: str) -> str:
    if len(text) != 2 or not (text.isascii() and text.isalpha()):
        raise BadAnswer("Error: A country has two letters.")
    return text.upper()


NAME = Kind(_name, sample="mail", about="A name of at most 64 characters")
COMMON_NAME = Kind(_common_name, sample="mail.example.com", about="A host name")
ORGANISATION = Kind(_organisation, sample="Example", about="A name of at most 64 characters")
COUNTRY = Kind(_country, sample="CH", about="Two letters")


class _Certificates:
    """The operations, on one appliance: its files, its kept certificates and its clock."""

    def __init__(self, appliance: "Appliance") -> None:
        self._appliance = appliance

    def menu(self, config: Config) -> "Dialogue[Config]":
        has_rows = _has_rows
        operations = (
            Operation("import", "Import a certificate from a local file.", self._import),
            Operation("paste", "Paste a certificate into the CLI.", self._paste),
            Operation("new", "Create a self-signed certificate.", self._new),
            Operation(
                "edit", "Update certificate or view the signing request.", self._edit, has_rows
            ),
            Operation("print", "View certificates assigned to services.", self._print),
            Operation("export", "Export a certificate.", self._export, has_rows),
            Operation("delete", "Remove a certificate.", self._delete, has_rows),
        )
        return (yield from operate(config, self.table, operations, "certificate_operation"))

    def table(self, config: Config) -> str:
        now = self._appliance.now
        rows = [(DEMO, DEMO_NAME, DEMO_NAME, "Active", "-")]
        for each in config.certificates:
            found = self._profile(each)
            rows.append(
                (quoted(each.name, 10)[1:-1], "(not kept here)", "", "", "")
                if found is None
                else (
                    quoted(each.name, 10)[1:-1],
                    found.common_name[:20],
                    found.issued_by[:20],
                    found.status(now),
                    found.remaining(now),
                )
            )
        head = ("Name", "Common Name", "Issued By", "Status", "Remaining")
        rule = tuple("-" * width for width in (8, 20, 20, 13, 9))
        widths = [max(len(row[at]) for row in (rule, *rows)) for at in range(5)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (head, rule, *rows)
        ]
        return "\n".join(("List of Certificates", *lines))

    def _profile(self, row: CertificateProfile) -> Profile | None:
        pem = self._appliance.pem(row.fingerprint)
        try:
            return profile(pem) if pem else None
        except BadAnswer:  # damaged on the disk
            return None

    def _keep(self, config: Config, name: str, make: "Callable[[], str]") -> "Dialogue[Config]":
        kept: str | OperatorError = yield KeepPem(make)
        if isinstance(kept, OperatorError):
            yield Refuse(str(kept))
            return config
        row = CertificateProfile(name, kept)
        yield Notice(f"The certificate {quoted(name)[1:-1]} has been added.")
        return replace(config, certificates=(*config.certificates, row))

    def _new_name(self, config: Config) -> "Dialogue[str]":
        taken = {each.name.lower() for each in config.certificates}

        def parse(typed: str) -> str:
            if typed.lower() in taken:
                raise BadAnswer(f"Error: There is a certificate {quoted(typed)} already.")
            return _name(typed)

        sample = "mail" if "mail" not in taken else "mail-2"
        kind = Kind(parse, sample=sample, about=NAME.about)
        return ask(Ask("name", "Enter a name for this certificate profile:", kind))

    def _paste(self, config: Config) -> "Dialogue[Config]":
        name = yield from self._new_name(config)
        leaf = yield from pasted("certificate", PASTE_CERTIFICATE)
        key = yield from pasted("key", "Paste private key in PEM format (end with '.'):")
        above = yield from _above()
        return (yield from self._keep(config, name, lambda: joined(leaf, key, above)))

    def _edit(self, config: Config) -> "Dialogue[Config]":
        """A certificate anew for the key that is there, as when it is renewed."""
        prompt = "Enter the name of the certificate profile you want to edit:"
        row = _row(config, (yield from self._select(config, prompt, demo=False)))
        present = self._appliance.pem(row.fingerprint)
        try:
            key, request = private_key(present), signing_request(present)
        except BadAnswer as damage:
            missing = f"Error: The certificate {quoted(row.name)} is not kept here."
            yield Refuse(str(damage) if present else missing)
            return config
        show = "Do you want to view the certificate signing request?"
        if (yield from yes_no("request", show, False)):
            yield Say(request.rstrip())
        update = "Do you want to update the existing public certificate?"
        if not (yield from yes_no("update", update, True)):
            return config
        leaf = yield from pasted("certificate", PASTE_CERTIFICATE)
        above = yield from _above()
        kept: str | OperatorError = yield KeepPem(lambda: joined(leaf, key, above))
        if isinstance(kept, OperatorError):
            yield Refuse(str(kept))
            return config
        yield Notice(f"The certificate {quoted(row.name)[1:-1]} has been updated.")
        changed = CertificateProfile(row.name, kept)
        rows = tuple(changed if each is row else each for each in config.certificates)
        return replace(config, certificates=rows)

    def _import(self, config: Config) -> "Dialogue[Config]":
        kind = file_kind(self._appliance.files())
        name = yield from self._new_name(config)
        file = yield from ask(Ask("file", "Enter the name of the file to import:", kind))
        password = yield from ask(Ask("password", "Enter the password of the file:", PASSWORD, ""))
        found: bytes | OperatorError = yield ReadFile(file)
        if isinstance(found, OperatorError):
            yield Refuse(str(found))
            return config
        raw = found
        return (yield from self._keep(config, name, lambda: from_file(raw, password)))

    def _new(self, config: Config) -> "Dialogue[Config]":
        name = yield from self._new_name(config)
        common_name = yield from ask(
            Ask("common_name", "Enter Common Name:", COMMON_NAME, config.hostname, positional=True)
        )
        organisation = yield from ask(Ask("organization", "Enter Organization:", ORGANISATION, ""))
        country = yield from ask(Ask("country", "Enter Country (2 letters):", COUNTRY, ""))
        days = yield from number("days", "Duration before expiration (in days):", 3650, 1, 7300)
        now = self._appliance.now
        make = _maker(common_name, organisation, country, days, now)
        return (yield from self._keep(config, name, make))

    def _select(self, config: Config, prompt: str, *, demo: bool) -> "Dialogue[str]":
        names = [each.name for each in config.certificates]
        kind = row_kind([DEMO, *names] if demo else names, "certificate")
        return ask(Ask("profile", prompt, kind))

    def _print(self, config: Config) -> "Dialogue[Config]":
        prompt = "Enter the name of the certificate profile you want to view:"
        name = yield from self._select(config, prompt, demo=True)
        if name == DEMO:
            yield Remark(DEMO_NOTE)
            return config
        found = self._profile(_row(config, name))
        if found is None:
            yield Refuse(f"Error: The certificate {quoted(name)} is not kept here.")
            return config
        from datetime import UTC, datetime

        until = datetime.fromtimestamp(found.not_after, UTC)
        lines = [
            f"Name:         {quoted(name)[1:-1]}",
            f"Subject:      {found.subject}",
            f"Common Name:  {found.common_name}",
            f"Issued By:    {found.issued_by}",
            f"DNS names:    {', '.join(found.names) or 'none'}",
            f"Good until:   {until:%Y-%m-%d %H:%M:%S} GMT ({found.status(self._appliance.now)})",
            f"Serial:       {found.serial}",
            f"SHA-256:      {found.sha256}",
            f"Intermediate: {found.above or 'none'}",
        ]
        yield Say("\n".join(lines))
        return config

    def _export(self, config: Config) -> "Dialogue[Config]":
        prompt = "Enter the name of the certificate profile you want to export:"
        name = yield from self._select(config, prompt, demo=False)
        kind = file_kind(self._appliance.files())
        file = yield from ask(Ask("file", "Enter a name for the exported file:", kind))
        secret = yield from yes_no(
            "private_key", "Do you want the private key in the file, in plain text?", False
        )
        pem = self._appliance.pem(_row(config, name).fingerprint)
        try:
            out = pem if secret else without_key(pem)
        except BadAnswer:
            out = ""
        if not out:
            yield Refuse(f"Error: The certificate {quoted(name)} is not kept here.")
            return config
        fault: OperatorError | None = yield WriteFile(file, out)
        if fault is not None:
            yield Refuse(str(fault))
        else:
            yield Notice(f"The file {quoted(file)[1:-1]} has been written.")
        return config

    def _delete(self, config: Config) -> "Dialogue[Config]":
        prompt = "Enter the name of the certificate profile you want to delete:"
        name = yield from self._select(config, prompt, demo=False)
        users = ["destconfig"] if config.destinations.certificate == name else []
        users += [
            f"the listener {quoted(each.name)}"
            for each in config.listeners
            if each.certificate == name
        ]
        if users:
            yield Refuse(f"Error: The certificate {quoted(name)} is used by {', '.join(users)}.")
            return config
        rows = tuple(each for each in config.certificates if each.name != name)
        return replace(config, certificates=rows)


PASTE_CERTIFICATE = "Paste public certificate in PEM format (end with '.'):"


def _above() -> "Dialogue[str]":
    """The certificates between this one and the root, where the operator has any."""
    if (
        yield from yes_no("intermediate", "Do you want to add an intermediate certificate?", False)
    ):
        prompt = "Paste intermediate certificate in PEM format (end with '.'):"
        return (yield from pasted("above", prompt))
    return ""


def _maker(
    common_name: str, organisation: str, country: str, days: int, now: int
) -> "Callable[[], str]":
    return lambda: self_signed(common_name, organisation, country, days, now)


def _row(config: Config, name: str) -> CertificateProfile:
    return next(each for each in config.certificates if each.name == name)


def _has_rows(config: Config) -> bool:
    return bool(config.certificates)


def _revocation(config: Config) -> "Dialogue[Config]":
    yield Refuse("Error: Certificate revocation lists are not emulated.")
    return config


def _no_summary(config: Config) -> str:
    return ""


@command("certconfig", help=TABLE["certconfig"], commits=True)
def certconfig(appliance: "Appliance") -> "Dialogue[None]":
    certificates = _Certificates(appliance)
    operations: Sequence[Operation] = (
        Operation(
            "certificate",
            "Import, Create a request, Edit or Remove Certificate Profiles",
            certificates.menu,
        ),
        Operation(
            "certauthority",
            "Manage System and Customized Authorities",
            Authorities(appliance).menu,
        ),
        Operation("crl", "Manage Certificate Revocation Lists", _revocation),
    )
    yield from operate(appliance.config, _no_summary, operations)
