"""The program's own options."""

import pytest

from esashell.errors import UsageError
from esashell.shell.options import read


def test_everything_has_a_default():
    options = read([])
    assert (options.commands, options.file, options.state, options.world) == ([], None, None, "lab")
    assert (options.hints, options.json, options.stats) == (True, False, False)
    assert (options.smtp_port, options.dns_port) == (25, 53)


def test_options_take_their_value_behind_them_or_after_a_sign():
    options = read(
        ["-c", "version", "--state=/tmp/x", "-c", "help", "--world", "live", "--smtp-port=2525",
         "--dns-port", "5353", "--scenario", "a.toml", "--scenario=b.toml", "--anchor", "k",
         "--roots", "r", "--json", "--stats", "--no-hints"]
    )  # fmt: skip
    assert options.commands == ["version", "help"]
    assert (options.state, options.world, options.anchor) == ("/tmp/x", "live", "k")
    assert (options.smtp_port, options.dns_port) == (2525, 5353)
    assert options.scenarios == ["a.toml", "b.toml"]
    assert options.roots == "r"
    assert (options.json, options.stats, options.hints) == (True, True, False)


def test_a_command_may_look_like_an_option():
    assert read(["-c", "--help"]).commands == ["--help"]
    assert not read(["-c", "--help"]).help


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frobnicate"], "'--frobnicate' is not an option"),
        (["version"], "'version' is not an option"),
        (["--json=yes"], "'--json=yes' is not an option"),
        (["-c"], "-c: a value is required"),
        (["--state="], "--state: a value is required"),
        (["--world", "mars"], "neither lab nor live"),
        (["--smtp-port", "0"], "not a port"),
        (["--dns-port", "65536"], "not a port"),
        (["--dns-port", "²"], "not a port"),
        (["-c", "version", "-f", "x"], "cannot be used together"),
        (
            ["--roots", "x", "--world", "replay:y"],
            "--roots, --scenario and --record cannot be used",
        ),
    ],
)
def test_mistakes_are_named(arguments, message):
    with pytest.raises(UsageError, match=message):
        read(arguments)
