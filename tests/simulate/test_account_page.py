"""The page of an account, as text and as a browser shows it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from esashell.delivery.figures import HostFigures
from esashell.simulate.account import Happened
from esashell.simulate.account_page import account_page
from esashell.simulate.chart import PHONE, TOP, over_time, short
from tests.chromium import Page, browser
from tests.simulate.accounts import HOUR, NINE, account, delivered, waiting
from tests.simulate.test_page import HOSTILE, Tags

WHEN = "Wed Mar 05 09:00:00 2025 GMT"
LONG = f"{'a-very-long-label-that-is-' * 2}x.{'y' * 63}.{'z' * 63}.example"
WIDTHS = [400, 1600]


def ordinary() -> str:
    hosts = [
        waiting(),
        waiting(LONG, "an SMTP route to a host is in the way (row 18)"),
        delivered(),
    ]
    return account_page(account(*hosts), WHEN)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_a_name_or_a_reason_holds_is_text(hostile: str) -> None:
    def made(text: str, event: str) -> str:
        it = account(waiting(text, text), happened=(Happened(NINE + HOUR, event),))
        return account_page(replace(it, name=text, story=text, assumptions=(text,)), WHEN)

    plain, found = Tags(made("name", "why")), Tags(made(hostile, hostile))
    assert found.open == plain.open == []
    assert [tag for tag, _ in found.opened] == [tag for tag, _ in plain.opened]
    changed = [
        name
        for (_, one), (_, other) in zip(found.opened, plain.opened, strict=True)
        for name in one
        if one[name] != other[name]
    ]
    assert set(changed) <= {"aria-label"}
    assert all(each.isprintable() or each == "\n" for each in made(hostile, hostile))


def test_nothing_is_fetched_and_the_policy_says_so() -> None:
    found = Tags(ordinary())
    for tag, attributes in found.opened:
        assert tag not in {"script", "link", "img", "image", "iframe", "object", "form", "use"}
        assert not {"src", "style", "action", "href", "xlink:href"} & attributes.keys()
        assert not any(each.startswith("on") for each in attributes)
        for value in attributes.values():
            assert "url(" not in str(value) or value == "url(#hatch)"
    policy = next(a["content"] for _, a in found.opened if a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_no_name_is_given_twice_and_every_name_referred_to_is_there() -> None:
    found = Tags(ordinary())
    names = [a["id"] for _, a in found.opened if "id" in a]
    assert len(names) == len(set(names))
    wanted = [
        name
        for _, a in found.opened
        for key in ("aria-labelledby", "aria-describedby")
        for name in (a.get(key) or "").split()
    ]
    assert wanted
    assert set(wanted) <= set(map(str, names))


@pytest.mark.parametrize(
    "hosts", [(), (HostFigures("a.example"),), (delivered(),)], ids=["none", "idle", "delivered"]
)
def test_there_is_a_page_of_nothing_too(hosts: tuple[HostFigures, ...]) -> None:
    it = replace(account(delivered()), hosts=hosts, course=(), courses=(), ages=(0,) * 10)
    assert Tags(account_page(it, WHEN)).open == []


def test_a_single_instant_can_be_drawn() -> None:
    it = account(waiting())
    assert "<svg" in account_page(replace(it, course=it.course[:1], courses=()), WHEN)


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0"), (9999, "9,999"), (12_500, "12.5k"), (999_600, "1e+03k"), (3_200_000, "3.2M")],
)
def test_counts_on_a_chart_are_short(count: int, said: str) -> None:
    assert len(short(count)) <= 5
    if "e" not in said:
        assert short(count) == said


def test_marks_of_one_time_share_a_place() -> None:
    hours = (6, 6, 7, 54)
    marks = [NINE + hour * HOUR for hour in hours]
    shapes = over_time(account().course, marks, PHONE)
    assert sum('class="mark"' in each for each in shapes) == 4
    numbers = [each.split(">")[1].split("<")[0] for each in shapes if f'y="{TOP - 6}"' in each]
    assert numbers == ["1-3", "4"]
    # What is before or after is not marked.
    assert not any(
        'class="mark"' in each for each in over_time(account().course, [NINE - 1], PHONE)
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


def show(page: Page, folder: Path, width: int) -> Page:
    file = folder / "account.html"
    file.write_text(ordinary(), "utf-8")
    page.show(file, width)
    return page


@pytest.mark.parametrize("width", WIDTHS)
def test_a_browser_shows_it_without_scrolling_sideways_or_a_complaint(
    shown: Page, tmp_path: Path, width: int
) -> None:
    page = show(shown, tmp_path, width)
    assert page.value("document.documentElement.scrollWidth") <= width
    # What is folded away has to fit as well.
    page.value("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.value("document.documentElement.scrollWidth") <= width
    wide = "[...document.querySelectorAll('td, th')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    assert page.value(f"{wide}.map(e => e.textContent)") == []
    complaints = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
    assert [each for each in page.events if each.get("method") in complaints] == []
    asked = [
        each["params"]["request"]["url"]
        for each in page.events
        if each.get("method") == "Network.requestWillBeSent"
    ]
    assert all(each.startswith("file:") for each in asked)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_letters_on_every_chart_can_be_read(shown: Page, tmp_path: Path, width: int) -> None:
    page = show(shown, tmp_path, width)
    heights = page.value(
        "[...document.querySelectorAll('svg[role=img]')].filter(e => e.getClientRects().length)"
        ".map(svg => [...svg.querySelectorAll('text')].map(t => t.getBoundingClientRect().height))"
    )
    assert len(heights) == 5
    assert all(11 <= height <= 40 for chart in heights for height in chart)
    assert all(chart for chart in heights)
    # And none of them is cut off at the side of its chart.
    beyond = page.value(
        "[...document.querySelectorAll('svg[role=img]')].filter(e => e.getClientRects().length)"
        ".flatMap(svg => {const box = svg.getBoundingClientRect();"
        "return [...svg.querySelectorAll('text')].filter(t => {"
        "const r = t.getBoundingClientRect();"
        "return r.left < box.left - 1 || r.right > box.right + 1}).map(t => t.textContent)})"
    )
    assert beyond == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_screen_reader_is_told_every_chart_and_its_figures(
    shown: Page, tmp_path: Path, width: int
) -> None:
    roles = show(shown, tmp_path, width).roles()
    pictures = [name for role, name in roles if role in ("img", "image")]
    assert pictures == [
        "Messages in the queue over time",
        "What became of each destination's mail",
        "How long the queue has waited, in minutes",
        "Queue for partner.example",
        f"Queue for {LONG}",
    ]
    kinds = [role for role, _ in roles]
    assert {"main", "banner", "contentinfo"} <= set(kinds)
    assert ("columnheader", "Active Recipients") in roles
    assert ("rowheader", "partner.example") in roles
    folded = [name for role, name in roles if role == "DisclosureTriangle"]
    assert len(folded) == len(pictures)
    assert all(re.match(r"As a table: ", each) for each in folded)


def test_tab_leads_to_every_chart_and_every_table(shown: Page, tmp_path: Path) -> None:
    page = show(shown, tmp_path, 1600)
    page.value("document.body.focus()")
    reached = []
    for _ in range(12):
        for kind in ("keyDown", "keyUp"):
            page.call("Input.dispatchKeyEvent", type=kind, key="Tab", windowsVirtualKeyCode=9)
        reached.append(page.value("document.activeElement.tagName"))
    assert reached[:10] == ["svg", "SUMMARY"] * 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_lines_stand_out_in_either_scheme(
    shown: Page, tmp_path: Path, scheme: str
) -> None:
    shown.call(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-color-scheme", "value": scheme}],
    )
    page = show(shown, tmp_path, 1600)
    ground = page.value("getComputedStyle(document.body).backgroundColor")
    for what, least in (("svg text", 4.5), (".dane", 3), (".bounced", 3), (".queued", 3)):
        colour = page.value(f"getComputedStyle(document.querySelector('{what}')).fill")
        assert contrast(colour, ground) >= least, what
    shown.call("Emulation.setEmulatedMedia", features=[])


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, 1.4.3."""

    def luminance(colour: str) -> float:
        parts = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
