"""A whole configuration in one file, as `saveconfig` writes it and `loadconfig` reads it.

It is the configuration's own TOML, with the certificates behind it that it names:

    [[kept]]
    fingerprint = "2f0a..."
    pem = '''...'''

A certificate comes with its private key, so it is in the file only when somebody asked for that;
without it the file can be loaded where the certificate is kept already. A file may hold a few
settings alone. Tables are then merged with what is there, setting by setting, and lists replaced.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from esashell.config.codec import Document, encode
from esashell.config.quoting import quoted
from esashell.config.tree import Config
from esashell.errors import BadConfiguration

KEY_MARK = "PRIVATE KEY-----"


class Loaded(Struct, frozen=True):
    """What a file came to: the configuration, certificates to be kept, names of what was left."""

    config: Config
    pems: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()


class _Kept(Struct, frozen=True, forbid_unknown_fields=True):
    fingerprint: str
    pem: str


def fingerprint(pem: str) -> str:
    """The name that a text of certificates is kept under."""
    return sha256(pem.encode("ascii", "replace")).hexdigest()


def named(config: Config) -> Iterator[tuple[str, str]]:
    """Fingerprints in the configuration, each with what it is for."""
    yield from ((each.fingerprint, f"certificate {each.name}") for each in config.certificates)
    if config.authorities.custom_list:
        yield config.authorities.custom_list, "custom list of authorities"


def written(config: Config, pem: Callable[[str], str], *, secrets: bool, comment: str) -> str:
    """The file; `pem` finds what is kept under a fingerprint."""
    lines = [f"# {comment}\n", encode(config)]
    masked = 0
    for each in dict(named(config)):
        text = pem(each)
        if KEY_MARK in text and not secrets:
            masked += 1
        elif text:
            lines.append(f"\n[[kept]]\nfingerprint = \"{each}\"\npem = '''\n{text}'''\n")
    if masked:
        lines.append(f"\n# {masked} private keys are masked, with their certificates.\n")
    return "".join(lines)


def read(raw: bytes, where: str, config: Config, pem: Callable[[str], str]) -> Loaded:
    """What the file makes of this configuration; raises `BadConfiguration` and takes nothing."""
    if raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        from esashell.config.files.xml import read as read_xml

        config, left = read_xml(raw, where, config)
        return Loaded(config, left=left)
    document = Document(raw, where)
    kept = _certificates(document)
    after = document.over(_plain(config))
    for each, purpose in named(after):
        if each not in kept and not pem(each):
            raise BadConfiguration(
                f"Error: {quoted(where)[1:-1]}: the {purpose} is not in the file, and is not kept "
                "here: its passphrases were masked. Nothing was imported."
            )
    return Loaded(after, tuple(kept.items()))


def _certificates(document: Document) -> dict[str, str]:
    found = document.record(list[_Kept], document.table.pop("kept", []), ("kept",))
    for position, each in enumerate(found):
        if fingerprint(each.pem) != each.fingerprint:
            document.refuse(
                ("kept", position, "pem"), "this is not the text that the fingerprint is of."
            )
    return {each.fingerprint: each.pem for each in found}


def _plain(config: Config) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(config)
    return plain
