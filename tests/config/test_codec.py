import difflib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.config import codec
from esashell.config.check import breaches
from esashell.config.codec import decode, encode
from esashell.config.model.dnsserver import DnsServer
from esashell.config.model.listeners import (
    Behavior,
    Listener,
    ListenerType,
    MailFlowPolicy,
    SenderGroup,
)
from esashell.config.model.network import Interface
from esashell.config.tree import Config, factory
from esashell.errors import BadConfiguration
from tests.config import trees

FACTORY = """\
schema = 2
hostname = "myesa.local"
timezone = "GMT"
smtp_routes = []
listeners = []
certificates = []
interface_groups = []

[[interfaces]]
name = "Management"
address = "192.168.42.42"
prefix = 24
address6 = ""
prefix6 = 64
port = "Management"
hostname = ""

[dns]
minimum_ttl = 1800
reverse_timeout = 20
alternates = []
sha1 = false
digest_agility = true
search = []

[[dns.servers]]
address = "194.191.40.83"
priority = 0

[[dns.servers]]
address = "194.191.40.84"
priority = 0

[destinations]
certificate = "Demo"
"""


def complaint(text: str | bytes) -> str:
    with pytest.raises(BadConfiguration) as refused:
        decode(text, "running.toml")
    return str(refused.value)


def test_a_file_reads_like_one_written_by_hand() -> None:
    assert encode(factory("194.191.40.83", "194.191.40.84")).startswith(FACTORY)


@given(trees.good)
def test_what_was_written_is_read_back(config: Config) -> None:
    text = encode(config)
    assert decode(text, "running.toml") == config
    assert decode(text.encode(), "running.toml") == config
    assert decode("\ufeff".encode() + text.replace("\n", "\r\n").encode(), "x") == config


@given(trees.any_at_all)
def test_what_breaks_a_rule_is_not_read_back(config: Config) -> None:
    text = encode(config)
    if breaches(config):
        assert re.match(r"running\.toml, line \d+: ", complaint(text))
    else:
        assert decode(text, "running.toml") == config


@given(st.text(max_size=30).filter(lambda name: not name.isascii()))
def test_a_host_name_in_another_script_is_refused_where_it_stands(name: str) -> None:
    assert complaint(encode(Config(hostname=name))).startswith("running.toml, line 2: hostname: ")


def test_one_more_server_is_one_more_block() -> None:
    before, after = factory("192.0.2.1"), factory("192.0.2.1", "2001:db8::2")
    compared = difflib.ndiff(encode(before).splitlines(), encode(after).splitlines())
    assert sorted(line for line in compared if line[0] in "+-") == [
        "+ ",
        "+ [[dns.servers]]",
        '+ address = "2001:db8::2"',
        "+ priority = 0",
    ]


def test_a_long_value_does_not_turn_the_layout_over() -> None:
    odd = replace(factory("192.0.2.1"), interfaces=(Interface(name='a "b" \\ c' + "d" * 50),))
    changed = set(encode(odd).splitlines()) - set(encode(factory("192.0.2.1")).splitlines())
    assert changed == {f'name = "a \\"b\\" \\\\ c{"d" * 50}"'}


def test_what_is_unset_is_left_out_since_toml_has_no_null() -> None:
    class Later(Config, frozen=True):
        banner: str | None = None
        motto: str | None = "x"

    assert encode(Later()).splitlines()[:8] == [
        "schema = 2",
        'hostname = "myesa.local"',
        'timezone = "GMT"',
        "smtp_routes = []",
        "listeners = []",
        "certificates = []",
        "interface_groups = []",
        'motto = "x"',
    ]


def test_what_a_file_leaves_out_has_its_default() -> None:
    assert decode("schema = 1", "x") == Config()
    text = 'schema = 1\ndns.servers = [{ address = "192.0.2.9" }]\n'
    assert decode(text, "x") == factory("192.0.2.9")


@pytest.mark.parametrize(
    ("line", "what", "text"),
    [
        (1, "the file is empty", ""),
        (1, "the file is empty", " \n\n"),
        (1, "there is no schema number", "# a comment\n"),
        (1, "a line `schema = 2`", 'hostname = "mx.example"\n'),
        (2, "written by a newer esashell, schema 7; this one reads up to 2",
         'hostname = "mx.example"\nschema = 7\nunknown = 1\n'),
        (1, "is not a schema number", "schema = 0"),
        (1, "is not a schema number", "schema = true"),
        (1, "is not a schema number", "schema = '1'"),
        (1, "is not a schema number", "[schema]\n"),
        (2, "(column 12)", "schema = 1\nhostname = mx.example\n"),
        (3, "the file ends here, in the middle", "schema = 1\ndns.servers = [\n{}, "),
        (2, "Correct it by hand.", 'schema = 1\nhostname = "mx\n'),
        (3, "Cannot overwrite a value", 'schema = 1\nhostname = "a"\nhostname = "b"\n'),
        (3, 'no setting "hostnam"; did you mean hostname?', "schema = 1\n\nhostnam = 'x'\n"),
        (2, 'no setting "colour"; known here: hostname, timezone, interfaces, dns, ',
         "schema = 1\n[colour]\nx = 1"),
        (3, 'no setting "minimum_tll"; did you mean minimum_ttl?',
         "schema = 1\n[dns]\nminimum_tll = 3\n"),
        (5, 'no setting "priorty"; did you mean priority?',
         "schema = 1\n[[dns.servers]]\naddress = '192.0.2.1'\n[[dns.servers]]\npriorty = 3\n"),
        (2, "hostname: this must be a text in quotes, not a whole number",
         "schema = 1\nhostname = 3\n"),
        (2, "hostname: this must be a text in quotes, not a date",
         "schema = 1\nhostname=1979-05-27"),
        (5, "dns.servers[2].priority: this must be a whole number, not a text in quotes",
         "schema = 1\n[dns]\nservers = [\n{ address = '192.0.2.1' },\n"
         "{ address = '192.0.2.2', priority = '1' } ]\n"),
        (3, "dns.minimum_ttl: this must be a whole number, not true or false",
         "schema = 1\n[dns]\nminimum_ttl = true\n"),
        (2, "dns: this must be a table, not a whole number", "schema = 1\ndns = 1"),
        (3, "dns.servers: this must be a list, not a table",
         "schema = 1\n\n[dns.servers]\naddress = 1"),
        (2, "dns.servers[1]: address is missing", "schema = 1\n[[dns.servers]]\npriority = 1\n"),
        (4, 'DNS server "192.0.2.256" is not an IP address',
         "schema = 1\n[[dns.servers]]\npriority = 1\naddress = '192.0.2.256'"),
        (2, "-1 is not between 0 and", "schema = 1\ndns.minimum_ttl = -1"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_taken_is_answered_with_line_fault_and_cure(
    line: int, what: str, text: str
) -> None:
    assert complaint(text).startswith(f"running.toml, line {line}: ")
    assert what in complaint(text)


def test_a_byte_that_is_not_utf_8_is_named_with_its_line() -> None:
    assert complaint(b"schema = 1\nhostname = '\xff'\n") == (
        "running.toml, line 2: byte 0xff is not UTF-8 text. Save the file as UTF-8."
    )


@pytest.mark.parametrize(
    "text",
    [
        "schema = 1\nx = " + "[" * 100_000,
        "schema = 1\nx = " + "[" * 200 + "]" * 200,
        "schema = 1\nx = " + "{a=" * 5000,
        "schema = " + "9" * 5000,
        "schema = " + "9" * 4000,
        "schema = 1\ndns.minimum_ttl = " + "9" * 4000,
        "schema = 1\ndns.minimum_ttl = 1e999",
        "schema = 1\n" + "a." * 500 + "b = 1",
        "schema = 1\n'\x1b[2J' = 1",
        'schema = 1\n"\\u001b[2J\\n" = 1',
        "schema = 1\nhostname = '" + "a" * 1_000_000 + "'",
        "schema = 1\n" + "x" * 1_000_000,
        "\x00",
        "schema = 1\n\ud800 = 1",
        "schema = 1\nhostname = '\ud800'",
        "schema = 1\nhostname = 2024-13-45",
    ],
)
def test_hostile_texts_meet_one_printable_line(text: str) -> None:
    answer = complaint(text)
    assert answer.startswith("running.toml")
    assert answer.isprintable()
    assert len(answer) < 500


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_refused_and_nothing_else_happens(raw: bytes) -> None:
    assert complaint(raw).isprintable()


@given(
    st.integers(0, len(FACTORY)),
    st.integers(0, 30),
    st.binary(max_size=5) | st.text("[]{}=.,#\"'\\\n a1", max_size=5).map(str.encode),
)
def test_a_file_with_some_bytes_exchanged_is_a_good_one_or_refused(
    start: int, length: int, instead: bytes
) -> None:
    raw = FACTORY.encode()
    raw = raw[:start] + instead + raw[start + length :]
    fault = ""
    try:
        assert not breaches(decode(raw, "running.toml"))
    except BadConfiguration as error:
        fault = str(error)
    assert re.fullmatch(r"|running\.toml(, line \d+)?: .*", fault)
    assert fault.isprintable()


def test_the_order_of_the_servers_is_kept() -> None:
    config = factory("192.0.2.9", "192.0.2.1")
    config = replace(
        config, dns=replace(config.dns, servers=(*config.dns.servers, DnsServer("::1", 5)))
    )
    assert decode(encode(config), "x").dns.servers == config.dns.servers


OLD = """\
schema = 1
hostname = "mx.example"

[interface]
name = "Data 1"
address = "192.0.2.25"
"""


def test_a_file_of_the_first_layout_is_read_as_what_it_means_now() -> None:
    config = decode(OLD, "x")
    assert config == Config(hostname="mx.example", interfaces=(Interface("Data 1", "192.0.2.25"),))
    assert decode(encode(config), "x") == config
    assert "[interface]" not in encode(config)


@pytest.mark.parametrize(
    ("old", "new", "answer"),
    [
        ('"192.0.2.25"', '"here"', 'line 6: interface "Data 1": "here" is not an IP address.'),
        ('"Data 1"', "3", "line 5: interfaces[1].name: this must be a text in quotes"),
        ("\nname =", "\nnam =", 'line 5: there is no setting "nam"; did you mean name?'),
        ("schema = 1", "schema = 2", 'line 4: there is no setting "interface"; did you mean inter'),
    ],
)
def test_a_fault_in_the_first_layout_is_told_where_it_stands(
    old: str, new: str, answer: str
) -> None:
    assert complaint(OLD.replace(old, new, 1)).startswith(f"running.toml, {answer}")


def test_records_in_records_are_blocks_of_their_own() -> None:
    policies = (MailFlowPolicy("ACCEPTED", Behavior.ACCEPT, max_message_size=10),)
    groups = (SenderGroup("A", "ACCEPTED", ("10.",)),)
    listener = Listener("In", ListenerType.PUBLIC, policies=policies, sender_groups=groups)
    text = encode(replace(factory("192.0.2.1"), listeners=(listener,)))
    found = text[text.index("[[listeners]]") : text.index("[logs]")]
    assert found.startswith('[[listeners]]\nname = "In"\ntype = "Public"\n')
    assert "recipients = []\n\n[listeners.defaults]\nmax_messages_per_session = 10\n" in found
    assert found.endswith(
        '[[listeners.policies]]\nname = "ACCEPTED"\nbehavior = "ACCEPT"\nmax_message_size = 10\n'
        "others = []\n\n"
        '[[listeners.sender_groups]]\nname = "A"\npolicy = "ACCEPTED"\n'
        'senders = [\n    "10.",\n]\ncomment = ""\nsingle = false\n\n'
    )


def test_a_word_that_is_no_choice_is_answered_with_the_choices() -> None:
    text = "schema = 2\n[[destinations.entries]]\ndomain = 'a.example'\ntls = 'Maybe'\n"
    assert complaint(text) == (
        'running.toml, line 4: destinations.entries[1].tls: "Maybe" is not known; known here: No, '
        "Preferred, Required, Preferred - Verify, Required - Verify, Required - Verify Hosted "
        "Domains."
    )
    text = text.replace("'Maybe'", "3")
    assert "this must be a text in quotes, not a whole number." in complaint(text)


@given(st.text() | st.integers() | st.booleans() | st.lists(st.text(), max_size=3).map(tuple))
def test_every_value_is_written_as_tomli_w_writes_it(value: object) -> None:
    import tomli_w

    assert codec.written_value(value) == tomli_w.dumps({"x": value})[4:-1]
