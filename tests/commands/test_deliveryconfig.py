"""deliveryconfig: its one-line form, what it refuses, and hostile answers."""

import pytest

from esashell.commands.deliveryconfig import deliveryconfig, summary
from esashell.config.check import breaches
from esashell.config.model.delivery import DeliverySettings
from esashell.config.model.network import Interface
from esashell.config.tree import Config
from esashell.dialogue.batch import Batch
from esashell.dialogue.outline import upcoming
from esashell.dialogue.script import Logbook, scripted
from esashell.errors import OperatorError

CONFIG = Config(
    interfaces=(
        Interface(),
        Interface("Data 2", "", address6="2001:db8::25", hostname="mx.example"),
    )
)


def test_what_is_named_is_changed_and_the_rest_stays():
    book = Logbook(CONFIG)
    Batch(["setup", "interface=Data 2"], book, print).run(deliveryconfig(book))
    Batch(["setup", "possible_delivery=yes"], book, print).run(deliveryconfig(book))
    assert book.config.delivery == DeliverySettings("Data 2", possible_delivery=True)
    assert summary(book.config).startswith(
        'Default interface to deliver mail: Data 2\n"Possible Delivery": Enabled\n'
    )


def test_an_interface_is_shown_with_its_address_and_name():
    book = Logbook(CONFIG)
    transcript = scripted(deliveryconfig(book), ["setup", "data 2", "", "", "", ""], book)
    assert "2. Management (192.168.42.42/24: myesa.local)\n" in transcript
    assert "3. Data 2 (2001:db8::25/64: mx.example)\n[1]> data 2\n" in transcript
    assert book.config.delivery.interface == "Data 2"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("setup interface=Data", "interface: The value must be one of 1, 2, 3 or Auto"),
        ("setup concurrency=0", "from 1 to 1000000"),
        ("setup tls_concurrency=x", "from 1 to 1000000"),
        ("setup 3", "Not understood: 3"),
    ],
)
def test_one_line_mistakes_are_named_and_change_nothing(line, message):
    book = Logbook(CONFIG)
    with pytest.raises(OperatorError, match=message):
        Batch(line.split(), book, print).run(deliveryconfig(book))
    assert book.staged == []


def test_an_interface_that_is_gone_has_to_be_chosen_anew():
    book = Logbook(Config(delivery=DeliverySettings("Data 9")))
    transcript = scripted(deliveryconfig(book), ["setup", "", "1", "", "", "", ""], book)
    assert "[]> \nError: The value cannot be blank." in transcript
    assert not breaches(book.config)


def test_tab_offers_the_interfaces():
    book = Logbook(CONFIG)
    assert upcoming(deliveryconfig(book), ["setup"], "interface=") == (
        "interface=Auto",
        "interface=Management",
        "interface=Data 2",
    )
