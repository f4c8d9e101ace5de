"""The status line, name by name, and what it says of one appliance."""

from esashell.delivery.figures import ApplianceFigures, Completion
from esashell.delivery.statusline import status_taken
from esashell.logs.render.appliance import STATUS
from esashell.logs.render.line import Form
from esashell.resolver.budget import Effort

# The order of the names in published status logs.
TEXT = """
CPULd DskIO RAMUtil QKUsd QKFre CrtMID CrtICID CrtDCID InjMsg InjRcp GenBncRcp RejRcp DrpMsg
SftBncEvnt CmpRcp HrdBncRcp DnsHrdBnc 5XXHrdBnc FltrHrdBnc ExpHrdBnc OtrHrdBnc DlvRcp DelRcp
GlbUnsbHt ActvRcp UnatmptRcp AtmptRcp CrtCncIn CrtCncOut DnsReq NetReq CchHit CchMis CchEct CchExp
CPUTTm CPUETm MaxIO RAMUsd MMLen DstInMem ResCon WorkQ QuarMsgs QuarQKUsd LogUsd SophLd BMLd CASELd
TotalLd LogAvail EuQ EuqRls CmrkLd McafLd SwIn SwOut SwPgIn SwPgOut SwapUsage RptLd QtnLd EncrQ
InjBytes
"""
NAMES = TEXT.split()

FIGURES = ApplianceFigures(
    0,
    0,
    messages=100,
    received=100,
    completion=Completion(
        soft_bounced=7, dns_hard=1, smtp_hard=2, expired_hard=3, with_dane=40, in_clear=2, dropped=4
    ),
    unattempted=8,
    attempted=40,
    kilobytes=96,
    mid=106,
    icid=100,
    dcid=60,
    destinations=9,
)


def test_every_name_of_the_line_is_there_in_its_order() -> None:
    assert [name for name, _ in status_taken(FIGURES).values] == NAMES


def test_the_figures_are_where_their_names_are() -> None:
    found = dict(status_taken(FIGURES, Effort(5, 0, 20, 10, 4, 3)).values)
    wanted = {
        "CrtMID": 106, "CrtICID": 100, "CrtDCID": 60, "InjRcp": 100, "DrpMsg": 4, "CmpRcp": 48,
        "HrdBncRcp": 6, "ExpHrdBnc": 3, "DlvRcp": 42, "ActvRcp": 48, "QKUsd": 96, "DstInMem": 9,
        "SftBncEvnt": 7, "DnsReq": 30, "NetReq": 5, "CchMis": 6, "CchExp": 4, "CchEct": 3,
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted


def test_it_is_one_line_of_a_status_log() -> None:
    (lines,) = STATUS.values()
    (text,) = lines[0].texts(status_taken(FIGURES), Form())
    assert text.startswith("Status: CPULd 0 DskIO 0 RAMUtil 0 QKUsd 96 QKFre 8388512 CrtMID 106 ")
    assert text.endswith(" EncrQ 0 InjBytes 0")
