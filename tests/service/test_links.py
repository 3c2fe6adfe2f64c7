import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import links
from service.db import Database
from service.ids import new_id
from service.sealing import Sealer, new_key
from service.settings import Settings
from service.site import Site

PUBLIC = "https://nudge.example.org"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site whose database is never asked."""
    home: Path = tmp_path_factory.mktemp("home")
    return Site(
        Settings(home=home, public_url=PUBLIC), Database(f"sqlite:///{home}/none.db"), Sealer(new_key())
    )


@pytest.mark.parametrize("purpose", [links.REPLY, links.UNSUBSCRIBE])
def test_a_link_leads_back_to_what_it_was_made_for(site: Site, purpose: str) -> None:
    subject = new_id()
    assert links.open_token(site, purpose, links.sign(site, purpose, subject)) == subject


def test_the_pages_of_a_message(site: Site) -> None:
    nudge, address, attempt = new_id(), new_id(), new_id()
    reply, unsubscribe = links.reply(site, nudge), links.unsubscribe(site, address)
    assert reply is not None
    assert unsubscribe is not None
    page, _, token = reply.rpartition("/")
    assert (page, links.open_token(site, links.REPLY, token)) == (f"{PUBLIC}/r", nudge)
    page, _, token = unsubscribe.rpartition("/")
    assert (page, links.open_token(site, links.UNSUBSCRIBE, token)) == (f"{PUBLIC}/u", address)
    assert links.status(site, "twilio", attempt) == f"{PUBLIC}/hooks/twilio/status?attempt={attempt}"


def test_without_a_public_address_there_are_no_links(site: Site) -> None:
    private = replace(site, settings=Settings(home=site.settings.home))
    assert links.reply(private, new_id()) is None
    assert links.unsubscribe(private, new_id()) is None
    assert links.status(private, "twilio", new_id()) is None


def test_a_link_of_one_purpose_serves_no_other(site: Site) -> None:
    token = links.sign(site, links.REPLY, new_id())
    assert links.open_token(site, links.UNSUBSCRIBE, token) is None


def test_a_link_of_another_installation_is_none(site: Site) -> None:
    other = replace(site, sealer=Sealer(new_key()))
    assert links.open_token(site, links.REPLY, links.sign(other, links.REPLY, new_id())) is None


def test_a_link_outlives_a_rotation_of_the_key(site: Site) -> None:
    key = new_key()
    prefix, root, seal = key.split(":")
    before = replace(site, sealer=Sealer(key))
    after = replace(site, sealer=Sealer(f"{prefix}:{root}:{new_key().rpartition(':')[2]},{seal}"))
    subject = new_id()
    token = links.sign(before, links.REPLY, subject)
    assert links.open_token(after, links.REPLY, token) == subject


def test_no_changed_letter_goes_unnoticed(site: Site) -> None:
    token = links.sign(site, links.REPLY, new_id())
    # The last letter carries bits that belong to nothing.
    for place in range(len(token) - 1):
        changed = token[:place] + ("x" if token[place] != "x" else "y") + token[place + 1 :]
        assert links.open_token(site, links.REPLY, changed) is None
        assert links.open_token(site, links.REPLY, token[:place]) is None


@given(st.text() | st.from_regex(r"[A-Za-z0-9_.\-]{0,80}", fullmatch=True))
def test_what_is_no_link_is_none(site: Site, token: str) -> None:
    assert links.open_token(site, links.REPLY, token) is None


@pytest.mark.parametrize("token", ["", ".", "..", "\x00", "\ud800", "é", "a" * 100_000, "IiI.x"])
def test_junk_is_none(site: Site, token: str) -> None:
    assert links.open_token(site, links.REPLY, token) is None


@given(st.uuids())
def test_a_token_of_an_answer_by_mail_leads_back(site: Site, attempt_id: UUID) -> None:
    token = links.reply_token(site, attempt_id)
    assert re.fullmatch(r"[a-z2-7]{40}", token)
    assert links.open_reply_token(site, token) == attempt_id
    assert links.open_reply_token(site, token.upper()) == attempt_id


@pytest.mark.parametrize("place", range(40))
def test_a_token_with_any_other_letter_is_none(site: Site, place: int) -> None:
    token = links.reply_token(site, new_id())
    other = "a" if token[place] != "a" else "b"
    assert links.open_reply_token(site, f"{token[:place]}{other}{token[place + 1 :]}") is None


@given(st.text(max_size=60))
def test_any_junk_is_no_token(site: Site, junk: str) -> None:
    assert links.open_reply_token(site, junk) is None


def test_a_token_of_another_installation_is_none(site: Site) -> None:
    other = replace(site, sealer=Sealer(new_key()))
    assert links.open_reply_token(site, links.reply_token(other, new_id())) is None
