"""Trust anchors as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.resolver import rdata as rd
from esashell.resolver.anchors import ROOT_ANCHOR, BadAnchor, anchor_text, anchors_from_text
from esashell.resolver.names import ROOT
from tests.resolver.signer import SignedZone, n

# IANA's root-anchors.xml: Klajeyz (2017) and Kmyv6jo (2024).
IANA = """
. 172800 IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
. IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16 ; 2024
"""
KSK_2017 = (
    ". DNSKEY 257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixH"
    "lFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLr"
    "jyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7L"
    "jVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwN"
    "R1AkUTV74bU="
)


def test_the_built_in_anchor_is_ianas():
    (anchor,) = anchors_from_text(IANA)
    assert anchor == ROOT_ANCHOR
    assert [rd.ds(each).key_tag for each in anchor.ds] == [20326, 38696]


def test_the_built_in_digest_is_that_of_the_published_key():
    from esashell.resolver.algorithms import digest

    (anchor,) = anchors_from_text(KSK_2017)
    (key,) = anchor.dnskeys
    assert rd.key_tag(key) == 20326
    assert digest(ROOT, key, 2) == rd.ds(ROOT_ANCHOR.ds[0]).digest


def test_text_comes_back_as_the_same_anchor():
    zone = SignedZone("a.test")
    anchor = anchors_from_text(
        f"a.test. DS {rd.text(43, zone.ds())}\na.test DNSKEY {rd.text(48, zone.key.rdata)}"
    )
    assert anchor[0].zone == n("a.test")
    assert anchors_from_text(anchor_text(anchor[0])) == anchor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "; nothing",
        ". IN A 192.0.2.1",
        ". DS",
        ". DS 1 8 2",
        ". DS 65536 8 2 00",
        ". DS -1 8 2 00",
        ". DS 1 256 2 00",
        ". DS 1 8 2 xyz",
        ". DS ١ 8 2 00",
        ". DNSKEY 257 3 8 ***",
        "a..b DS 1 8 2 00",
        "x" * 70 + " DS 1 8 2 00",
        ". DNSKEY 257 3 8 AwEAAQ=",
    ],
)
def test_what_is_no_anchor_is_refused_with_one_line(text):
    with pytest.raises(BadAnchor) as refusal:
        anchors_from_text(text)
    assert "\n" not in str(refusal.value)


@given(st.text(max_size=200))
def test_any_text_gives_anchors_or_a_refusal(text):
    try:
        anchors_from_text(text)
    except BadAnchor:
        return


def test_the_line_number_is_named():
    with pytest.raises(BadAnchor, match="line 3"):
        anchors_from_text(". DS 1 8 2 00\n\n. DS junk")
