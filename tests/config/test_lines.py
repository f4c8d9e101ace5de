import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from esashell.config.codec import encode
from esashell.config.lines import line_of
from esashell.config.tree import Config, KeyPath
from tests.config import trees

TEXT = '''\
schema = 1 # [no] = table
"odd key" = """
hostname = "not here"
""" # nor """ here
hostname = 'mx'

[dns]
"minimum_\\u0074tl" = 1_000
since = 1979-05-27 07:32:00Z
half.way.down = 1.5
list = [ # a = 1
  1,
  { a = [1, 2], b = "]" },

  """
  """, 'x']

[[dns.servers]]
address = '\\'
  [[dns.servers]]
  priority = 3
  [dns.servers.more]
  deep = true
[[dns.servers.inner]]
[[dns.servers.inner]]
x = 1
'''


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (1, ("schema",)),
        (2, ("odd key",)),
        (5, ("hostname",)),
        (7, ("dns",)),
        (8, ("dns", "minimum_ttl")),
        (9, ("dns", "since")),
        (10, ("dns", "half", "way", "down")),
        (10, ("dns", "half")),
        (11, ("dns", "list")),
        (12, ("dns", "list", 0)),
        (13, ("dns", "list", 1, "a", 1)),
        (13, ("dns", "list", 1, "b")),
        (15, ("dns", "list", 2)),
        (16, ("dns", "list", 3)),
        (18, ("dns", "servers")),
        (19, ("dns", "servers", 0, "address")),
        (20, ("dns", "servers", 1)),
        (21, ("dns", "servers", 1, "priority")),
        (23, ("dns", "servers", 1, "more", "deep")),
        (25, ("dns", "servers", 1, "inner", 1)),
        (26, ("dns", "servers", 1, "inner", 1, "x")),
        (20, ("dns", "servers", 1, "missing")),
        (None, ("missing", "entirely")),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_path_leads_to_its_line(line: int | None, path: KeyPath, end: str) -> None:
    tomllib.loads(TEXT)  # it had better be TOML
    assert line_of(TEXT.replace("\n", end), path) == line


def leaves(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from leaves(inner, (*path, position))
    elif path:
        yield path, value


_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\r")
_KEYS = st.sampled_from(["a", "b", "1", "-", "a.b", "", "=", "é", '"', "'", "[x]", "#", "\n"])
_VALUES = st.recursive(
    st.integers(-5, 5) | st.booleans() | st.text(_CHARACTERS, max_size=5) | st.just("a\nb\n"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=4), st.booleans())
def test_every_value_of_any_document_has_a_line_and_stands_on_it(
    table: dict[str, Any], multiline: bool
) -> None:
    text = tomli_w.dumps(table, multiline_strings=multiline)
    lines = text.split("\n")
    for path, value in leaves(table):
        line = line_of(text, path)
        assert line is not None, path
        if isinstance(value, bool):
            assert str(value).lower() in lines[line - 1]
        elif isinstance(value, int):
            assert str(value) in lines[line - 1]


@settings(max_examples=15)  # each looks a hundred times at a whole file
@given(trees.good)
def test_in_our_own_files_the_line_has_the_setting_and_its_value(config: Config) -> None:
    text = encode(config)
    lines = ["", *text.splitlines()]
    for path, value in leaves(tomllib.loads(text)):
        line = lines[line_of(text, path) or 0]
        if isinstance(path[-1], int):  # an item of a list has a line, or its list's
            assert tomllib.loads(f"x = [{line.strip()}]")["x"] == [value]
        else:
            assert tomllib.loads(line) == {path[-1]: value}


_PIECES = st.sampled_from(
    ["a = 1", "[a]", "[[a]]", "[a.b]", "[[a.b]]", "a.b = 2", 'b = """x\n"""', "b = '''\n'''''",
     "c = [", "1,", "[2,", "]", "], 3]", "d = { a = 1, b.c = [1] }", "# x", "", '"a" = "#"', "=",
     'e = """\\"""""', "f = 'a\\'", "g = 1979-05-27 07:32:00", "[ a . 'b' ]", "h = -1.5e3 #"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=8).map("\n".join))
def test_whatever_the_parser_takes_can_be_searched(text: str) -> None:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    for path, _ in leaves(table):
        assert line_of(text, path) is not None, path
