"""A whole configuration in a file: our own form, the appliance's XML, and hostile ones of both."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from esashell.config.check import breaches
from esashell.config.files.whole import fingerprint, read, written
from esashell.config.files.xml import LOG_TYPES
from esashell.config.files.xmltext import written as xml
from esashell.config.files.xmltree import tree
from esashell.config.model.certificates import AuthoritySettings, CertificateProfile
from esashell.config.model.dnsserver import DnsServer
from esashell.config.model.network import Interface
from esashell.config.model.security import METHODS, SslSide
from esashell.config.tree import factory
from esashell.errors import BadConfiguration
from tests.config.trees import good

CONFIG = factory("192.0.2.1", "192.0.2.2")
SECRET = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"
PUBLIC = "-----BEGIN CERTIFICATE-----\ny\n-----END CERTIFICATE-----\n"
PEMS = {fingerprint(SECRET): SECRET, fingerprint(PUBLIC): PUBLIC}
CERTIFIED = replace(
    CONFIG,
    certificates=(CertificateProfile("mail", fingerprint(SECRET)),),
    authorities=AuthoritySettings(custom=True, custom_list=fingerprint(PUBLIC)),
)


def nothing(name):
    return ""


def kept(name):
    return PEMS.get(name, "")


def refused(text, config=CONFIG, pem=nothing):
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(BadConfiguration) as refusal:
        read(raw, "x", config, pem)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@settings(max_examples=25)
@given(config=good)
def test_what_was_saved_is_loaded_over_anything(config):
    text = written(config, lambda name: "", secrets=True, comment="c")
    assert read(text.encode(), "x", CONFIG, lambda name: "kept").config == config


def test_secrets_are_in_the_file_only_where_they_were_asked_for():
    masked = written(CERTIFIED, kept, secrets=False, comment="c")
    assert "PRIVATE KEY" not in masked
    assert PUBLIC in masked
    assert "# 1 private keys are masked" in masked
    plain = written(CERTIFIED, kept, secrets=True, comment="c")
    assert SECRET in plain
    loaded = read(plain.encode(), "x", CONFIG, nothing)
    assert loaded.config == CERTIFIED
    assert dict(loaded.pems) == PEMS


def test_a_masked_file_is_loaded_only_where_its_certificates_are_kept():
    masked = written(CERTIFIED, kept, secrets=False, comment="c")
    assert read(masked.encode(), "x", CONFIG, kept).config == CERTIFIED
    assert "the certificate mail is not in the file, and is not kept here" in refused(masked)


def test_a_text_that_is_not_its_fingerprint_s_is_refused():
    plain = written(CERTIFIED, kept, secrets=True, comment="c").replace("\ny\n", "\nz\n")
    assert "this is not the text that the fingerprint is of" in refused(plain)


def test_a_part_is_merged_table_by_table_and_lists_are_replaced():
    text = '[dns]\nminimum_ttl = 60\n[[interfaces]]\nname = "Management"\naddress = "192.0.2.9"\n'
    after = read(text.encode(), "x", CONFIG, nothing).config
    assert after.dns == replace(CONFIG.dns, minimum_ttl=60)
    assert after.interfaces == (Interface(address="192.0.2.9"),)
    assert after.hostname == CONFIG.hostname


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[dns]\nservres = 1", 'line 2: there is no setting "servres"; did you mean servers?'),
        ("[dns]\nminimum_ttl = -1", "line 2: DNS: minimum_ttl: -1 is not between"),
        ("schema = 99", "written by a newer esashell"),
        ('hostname = "a b"', "is not a host name"),
        ("hostname = 3", "hostname: this must be a text in quotes"),
        ("kept = 3", "kept: this must be a list"),
        ("[[kept]]\nfingerprint = 1", "kept[1].fingerprint: this must be a text"),
        ("interfaces = []", "There is no interface."),
        ("\0", "Invalid"),
        (b"hostname = '\xff'", "is not UTF-8"),
        ("a = " + "[" * 5000, "nested too deeply"),
    ],
)
def test_what_is_wrong_with_a_part_is_told_with_its_line(text, reason):
    assert reason in refused(text)


# XML.

HEAD = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<!DOCTYPE config SYSTEM "config.dtd">\n'


def from_xml(body, config=CONFIG):
    return read(f"{HEAD}<config>{body}</config>".encode(), "x", config, nothing)


@settings(max_examples=25)
@given(config=good)
def test_what_xml_can_say_is_read_back(config):
    sides = {
        name: replace(side, methods=tuple(each for each in METHODS if each in side.methods))
        for name, side in (("inbound", config.ssl.inbound), ("outbound", config.ssl.outbound))
    }
    config = replace(config, ssl=replace(config.ssl, **sides))
    text = xml(config, "now")
    assert text.isascii()
    loaded = read(text.encode(), "x", config, lambda name: "kept")
    assert loaded == replace(loaded, config=config, left=())


@settings(max_examples=60)
@given(config=good)
def test_an_export_in_xml_is_loaded_by_an_appliance_that_has_nothing_yet(config):
    text = xml(config, "now")
    loaded = read(text.encode(), "x", CONFIG, nothing)
    after = loaded.config
    # All that has a name is there as it was exported, and the rest is as it was here.
    assert _without_other_logs(xml(after, "now"), config) == _without_other_logs(text, config)
    assert (
        replace(
            after,
            hostname=CONFIG.hostname,
            interfaces=CONFIG.interfaces,
            dns=CONFIG.dns,
            bounces=CONFIG.bounces,
            logs=CONFIG.logs,
            ssl=CONFIG.ssl,
        )
        == CONFIG
    )
    # What kind of log a log_text is has not been published: only those that we have are taken.
    here = {each.name for each in CONFIG.logs.subscriptions}
    unknown = [
        each
        for each in config.logs.subscriptions
        if each.name not in here and each.type not in LOG_TYPES.values()
    ]
    assert loaded.left == (("log_subscriptions/log_text",) if unknown else ())
    again = read(xml(after, "now").encode(), "x", after, nothing)
    assert (again.config, again.left) == (after, ())


def _without_other_logs(text, config):
    """The export without the subscriptions that only one of the appliances can have."""
    shared = {each.name for each in config.logs.subscriptions if each.type in LOG_TYPES.values()}
    shared -= {each.name for each in CONFIG.logs.subscriptions}
    root = tree(text.encode(), "x")
    logs = next(root.all("log_subscriptions"))
    logs.children = [e for e in logs.children if next(e.all("name")).text in shared]
    return _plain(root)


def _plain(element):
    children = [_plain(each) for each in element.children]
    return element.name, element.attributes, element.text if not children else "", children


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("<hostname>a b</hostname>", 3),
        ("<dns>\n<local_dns>\n<dns_ip>x</dns_ip></local_dns></dns>", 5),
        (
            "<bounce_profiles><bounce_profile><bounce_profile_name>Default</bounce_profile_name>"
            "</bounce_profile>\n<bounce_profile><bounce_profile_name>b</bounce_profile_name>"
            "<max_retries>99999999999</max_retries></bounce_profile></bounce_profiles>",
            4,
        ),
        ("\n<ssl><ssl_inbound_ciphers></ssl_inbound_ciphers></ssl>", 4),
        ("\n<log_subscriptions><log_cli><name>../x</name></log_cli></log_subscriptions>", 4),
    ],
)
def test_what_breaks_a_rule_is_told_with_the_line_it_came_from(body, line):
    assert f"Error: x, line {line}: " in refused(f"{HEAD}<config>{body}</config>")


def test_a_log_of_another_kind_than_ours_of_that_name_is_left_alone():
    loaded = from_xml("<log_subscriptions><log_cli><name>mail_logs</name>"
                      "<log_level>Debug</log_level></log_cli></log_subscriptions>")  # fmt: skip
    assert loaded.config == CONFIG
    assert loaded.left == ("log_subscriptions/log_cli",)


def test_the_appliance_s_elements_become_settings():
    loaded = from_xml(
        "<hostname>mail.example.com</hostname>"
        "<interfaces><interface><interface_name>Management</interface_name><ip>192.0.2.5</ip>"
        "<netmask>255.255.255.128</netmask><sshd_port>22</sshd_port></interface></interfaces>"
        "<users><user>admin</user></users>"
        '<dns><local_dns><dns_ip priority="1">192.0.2.53</dns_ip></local_dns>'
        "<dnslist><dnslist_timeout>3</dnslist_timeout></dnslist></dns>"
        "<ssl><ssl_outbound_method>sslv2sslv3tlsv1</ssl_outbound_method>"
        "<ssl_outbound_ciphers>RC4-SHA:RC4-MD5:ALL</ssl_outbound_ciphers></ssl>"
    )
    config = loaded.config
    assert config.hostname == "mail.example.com"
    assert config.interfaces == (Interface(address="192.0.2.5", prefix=25),)
    assert config.dns.servers == (DnsServer("192.0.2.53", 1),)
    assert config.ssl.outbound == SslSide(("SSL v3.0", "TLS v1.0"), "RC4-SHA:RC4-MD5:ALL")
    assert config.ssl.inbound == CONFIG.ssl.inbound
    assert loaded.left == ("interface/sshd_port", "users", "dns/dnslist")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<hostname>a b</hostname>", "is not a host name"),
        ("<dns><dns_ptr_timeout>soon</dns_ptr_timeout></dns>", 'dns_ptr_timeout: "soon" is not a'),
        ("<interfaces><interface/></interfaces>", "has no interface_name"),
        ("<interfaces/>", "There is no interface."),
        ("<log_message_id>maybe</log_message_id>", "is neither yes nor no"),
        ("<ssl><ssl_inbound_method>tls9</ssl_inbound_method></ssl>", "is no SSL method"),
        ("<ssl><ssl_inbound_method>sslv2</ssl_inbound_method></ssl>", "there is no protocol"),
        ("<a>", "not well-formed XML (mismatched tag)"),
        ("<a>&nosuch;</a>", "line 3"),
        ("<a>" * 50 + "</a>" * 50, "too deep within one another"),
    ],
)
def test_a_bad_value_refuses_the_file_with_its_line(body, reason):
    said = refused(f"{HEAD}<config>{body}</config>")
    assert reason in said
    assert said.endswith("Nothing was imported.")


LAUGHS = "".join(
    f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10)
)  # a billion of them


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE config [<!ENTITY l0 "ha">{LAUGHS}]><config><hostname>&l9;</hostname></config>',
        '<!DOCTYPE config [<!ENTITY f SYSTEM "file:///etc/passwd">]><config>&f;</config>',
        '<!DOCTYPE config [<!ENTITY % p SYSTEM "http://192.0.2.1/x"> %p;]><config/>',
        '<!DOCTYPE config SYSTEM "config.dtd" [<!ATTLIST config a CDATA "b">]><config/>',
    ],
)
def test_nothing_that_a_document_declares_is_taken(text):
    tracemalloc.start()
    assert "declarations inside the document are not taken" in refused(text)
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()


def test_a_document_type_elsewhere_is_not_fetched(tmp_path):
    dtd = tmp_path / "x.dtd"
    dtd.write_text('<!ENTITY e "boom">')
    said = refused(f'<!DOCTYPE config SYSTEM "{dtd}"><config><hostname>&e;</hostname></config>')
    assert "entities are not taken" in said


def test_other_documents_are_told():
    assert 'the root element is "html", and not config' in refused("<html/>")
    assert "not well-formed" in refused("<config")
    assert "line 1" in refused('<?xml version="1.0" encoding="no-such"?><config/>')
    assert "is longer than" in refused(b"<config>" + b" " * 17_000_000 + b"</config>")


@given(raw=st.binary(max_size=200) | st.text(max_size=100).map(lambda t: f"<config>{t}".encode()))
def test_any_bytes_are_taken_as_good_or_refused_in_one_line(raw):
    refusal = ""
    try:
        config = read(raw, "x", CONFIG, nothing).config
    except BadConfiguration as error:
        config, refusal = CONFIG, str(error)
    assert "\n" not in refusal
    assert not breaches(config)
