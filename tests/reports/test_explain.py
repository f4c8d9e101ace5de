"""`explain`: the way to the verdict, in words, at 80 columns."""

import pytest

from esashell.reports.explain import WIDTH, lines
from tests.delivery.labwork import Bench

BENCH = Bench()


def text(domain: str) -> str:
    return "\n".join(lines(BENCH.verify(domain)[0]))


def flowing(domain: str) -> str:
    """The same with its line breaks taken out, to look for sentences."""
    return " ".join(text(domain).split())


@pytest.mark.parametrize("domain", [each.domain for each in BENCH.lab.domains()])
def test_every_lab_domain_is_explained_within_the_width(domain: str) -> None:
    shown = lines(BENCH.verify(domain.replace("{n}", "7"))[0])
    assert any(line.startswith("verdict   DANE ") for line in shown)
    assert max(map(len, shown)) <= WIDTH
    assert all(line.isprintable() for line in shown)


def test_the_deciding_rule_and_its_sources_are_named() -> None:
    shown = flowing("mismatch.lab")
    assert "row 2 of the decision table: Mandatory: DANE fail; Opportunistic: DANE fail" in shown
    assert "(RFC 7671 5.1, validation-failure)" in shown
    assert "whose theirs" in shown


def test_the_record_that_would_match_is_given_in_full() -> None:
    evidence, _ = BENCH.verify("mismatch.lab")
    verdict = evidence.hosts[0].attempts[0].verdict
    assert verdict is not None
    assert verdict.advice is not None
    advice = f"_25._tcp.mail.mismatch.lab. TLSA {verdict.advice.text} would match the key in use"
    assert advice in flowing("mismatch.lab")


def test_a_bogus_answer_names_the_signature_and_the_cure_once() -> None:
    shown = flowing("signature-expired.lab")
    assert "the zone must be signed again" in shown
    assert "expired (" not in shown
    assert shown.count("row 15 of the decision table") == 1


def test_what_an_alias_leads_to_is_said_with_its_security() -> None:
    assert (
        "mail.mx-alias-insecure.lab is an alias of mail.unsigned-hosting.lab (SECURE)"
        in flowing("mx-alias-insecure.lab")
    )
