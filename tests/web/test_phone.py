"""The simulator behind the demo's page: the document that it is drawn from, and what may be sent to it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from service import demo
from service.running.demo import demo_app
from service.web.app import create_app
from service.web.phone import Phones
from tests.web.conftest import SQLITE
from tests.web.serving import Answer, Web, serving
from tests.world import World


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[Web]:
    """The demo as it stands in front of its visitor."""
    shown = demo.prepare(tmp_path, "127.0.0.1", 0)
    phones = Phones(shown)
    demo.both_say_yes(shown, phones.say)
    with serving(demo_app(phones)) as web:
        yield web
    shown.close()


def state(phone: Web) -> Any:
    return phone.get("/phone/state").json


def say(phone: Web, person: str, text: str) -> Answer:
    return phone.post_json("/phone/reply", {"person": person, "text": text})


def step(phone: Web, to: str) -> Any:
    answer = phone.post_json("/phone/step", {"to": to})
    assert answer.status == 200
    return answer.json


KEYS = {
    "state": {"clock", "next", "version", "people", "decisions"},
    "clock": {"now", "label", "zone"},
    "person": {"id", "name", "quick", "status", "messages", "habits", "checkins"},
    "message": {"id", "from", "kind", "text", "at", "state", "note"},
    "habit": {"number", "title", "goal", "practised", "streak", "unit", "longest", "days"},
    "day": {"day", "label", "mark"},
    "decision": {"id", "at", "person", "what", "outcome", "reason"},
}


def assert_is_a_state(found: Any) -> None:
    """The document has all that `screen.js` draws, and each row an id of its own."""
    assert set(found) == KEYS["state"]
    assert set(found["clock"]) == KEYS["clock"]
    assert [person["name"] for person in found["people"]] == ["Alex", "Sam"]
    assert found["people"][0]["id"] != found["people"][1]["id"]
    for person in found["people"]:
        assert set(person) == KEYS["person"]
        assert person["quick"]
        ids = [message["id"] for message in person["messages"]]
        assert len(set(ids)) == len(ids)
        for message in person["messages"]:
            assert set(message) == KEYS["message"]
            assert message["text"]
            assert message["from"] in ("attune", "person")
            assert (message["note"] is None) == (message["from"] == "attune")
        assert [habit["number"] for habit in person["habits"]] == [1, 2]
        for habit in person["habits"]:
            assert set(habit) == KEYS["habit"]
            assert habit["unit"] in ("days", "weeks", "months")
            assert len(habit["days"]) == 14
            assert all(set(day) == KEYS["day"] for day in habit["days"])
    for decision in found["decisions"]:
        assert set(decision) == KEYS["decision"]


def test_both_have_said_yes(phone: Web) -> None:
    found = state(phone)
    assert_is_a_state(found)
    for person in found["people"]:
        assert person["status"] == "reminders on"
        asked, said, welcomed = person["messages"]
        assert (asked["kind"], asked["from"], asked["state"]) == ("consent", "attune", "sent")
        assert (said["text"], said["note"]) == (
            "YES",
            "understood: consents, because consent is being asked, or was taken back before",
        )
        assert welcomed["text"].startswith("Welcome to Attune")
    assert found["next"] is not None
    assert found["decisions"] == []


def test_a_nudge_is_answered(phone: Web) -> None:
    before = state(phone)
    after = step(phone, "next")
    assert_is_a_state(after)
    assert after["clock"]["label"] == before["next"]["label"]
    assert [p["messages"][-1]["kind"] for p in after["people"]] == ["nudge", "nudge"]
    assert len(after["decisions"]) == 2
    assert {decision["outcome"] for decision in after["decisions"]} == {"sent"}
    assert {decision["reason"] for decision in after["decisions"]} == {"Due, and not done yet."}
    alex, sam = after["people"]
    answered = say(phone, alex["id"], "done").json
    assert_is_a_state(answered)
    said, answer = answered["people"][0]["messages"][-2:]
    assert (said["from"], said["text"], answer["kind"]) == ("person", "done", "answer")
    assert said["note"].startswith("understood: done")
    practised = [habit["practised"] for habit in answered["people"][0]["habits"]]
    assert sorted(practised) == [0, 1]
    assert answered["people"][1] == sam


def test_seven_days_are_a_week(phone: Web) -> None:
    first = state(phone)
    for _ in range(7):
        last = step(phone, "day")
        say(phone, first["people"][1]["id"], "habits")  # Whoever never answers is nudged less and less.
    assert_is_a_state(last)
    days = [first["people"][0]["habits"][0]["days"], last["people"][0]["habits"][0]["days"]]
    assert days[1][6]["day"] == days[0][13]["day"]
    kinds = [message["kind"] for message in last["people"][1]["messages"]]
    assert kinds.count("pulse") == 1
    assert kinds.count("nudge") >= 7
    silent = [message["kind"] for message in last["people"][0]["messages"]]
    assert silent.count("nudge") + silent.count("pulse") <= 4
    assert len({decision["id"] for decision in last["decisions"]}) == len(last["decisions"])


def test_quick_answers_suit_the_moment(phone: Web) -> None:
    sam = state(phone)["people"][1]["id"]
    for text, status, quick in (
        ("pause 3 days", "paused", "RESUME"),
        ("resume", "reminders on", "done"),
        ("STOP", "stopped", "START"),
        ("START", "reminders on", "done"),
    ):
        person = say(phone, sam, text).json["people"][1]
        assert (person["status"], person["quick"][0]) == (status, quick)


def test_words_are_kept_as_they_were_typed(phone: Web) -> None:
    sam = state(phone)["people"][1]["id"]
    typed = "<b>\u202e ✓ 'x'; -- \n\x00"
    assert say(phone, sam, typed).json["people"][1]["messages"][-2]["text"] == typed


BAD = {
    "/phone/reply": [
        b"",
        b"{",
        b"[]",
        b"5",
        b'{"text": "done"}',
        b'{"person": "alex", "text": "done"}',
        b'{"person": "01a205c9-3a86-7e42-b796-a3b9c220d299", "text": null}',
        b'{"person": "01a205c9-3a86-7e42-b796-a3b9c220d299", "text": "' + b"a" * 1601 + b'"}',
        b'{"person": "01a205c9-3a86-7e42-b796-a3b9c220d299", "text": "\\ud800"}',
        b"\xff\xfe",
    ],
    "/phone/step": [b"{}", b'{"to": "yesterday"}', b'{"to": ["next"]}', b'{"to": 1}', b"\x00"],
}


def test_junk_is_refused_in_words(phone: Web) -> None:
    before = state(phone)
    for path, bodies in BAD.items():
        for body in bodies:
            answer = phone.call("POST", path, body, {"Content-Type": "application/json"})
            assert answer.status == 422, body[:60]
            assert list(answer.json) == ["error"]
            assert answer.json["error"].endswith("cannot be read here.")
            assert "alex" not in answer.text
    deep = phone.call("POST", "/phone/step", b"[" * 60_000, {"Content-Type": "application/json"})
    assert (deep.status, list(deep.json)) == (400, ["error"])
    now = state(phone)
    assert (now["people"], now["decisions"]) == (before["people"], before["decisions"])


def test_a_phone_that_is_not_there(phone: Web) -> None:
    answer = say(phone, str(uuid4()), "done")
    assert (answer.status, answer.json) == (404, {"error": "There is no such phone here."})
    assert phone.get("/phone/reply").status == 405


def test_the_page_loads_nothing_from_elsewhere(phone: Web) -> None:
    page = phone.get("/phone")
    assert page.status == 200
    assert "http:" not in page.text.replace("http://www.w3.org", "")
    for script in ("phone.js", "screen.js"):
        served = phone.get(f"/static/{script}")
        assert served.headers["content-type"].startswith("text/javascript")
        assert "://" not in served.text
        assert "innerHTML" not in served.text


@SQLITE
def test_there_is_no_phone_outside_the_demo(world: World) -> None:
    with serving(create_app(world.site)) as web:
        for path in ("/phone", "/phone/state", "/phone/"):
            assert web.get(path).status == 404
        for path in ("/phone/reply", "/phone/step"):
            assert web.post_json(path, {"to": "day"}).status == 404
        assert web.get("/docs").status == web.get("/openapi.json").status == 404


def test_the_demo_touches_no_real_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    monkeypatch.setenv("ATTUNE_DATABASE_URL", f"sqlite:///{tmp_path}/real/attune.db")
    monkeypatch.setenv("ATTUNE_NOTIFIERS__CONSOLE__X", "1")
    monkeypatch.setenv("ATTUNE_BRAND", "Real")
    shown = demo.prepare(tmp_path, "127.0.0.1", 0)
    shown.close()
    assert list((tmp_path / "real").iterdir()) == []
    assert list(shown.site.notifiers) == ["phone"]
    assert shown.site.settings.brand == "Attune"


def test_a_check_in_is_shown_to_who_answered_it_alone(phone: Web) -> None:
    alex, sam = (person["id"] for person in state(phone)["people"])
    for _ in range(20):
        found = step(phone, "next")
        if found["people"][0]["messages"][-1]["kind"] == "pulse":
            break
        for person in (alex, sam):
            say(phone, person, "habits")  # A sign of life, so that the reminders go on.
    answered = say(phone, alex, "4 3 5").json
    shown = [person["checkins"] for person in answered["people"]]
    assert [(one["label"], one["scores"]) for one in shown[0][:2]] == [("closeness", [4]), ("heard", [3])]
    assert (len(shown[0]), shown[1]) == (3, [])
    note = answered["people"][0]["messages"][-2]["note"]
    assert note == "understood: scores 4 3 5, because it answers the check-in that is open"
