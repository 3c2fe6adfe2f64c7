"""The pages that a mail links to: a person lives with them alone, from the opt-in to the end."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, update

from habits.entries import Pause
from service import links, people, rests, taking_up
from service.models import Address, Consent, EntryRow, Person, Reply
from service.people import NewPerson
from service.settings import Settings
from service.states import AddressKind, ConsentEvent, NudgeState, RestKind
from service.taking_up import NewHabit
from service.web.app import create_app
from service.web.guards import SAFE
from tests.conftest import KEY
from tests.servers import SmtpServer
from tests.web.conftest import PUBLIC, SQLITE, everything
from tests.web.serving import Answer, Web, serving
from tests.world import World

MAILBOX = "alex@example.org"
CUE = "After <b>tea</b> & <script>alert('1')</script>"
"""Short enough to go with the longest prompt."""
NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
DAY = timedelta(days=1)


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, database_url: str, mail: SmtpServer) -> Settings:
    channel = {"host": "127.0.0.1", "port": mail.port, "security": "plain", "sender": "nudge@example.org"}
    return Settings(
        home=tmp_path, database_url=database_url, key=KEY, public_url=PUBLIC, notifiers={"smtp": channel}
    )


@pytest.fixture
def alex(world: World) -> UUID:
    """Alex has been asked by e-mail."""
    new = NewPerson("Alex", AddressKind.EMAIL, MAILBOX, "UTC")
    person = people.add_person(world.site, new, world.at)
    world.run()
    return person


@pytest.fixture
def web(world: World) -> Iterator[Web]:
    with serving(create_app(world.site)) as web:
        yield web


def link(mail: SmtpServer, kind: str, number: int = -1) -> str:
    """Return the path of the `r`eply or `u`nsubscribe page in a mail."""
    part = mail.messages[number].get_body(("plain",))
    assert part is not None
    found = re.search(rf"{PUBLIC}(/{kind}/\S+)", str(part.get_content()))
    assert found is not None
    return found[1]


def once(page: Answer) -> str:
    found = re.search(r'name="once" value="([0-9a-f]{32})"', page.text)
    assert found is not None
    return found[1]


def say(web: Web, path: str, text: str) -> str:
    """Open a page, send an answer from it, and return what the page says then."""
    page = web.post(path, [("once", once(web.get(path))), ("text", text)])
    assert page.status == 200
    found = re.search(r'<p class="answered" role="status">(.*?)</p>', page.text, re.DOTALL)
    assert found is not None
    return unescape(found[1])


def count(world: World, model: type[Reply] | type[EntryRow] | type[Consent]) -> int:
    with world.site.db.read() as session:
        return session.query(model).count()


def yes(world: World, alex: UUID) -> None:
    """Alex has said yes, practises gratitude, and has a nudge."""
    with world.site.db.write() as session:
        session.execute(update(Address).values(verified_at=world.at))
    taking_up.add_habit(
        world.site, [alex], NewHabit("gratitude", "daily", ("daily 12:00",), cue=CUE), world.at
    )
    world.goes_on(NOON)


def test_a_person_lives_with_pages_alone(world: World, alex: UUID, mail: SmtpServer, web: Web) -> None:
    question = link(mail, "r")
    page = web.get(question)
    assert "Would you like these messages?" in page.text
    assert '<button class="chip" type="submit" name="text" value="YES">' in page.text
    assert say(web, question, "YES").startswith("Welcome to Attune")
    with world.site.db.read() as session:
        assert session.query(Consent.event).order_by(Consent.at, Consent.id).all() == [
            (ConsentEvent.ASKED,),
            (ConsentEvent.GIVEN,),
        ]
    taking_up.add_habit(world.site, [alex], NewHabit("gratitude", "daily", ("daily 12:00",)), world.at)
    sent = len(mail.messages)
    for day in range(3):
        world.goes_on(NOON + day * DAY)
        assert len(mail.messages) == sent + day + 1
        assert "How did it go?" in web.get(link(mail, "r")).text
        assert "Gratitude" in say(web, link(mail, "r"), "done")
    nudge = link(mail, "r")
    assert "3 days" in say(web, nudge, "streak")
    assert say(web, nudge, "STOP").startswith("Attune: you are unsubscribed")
    world.goes_on(NOON + 5 * DAY)
    assert len(mail.messages) == sent + 3
    assert say(web, question, "START").startswith("Attune: welcome back")
    world.goes_on(NOON + 6 * DAY)
    assert len(mail.messages) == sent + 4


def test_opening_a_page_says_nothing(world: World, alex: UUID, mail: SmtpServer, web: Web) -> None:
    yes(world, alex)
    web.get(link(mail, "r"))  # But that somebody is there.
    before = everything(world)
    for path in (link(mail, "r"), link(mail, "u"), link(mail, "r", 0)):
        assert web.get(path).status == 200
        assert web.get(f"{path}?text=STOP&List-Unsubscribe=One-Click").status == 200
    assert everything(world) == before


def test_opening_a_page_is_a_sign_of_life_once_an_hour(
    world: World, alex: UUID, mail: SmtpServer, web: Web
) -> None:
    yes(world, alex)
    with world.site.db.write() as session:
        rests.begin(session, alex, RestKind.SILENT, world.at.date() - DAY)
    web.get(link(mail, "u"))
    assert world.person(alex).last_sign_of_life_at is None
    for minutes, seen in ((0, 0), (59, 0), (60, 60)):
        world.at = NOON + timedelta(minutes=minutes)
        assert web.get(link(mail, "r")).status == 200
        assert world.person(alex).last_sign_of_life_at == NOON + timedelta(minutes=seen)
    with world.site.db.read() as session:
        yesterday = NOON.date() - DAY
        assert rests.of(session, [alex]) == {(alex, None): [Pause(yesterday, yesterday)]}


def test_the_same_form_twice_acts_once(world: World, alex: UUID, mail: SmtpServer, web: Web) -> None:
    yes(world, alex)
    path = link(mail, "r")
    fields = [("once", once(web.get(path))), ("text", "done")]
    first, second = web.post(path, fields), web.post(path, fields)
    assert re.sub(r"[0-9a-f]{32}", "", first.text) == re.sub(r"[0-9a-f]{32}", "", second.text)
    assert (count(world, Reply), count(world, EntryRow)) == (1, 1)
    # The text box has an identity of its own, and a page that is opened again is another form.
    say(web, path, "done")
    assert count(world, Reply) == 2


def test_the_same_form_many_times_at_once(world: World, alex: UUID, mail: SmtpServer, web: Web) -> None:
    yes(world, alex)
    path = link(mail, "r")
    fields = [("once", once(web.get(path))), ("text", "done")]
    with ThreadPoolExecutor(6) as crowd:
        posts = [crowd.submit(web.post, path, fields) for _ in range(6)]
        assert [post.result().status for post in posts] == [200] * 6
    assert (count(world, Reply), count(world, EntryRow)) == (1, 1)


@SQLITE
def test_a_token_that_is_not_ours(world: World, alex: UUID, mail: SmtpServer, web: Web) -> None:
    yes(world, alex)
    before = everything(world)
    reply, unsubscribe = link(mail, "r"), link(mail, "u")
    swapped = "/r/" + unsubscribe.removeprefix("/u/"), "/u/" + reply.removeprefix("/r/")
    # Not the last letter of the signature, some bits of which mean nothing.
    changed = [path[:-9] + ("A" if path[-9] != "A" else "B") + path[-8:] for path in (reply, unsubscribe)]
    with world.site.db.read() as session:
        (address,) = session.query(Address.id).one()
    # Signed by us for the other kind of page.
    other = [
        links.sign(world.site, links.UNSUBSCRIBE, world.nudges(alex)[0].id),
        links.sign(world.site, links.REPLY, address),
    ]
    junk = [*other, "x", ".", "%00", "%C3%BC", "a" * 5000, "%22alex%22.x"]
    for path in (*swapped, *changed, *(f"/{kind}/{token}" for kind in "ru" for token in junk)):
        for answer in (web.get(path), web.post(path, [("text", "STOP"), ("once", "0" * 32)])):
            assert answer.status == 404
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert "This page is not available any more" in answer.text
    assert web.get("/r/").status == web.get("/u/a/b").status == 404
    assert everything(world) == before


def test_a_forgotten_person_has_no_pages(world: World, alex: UUID, mail: SmtpServer, web: Web) -> None:
    yes(world, alex)
    with world.site.db.write() as session:
        session.execute(delete(Address))
    for path in (link(mail, "r"), link(mail, "u")):
        assert web.post(path, [("text", "done"), ("once", "0" * 32)]).status == 404
    with world.site.db.write() as session:
        session.execute(delete(Person))
    for path in (link(mail, "r"), link(mail, "u")):
        assert web.get(path).status == 404
    assert count(world, Reply) == 0


ONE_CLICK = {
    "a form": ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
    "multipart": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
    ),
    "a button": ("application/x-www-form-urlencoded", b""),
}


@SQLITE
@pytest.mark.parametrize(("kind", "body"), ONE_CLICK.values(), ids=ONE_CLICK)
def test_one_click_ends_all_messages(
    world: World, alex: UUID, mail: SmtpServer, web: Web, kind: str, body: bytes
) -> None:
    yes(world, alex)
    header = mail.messages[-1]["List-Unsubscribe"].strip("<>")
    assert header == PUBLIC + link(mail, "u")
    assert mail.messages[-1]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    sent = len(mail.messages)
    for _ in range(2):  # Mail programs try again.
        answer = web.call("POST", link(mail, "u"), body, {"Content-Type": kind})
        assert answer.status == 200
        assert "All messages are stopped" in answer.text
    assert world.person(alex).stopped_at == world.at
    world.goes_on(3 * DAY)
    assert len(mail.messages) == sent
    assert not [nudge for nudge in world.nudges(alex) if nudge.state is NudgeState.PLANNED]


@SQLITE
def test_words_are_text_and_no_markup(world: World, alex: UUID, mail: SmtpServer, web: Web) -> None:
    yes(world, alex)
    path = link(mail, "r")
    page = web.get(path)
    assert "&lt;b&gt;tea&lt;/b&gt; &amp; " in page.text
    answered = web.post(path, [("text", "<b>done</b>"), ("once", once(page))])
    for text in (page.text, answered.text):
        assert "<b>" not in text
        assert "alert(&#39;1&#39;)" in text
        assert re.findall(r"<script|<style|\son\w+=|\sstyle=", text) == []


@SQLITE
def test_every_answer_is_safe_for_a_browser(world: World, alex: UUID, mail: SmtpServer, web: Web) -> None:
    paths = [
        link(mail, "r"),
        link(mail, "u"),
        "/r/x",
        "/healthz",
        "/readyz",
        "/static/attune.css",
        "/nowhere",
    ]
    for answer in (*(web.get(path) for path in paths), web.post("/hooks/twilio/sms", [])):
        assert {name: answer.headers[name] for name in SAFE} == SAFE
        assert "server" not in answer.headers


@SQLITE
def test_a_page_finds_its_style_whatever_the_public_url(
    world: World, alex: UUID, mail: SmtpServer, web: Web
) -> None:
    for path in (link(mail, "r"), "/r/x", "/r/x/y"):
        (style, _) = re.findall(r'rel="stylesheet" href="([^"]+)"', web.get(path).text)
        assert not style.startswith("/")
        ups = style.count("../")
        assert "/".join(path.split("/")[: -1 - ups]) == ""
        assert web.get("/" + style.replace("../", "")).status == 200


@SQLITE
def test_privacy_is_promised_only_where_it_is_kept(
    world: World, alex: UUID, mail: SmtpServer, web: Web
) -> None:
    promise = "Your answer is not shown to your partner."
    assert promise in web.get(link(mail, "r")).text
    told = world.site.settings.model_copy(update={"operator_sees": "progress"})
    with serving(create_app(replace(world.site, settings=told))) as other:
        assert promise not in other.get(link(mail, "r")).text


@SQLITE
def test_a_form_that_is_none(world: World, alex: UUID, mail: SmtpServer, web: Web) -> None:
    path = link(mail, "r")
    for fields in ([], [("once", "x" * 99), ("text", "YES")], [("once", "\x00"), ("text", "YES")]):
        answer = web.post(path, fields)
        assert answer.status == 422
        assert "cannot be read here" in answer.text
        assert "x" * 99 not in answer.text
    assert web.call("POST", path, b"text=YES", {"Content-Type": "text/plain"}).status == 422
    assert web.post(path, [("text", "a" * 70_000)]).status == 413
    assert count(world, Reply) == 0


@SQLITE
def test_a_text_of_any_kind_is_taken(world: World, alex: UUID, mail: SmtpServer, web: Web) -> None:
    path = link(mail, "r")
    for text in ("\x00", "a" * 60_000, "👍" * 1000, " ", "\u202e\ufeff", "';--"):
        assert web.post(path, [("text", text)]).status == 200


@pytest.mark.parametrize(
    ("language", "title", "tap", "stop", "said"),
    [
        ("es", "¿Qué tal fue?", "hecho", "Parar todos los mensajes", "Gratitud"),
        ("de-AT", "Wie war es?", "erledigt", "Alle Nachrichten beenden", "Dankbarkeit"),
    ],
)
def test_a_persons_pages_are_in_their_language(
    world: World, mail: SmtpServer, web: Web, language: str, title: str, tap: str, stop: str, said: str
) -> None:
    new = NewPerson("Alex", AddressKind.EMAIL, MAILBOX, "UTC", language=language)
    alex = people.add_person(world.site, new, world.at)
    yes(world, alex)
    page = web.get(link(mail, "r"))
    assert title in page.text
    assert f'<html lang="{language[:2]}">' in page.text
    assert f'name="text" value="{tap}"' in page.text
    assert said in say(web, link(mail, "r"), tap)
    assert stop in web.get(link(mail, "u")).text
