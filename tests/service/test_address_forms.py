"""An address has one form, however it is typed; what is none is refused and never repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import addresses
from service.addresses import normalised
from service.errors import WrongUsage
from service.sealing import Sealer
from service.states import AddressKind
from tests.conftest import KEY

SMS, EMAIL, WHATSAPP = AddressKind.SMS, AddressKind.EMAIL, AddressKind.WHATSAPP
SEALER = Sealer(KEY)


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [
        ("+12025550123", "US", "+12025550123"),
        ("+12025550123", "DE", "+12025550123"),
        (" +1 202 555 0123\n", "US", "+12025550123"),
        ("+1 (202) 555-0123", "US", "+12025550123"),
        ("+1.202.555.0123", "US", "+12025550123"),
        ("202-555-0123", "US", "+12025550123"),
        ("(202) 555 0123", "US", "+12025550123"),
        ("1 202 555 0123", "US", "+12025550123"),
        ("011 44 20 7946 0123", "US", "+442079460123"),
        ("+44 20 7946 0123", "US", "+442079460123"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("+44 (0)20 7946 0123", "US", "+442079460123"),
        ("030 901820", "DE", "+4930901820"),
        ("0049 30 901820", "DE", "+4930901820"),
        ("+39 06 698 12345", "US", "+390669812345"),
        ("＋１２０２５５５０１２３", "US", "+12025550123"),
        ("whatsapp:+12025550123", "US", "+12025550123"),
    ],
)
def test_a_number_gets_one_form(typed: str, region: str, kept: str) -> None:
    assert normalised(SMS, typed, region) == kept
    assert normalised(WHATSAPP, typed, region) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "+",
        "Alex",
        "alex@example.org",
        "+1 202 555 O123",
        "+1 202 555 l123",
        "+1 800 ATTUNES",
        "+1202555012",
        "+120255501234",
        "555-0123",
        "5550123",
        "12345",
        "911",
        "+999 12345678",
        "+0 12025550123",
        "+1 202 555 0123 ext. 5",
        "+1 202 555 0123 #5",
        "tel:+12025550123",
        "sms:whatsapp:+12025550123",
        "whatsapp:",
        "+1 202 555 0123, +1 202 555 0124",
        "+1202555012３４",
        "\x00",
        "1" * 100_000,
    ],
)
def test_a_number_that_is_none_is_told_and_not_repeated(typed: str) -> None:
    for kind in (SMS, WHATSAPP):
        with pytest.raises(WrongUsage) as caught:
            normalised(kind, typed)
        told = str(caught.value)
        assert told == ("That is no phone number; give it with its country code, such as +1 202 555 0123.")
        assert caught.value.__cause__ is None


def test_a_number_without_a_country_is_refused_where_there_is_no_such_region() -> None:
    with pytest.raises(WrongUsage, match="with its country code"):
        normalised(SMS, "202 555 0123", "XX")
    assert normalised(SMS, "+1 202 555 0123", "XX") == "+12025550123"


@given(st.text() | st.from_regex("[+ 0-9()-]{3,20}"))
def test_a_number_in_its_one_form_stays_so(typed: str) -> None:
    try:
        once = normalised(SMS, typed)
    except WrongUsage as error:
        assert len(typed) < 12 or typed not in str(error)  # noqa: PT017
        return
    assert normalised(SMS, once, "DE") == once
    assert once.startswith("+")
    assert once[1:].isdecimal()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("alex@example.org", "alex@example.org"),
        (" alex@example.org ", "alex@example.org"),
        ("Alex@Example.ORG", "Alex@example.org"),
        ("alex.b+attune@mail.example.org", "alex.b+attune@mail.example.org"),
        ("o'neil!#$%&*/=?^_`{|}~-@example.org", "o'neil!#$%&*/=?^_`{|}~-@example.org"),
        ("a@b.co", "a@b.co"),
        ("1@x-1.example.org", "1@x-1.example.org"),
        ("alex@xn--bcher-kva.example.xn--p1ai", "alex@xn--bcher-kva.example.xn--p1ai"),
        (f"{'x' * 64}@example.org", f"{'x' * 64}@example.org"),
    ],
)
def test_a_mailbox_gets_one_form(typed: str, kept: str) -> None:
    assert normalised(EMAIL, typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "alex",
        "@example.org",
        "alex@",
        "alex@example",
        "alex@@example.org",
        "alex@example..org",
        "alex@.example.org",
        "alex@example.org.",
        "alex@-example.org",
        "alex@example-.org",
        "alex@exa_mple.org",
        "alex@127.0.0.1",
        "alex@[127.0.0.1]",
        "alex@example.o",
        ".alex@example.org",
        "alex.@example.org",
        "alex..b@example.org",
        "alex b@example.org",
        "Alex <alex@example.org>",
        "alex@example.org,sam@example.org",
        "alex@example.org\nBcc: sam@example.org",
        "alex\r@example.org",
        "älex@example.org",
        "alex@exämple.org",
        "+12025550123",
        f"{'x' * 65}@example.org",
        f"alex@{'x' * 64}.org",
        f"alex@{'x.' * 130}org",
        "a" * 100_000 + "@",
        "a." * 100_000,
        f"a@{'a-' * 100_000}",
    ],
    ids=lambda typed: typed[:30],
)
def test_a_mailbox_that_is_none_is_told_and_not_repeated(typed: str) -> None:
    with pytest.raises(WrongUsage) as caught:
        normalised(EMAIL, typed)
    assert str(caught.value) == "That is no e-mail address; give one like alex@example.org."


def test_a_mailbox_is_found_however_its_letters_are_written() -> None:
    one, other = normalised(EMAIL, "Alex@Example.org"), normalised(EMAIL, "alex@example.ORG")
    assert addresses.lookup(SEALER, EMAIL, one) == addresses.lookup(SEALER, EMAIL, other)


def test_a_number_by_sms_is_another_address_than_by_whatsapp() -> None:
    assert addresses.lookup(SEALER, SMS, "+12025550123") != addresses.lookup(SEALER, WHATSAPP, "+12025550123")
