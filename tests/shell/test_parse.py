"""Lines into commands and words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.shell.parse import last_statement, statements


def words(line):
    return [list(each.words) for each in statements(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("  \t ", []),
        (";;  ;", []),
        ("version", [["version"]]),
        ("  dnsconfig   parent\tnew ", [["dnsconfig", "parent", "new"]]),
        ("a b; c ;d", [["a", "b"], ["c"], ["d"]]),
        ('commit "two words"', [["commit", "two words"]]),
        ("commit 'two words' y", [["commit", "two words", "y"]]),
        ("commit don't panic", [["commit", "don't", "panic"]]),
        ("commit it's Bob's; version", [["commit", "it's", "Bob's"], ["version"]]),
        ("commit 'tis done", [["commit", "'tis", "done"]]),
        ("commit 'tis Bob's", [["commit", "'tis", "Bob's"]]),
        ('commit "it\'s; fine"; version', [["commit", "it's; fine"], ["version"]]),
        ('commit "unclosed text', [["commit", '"unclosed', "text"]]),
        ('commit ""', [["commit", ""]]),
        ('commit comment="two words" y', [["commit", "comment=two words", "y"]]),
        (r'grep "a\.b \"c\"" mail_logs', [["grep", r'a\.b "c"', "mail_logs"]]),
        (r"grep a\.b mail_logs", [["grep", r"a\.b", "mail_logs"]]),
        ('say "a"b c', [["say", '"a"b', "c"]]),
        ('"quoted name" x', [["quoted name", "x"]]),
    ],
)
def test_words(line, expected):
    assert words(line) == expected


def test_a_statement_keeps_its_text_as_it_was_typed():
    assert [each.text for each in statements(' frob  "a b" ;  x ')] == ['frob  "a b"', "x"]


@pytest.mark.parametrize(
    ("line", "before", "open_word"),
    [
        ("", (), None),
        ("dn", ("dn",), "dn"),
        ("dnsconfig ", ("dnsconfig",), None),
        ("dnsconfig pa", ("dnsconfig", "pa"), "pa"),
        ("version;", (), None),
        ("version; ", (), None),
        ("version; he", ("he",), "he"),
        ("help;;", (), None),
        ('commit "two', ("commit", '"two'), '"two'),
        ('commit "two words"', ("commit", "two words"), '"two words"'),
    ],
)
def test_the_end_of_the_line_is_what_tab_completes(line, before, open_word):
    statement = last_statement(line)
    assert (statement.words, statement.open_word) == (before, open_word)


@given(st.text(alphabet="ab \t;\"'\\=-", max_size=40))
def test_any_line_comes_apart_and_nothing_is_invented(line):
    found = statements(line)
    assert all(each.words for each in found)
    assert sum(len(word) for each in found for word in each.words) <= len(line)
    last_statement(line)


@given(st.lists(st.text(alphabet="abc '-", min_size=1, max_size=8), min_size=1, max_size=5))
def test_double_quotes_hold_any_word_without_double_quotes(parts):
    assert words(" ".join(f'"{part}"' for part in parts)) == [parts]


def test_a_megabyte_of_quotes_is_no_work():
    assert statements("commit " + "'" * 5_000)
    assert statements('"a ' * 2_000)
