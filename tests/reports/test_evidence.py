"""The evidence as a document for machines: complete, plain, and JSON."""

import json

import msgspec
import pytest

from esashell.reports.evidence import document
from tests.delivery.labwork import Bench

BENCH = Bench()


def shown(domain: str) -> dict:
    return json.loads(msgspec.json.encode(document(BENCH.verify(domain)[0])))


@pytest.mark.parametrize("domain", [each.domain for each in BENCH.lab.domains()])
def test_every_lab_domain_makes_a_document(domain: str) -> None:
    it = shown(domain.replace("{n}", "7"))
    assert (it["schema"], it["version"]) == ("esashell.daneverify", 1)
    assert it["reason"]["text"]


def test_every_lookup_carries_security_reason_and_chain() -> None:
    it = shown("ietf.org")
    host = it["hosts"][0]
    for lookup in (it["mx"], *host["lookups"], *host["tlsa"]):
        assert lookup["security"] == "SECURE"
        zones = [link["zone"] for hop in lookup["hops"] for link in hop["chain"]]
        assert zones[0] == "."
        assert zones[-1] == "ietf.org"
    bogus = shown("mx-bogus.lab")["mx"]
    assert bogus["reason"]["code"] == "DNSSEC_BOGUS"
    tried = [s["result"] for hop in bogus["hops"] for k in hop["chain"] for s in k["signatures"]]
    assert "bad signature" in tried


def test_the_handshake_and_every_tlsa_record_are_there() -> None:
    address = shown("ietf.org")["hosts"][0]["addresses"][0]
    assert address["tls"]["protocol"] == "TLSv1.2"
    assert [turn["sent"].split(" ")[0] for turn in address["smtp"]["transcript"]][:3] == [
        "",
        "EHLO",
        "STARTTLS",
    ]
    records = address["certificate"]["records"]
    assert [each["result"] for each in records] == ["matched"]
    assert records[0]["record"] == address["certificate"]["advice"]
    results = [
        each["result"]
        for each in shown("one-malformed.lab")["hosts"][0]["addresses"][0]["certificate"]["records"]
    ]
    assert sorted(results) == ["matched", "unusable"]


def test_a_failure_says_in_published_words_what_and_whose() -> None:
    it = shown("no-starttls.lab")
    assert it["verdict"] == "DANE FAILED"
    assert it["reason"]["result_type"] == "starttls-not-supported"
    assert it["reason"]["fault"] == "theirs"
    assert it["hosts"][0]["row"] == {"number": 2, "source": "TN 7, TM, PF"}
