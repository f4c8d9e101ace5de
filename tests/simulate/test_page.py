"""The page of a plan, as text and as a browser shows it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from esashell.config.changes import changes
from esashell.config.model.routes import SmtpRoute
from esashell.config.tree import Config
from esashell.dane.reason import DaneReason
from esashell.delivery.outcome import Outcome, Protection, Result, Rule
from esashell.simulate.causes import Cause
from esashell.simulate.listed import Destined
from esashell.simulate.page import MOST, page
from esashell.simulate.plan import Affected, Direction, Plan
from esashell.simulate.telling import About, Future, Told, Undo
from tests.chromium import Page, browser

HOSTILE = [
    '<script>document.title="had"</script>',
    '"><img src=http://192.0.2.1/x onerror=alert(1)>',
    "</style><style>body{display:none}",
    "a\u202egnp.exe",
    "\x00\x1b[2J\u2028",
    "x" * 250,
    "&lt;b&gt;",
]
ABOUT = About(
    "Running configuration -> pending",
    "Sat Mar 01 09:00:00 2025",
    Undo("clearchanges", "rollbackconfig r7"),
)
BEFORE = Outcome(Result.DELIVER, Rule("r", "s"), "", DaneReason("c", "t", "s"), Protection.CLEAR)


def told(domain: str, direction: Direction, text: str = "the reason") -> Told:
    reason = DaneReason("code", text, "RFC")
    after = Outcome(Result.DEFER, Rule("row 18", "TN 6"), "4.7.5", reason)
    found = Affected(Destined(domain, 60.0), BEFORE, after, direction)
    return Told(found, Cause(CHANGES), Future(30, 260_000, 1440, 4320))


CHANGES = changes(Config(), Config(smtp_routes=(SmtpRoute("<b>.lab", ("relay.lab",)),)))


def made(rows: list[Told]) -> str:
    found = Plan(CHANGES, tuple(each.found for each in rows), len(rows) + 5, 5)
    return page(found, rows, ABOUT)


def ordinary() -> str:
    stops = [told(f"partner-{n}.example", Direction.STOPS) for n in range(3)]
    long = f"{'a-very-long-label-that-is-' * 2}x.{'y' * 63}.{'z' * 63}.example"
    return made([*stops, told(long, Direction.NEWLY_IN_CLEAR)])


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_a_name_or_a_reason_holds_is_text(hostile: str) -> None:
    plain = Tags(made([told("name", Direction.STOPS, "why")]))
    found = Tags(made([told(hostile, Direction.STOPS, hostile)]))
    assert found.open == plain.open == []
    assert found.opened == plain.opened
    text = made([told(hostile, Direction.STOPS, hostile)])
    assert all(each.isprintable() or each == "\n" for each in text)


def test_nothing_is_fetched_and_the_policy_says_so() -> None:
    found = Tags(ordinary())
    for tag, attributes in found.opened:
        assert tag not in {"script", "link", "img", "iframe", "object", "form"}
        assert not {"src", "style", "action"} & attributes.keys()
        assert (attributes.get("href") or "#").startswith("#")
        assert not any(each.startswith("on") for each in attributes)
    policy = next(a["content"] for _, a in found.opened if a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_every_link_leads_somewhere_and_no_name_is_given_twice() -> None:
    found = Tags(ordinary())
    names = [a["id"] for _, a in found.opened if "id" in a]
    assert len(names) == len(set(names))
    wanted = [a["href"] for tag, a in found.opened if tag == "a"]
    assert wanted
    assert {str(each)[1:] for each in wanted} <= set(map(str, names))


def test_a_page_that_is_too_long_says_what_it_leaves_out() -> None:
    text = made([told(f"d{n}.example", Direction.STOPS) for n in range(MOST + 7)])
    assert "7 more are not on this page" in text
    assert text.count('role="rowheader"') == 2 * MOST


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.mark.parametrize("width", [400, 1600])
def test_a_browser_shows_it_without_scrolling_sideways(
    shown: Page, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "plan.html"
    file.write_text(ordinary(), "utf-8")
    shown.show(file, width)
    assert shown.value("document.documentElement.scrollWidth") <= width
    wide = "[...document.querySelectorAll('td, th')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    assert shown.value(f"{wide}.map(e => e.textContent)") == []
    small = (
        "[...document.querySelectorAll('td, caption, p')].map(e => getComputedStyle(e).fontSize)"
    )
    assert all(float(each.removesuffix("px")) >= 14 for each in shown.value(small))
    # The style counts: the policy has let it through.
    assert (
        shown.value("getComputedStyle(document.querySelector('.verdict')).borderLeftWidth") > "0px"
    )


@pytest.mark.parametrize("width", [400, 1600])
def test_a_screen_reader_is_told_of_tables_headings_and_landmarks(
    shown: Page, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "plan.html"
    file.write_text(ordinary(), "utf-8")
    shown.show(file, width)
    roles = shown.roles()
    kinds = [role for role, _ in roles]
    assert kinds.count("table") == 3
    assert kinds.count("row") == 3 + 3 + 1 + 4
    assert ("rowheader", "partner-0.example") in roles
    assert ("columnheader", "Because of") in roles
    assert ("heading", "What this change does to the mail") in roles
    assert {"main", "banner", "contentinfo", "navigation"} <= set(kinds)
    levels = shown.value("[...document.querySelectorAll('h1,h2,h3')].map(e => +e.tagName[1])")
    assert levels[0] == 1
    assert set(levels[1:]) == {2}


def test_the_keyboard_reaches_every_link_in_order(shown: Page, tmp_path: Path) -> None:
    file = tmp_path / "plan.html"
    file.write_text(ordinary(), "utf-8")
    shown.show(file, 800)
    reached = []
    for _ in range(2):
        for kind in ("keyDown", "keyUp"):
            shown.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab",
                       windowsVirtualKeyCode=9)  # fmt: skip
        reached.append(shown.value("document.activeElement.getAttribute('href')"))
    assert reached == ["#d1", "#d2"]


def test_a_hostile_name_does_nothing_in_a_browser(shown: Page, tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    rows = [told(each, Direction.STOPS, each) for each in HOSTILE]
    file.write_text(made(rows), "utf-8")
    shown.show(file, 1600)
    assert shown.value("document.title").startswith("Plan: ")
    assert shown.value("getComputedStyle(document.body).display") == "block"
    assert shown.value("document.querySelectorAll('script, img, main style').length") == 0
    asked = [e["params"]["request"]["url"] for e in shown.events
             if e.get("method") == "Network.requestWillBeSent"]  # fmt: skip
    assert asked == [file.as_uri()]
    said = [e for e in shown.events if e.get("method") == "Log.entryAdded"]
    assert said == []
    assert re.search("partner", shown.value("document.body.innerText")) is None
    assert shown.picture()[:4] == b"\x89PNG"
