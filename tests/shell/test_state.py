"""Where the state is, and who may read it."""

import os
import stat
from pathlib import Path

from esashell.shell import state
from esashell.shell.state import state_folder, write_fault


def test_the_option_wins_over_the_environment_and_that_over_the_default():
    environment = {"ESASHELL_STATE": "/from/environment"}
    assert state_folder("/from/option", "lab", environment) == "/from/option"
    assert state_folder(None, "lab", environment) == "/from/environment"


def test_each_world_is_an_appliance_of_its_own():
    assert state_folder("/s", "live", {}) == "/s/live"


def test_a_checkout_keeps_its_state_in_itself():
    top = Path(state.__file__).resolve().parents[2]
    assert (top / "pyproject.toml").exists()
    assert state_folder(None, "lab", {}) == str(top / "state")


def test_an_installed_program_uses_the_user_s_state_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "__file__", str(tmp_path / "esashell" / "shell" / "state.py"))
    home = {"HOME": str(tmp_path)}
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder(None, "lab", home) == f"{tmp_path}/.local/state/esashell"
    assert state_folder(None, "lab", {"XDG_STATE_HOME": "/x"}) == "/x/esashell"
    relative = {"XDG_STATE_HOME": "relative"}
    assert state_folder(None, "lab", relative) == f"{tmp_path}/.local/state/esashell"


def test_a_report_is_for_the_owner_alone(tmp_path):
    name = write_fault(str(tmp_path), "report\n", 7)
    assert Path(name).read_text() == "report\n"
    assert stat.S_IMODE(os.stat(name).st_mode) == 0o600


def test_a_report_that_cannot_be_kept_is_no_second_fault(tmp_path):
    (tmp_path / "faults").write_text("in the way")
    assert write_fault(str(tmp_path), "report\n", 7) == ""
