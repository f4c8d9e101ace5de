"""The table of commands agrees with the modules, and every command can be explained."""

import importlib
import subprocess
import sys

import pytest

from esashell.commands import help as help_command
from esashell.commands.registry import ALIASES, TABLE, find, names
from esashell.config.tree import factory
from esashell.dialogue.script import Logbook

APPLIANCE = Logbook(factory("192.0.2.1", "192.0.2.2"))


@pytest.mark.parametrize("name", names())
def test_the_table_says_what_the_module_says(name):
    command = find(name)
    module = importlib.import_module(f"esashell.commands.{name}")
    assert command is not None
    assert command.function.__module__ == module.__name__
    assert (command.name, command.help) == (name, TABLE[name])
    assert set(command.aliases) == {each for each, meant in ALIASES.items() if meant == name}


@pytest.mark.parametrize("name", names())
def test_every_command_has_a_help_line_and_usage_that_fit_on_a_screen(name):
    command = find(name)
    usage = help_command.usage(command, APPLIANCE)
    assert TABLE[name].endswith(".")
    assert usage
    assert all(line.split()[0] == name for line in usage)
    assert all(len(line) <= 80 for each in usage for line in help_command._wrapped(each))


def test_aliases_are_not_commands_of_their_own():
    assert not ALIASES.keys() & TABLE.keys()
    assert set(ALIASES.values()) <= TABLE.keys()


@pytest.mark.parametrize("word", ["", "Commit", "com", "registry", "__init__", "../shell", "dates"])
def test_what_is_no_command_is_none(word):
    assert find(word) is None


def test_listing_commands_imports_none_of_them():
    code = (
        "import sys; from esashell.commands import registry; registry.names(); "
        "print([m for m in sys.modules if m.startswith('esashell.commands.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['esashell.commands.registry']"
