"""A log summed up by destination."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esashell.errors import OperatorError
from esashell.logs.profile import (
    Destination,
    Profile,
    Results,
    profile,
    read_profile,
    written,
)


def log(*lines: str) -> bytes:
    return "".join(f"Mon Feb 4 {line}\n" for line in lines).encode()


TWO = log(
    "20:08:47 2019 Info: MID 6 ICID 5 RID 0 To: <a@Secure.Example>",
    "20:08:47 2019 Info: MID 6 ICID 5 RID 1 To: <b@secure.example>",
    "20:08:47 2019 Info: MID 6 ICID 5 RID 2 To: <c@plain.example>",
    "20:08:48 2019 Info: New SMTP DCID 8 interface 192.0.2.1 address 203.0.113.25 port 25",
    "20:08:48 2019 Info: DCID 8 TLS success protocol TLSv1.2 cipher X for secure.example",
    "20:08:48 2019 Info: Delivery start DCID 8 MID 6 to RID [0, 1]",
    "20:08:48 2019 Info: New SMTP DCID 9 interface 192.0.2.1 address 203.0.113.40 port 25",
    "20:08:48 2019 Info: DCID 9 TLS success protocol TLSv1.2 cipher X",
    "20:08:48 2019 Info: Delivery start DCID 9 MID 6 to RID [2]",
    "20:08:49 2019 Info: Message finished MID 6 done",
    "20:08:49 2019 Info: DCID 9 close",
    "21:08:49 2019 Info: New SMTP DCID 10 interface 192.0.2.1 address 203.0.113.25 port 25",
    "21:08:49 2019 Info: DCID 10 TLS failed: DANE FAILED for mx.secure.example",
    "21:08:49 2019 Info: New SMTP DCID 11 interface 192.0.2.1 address 203.0.113.99 port 25",
    "21:08:49 2019 Info: DCID 11 TLS failed: STARTTLS unexpected response",
    "21:08:50 2019 Info: DCID 11 close",
)


def made(tmp_path: Path, text: bytes) -> Profile:
    path = tmp_path / "mail.s"
    path.write_bytes(text)
    return profile([path])


def test_connections_are_counted_for_whom_they_were(tmp_path: Path) -> None:
    found = made(tmp_path, TWO)
    hours = [0] * 24
    hours[20] = 2
    first, second = found.destinations
    # The one that failed before it had a message went to the same address.
    assert first == Destination("secure.example", 1, 2, tuple(hours), Results(1, 1), Results(1, 1))
    assert (second.domain, second.recipients, second.tls) == ("plain.example", 1, Results(1, 0))
    assert found.unassigned == Results(0, 1)
    assert (found.since, found.until) == ("2019-02-04T20:08:47", "2019-02-04T21:08:50")
    assert 1 / 24 < found.days < 2 / 24


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    found = made(tmp_path, TWO)
    assert read_profile(written(found), "x.toml") == found
    assert read_profile(written(Profile()), "x.toml") == Profile()


octets = st.sampled_from(
    [*TWO.split(b"\n"), b"", b"\xff", b'MID 6 ICID 5 RID 0 To: <"x"\\@y\x00.z>']
)


@given(st.lists(octets, max_size=12))
def test_any_lines_make_a_profile_that_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    found = made(tmp_path_factory.mktemp("log"), b"\n".join(lines))
    assert read_profile(written(found), "x.toml") == found


@pytest.mark.parametrize(
    "text",
    [
        "\x00",
        "schema = 2",
        "what = 1",
        "since = 'x'",
        "[[destinations]]",
        "[[destinations]]\ndomain='a'\nmessages=1\nrecipients=1\nhours=[1]",
        "[[destinations]]\ndomain='a'\nmessages=-1\nrecipients=1\nhours=[" + "1," * 24 + "]",
        "since = 9",
    ],
)
def test_what_is_no_profile_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(OperatorError, match=r"Error: x\.toml is not a profile: ") as refused:
        read_profile(text, "x.toml")
    assert "\n" not in str(refused.value)
