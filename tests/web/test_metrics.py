"""What a monitor is shown: whether delivery works, to whom it may be shown, and nothing of anybody."""

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from notifiers import registry
from service import jobs, senders
from service.models import Nudge, SenderState
from service.states import NudgeKind, NudgeState
from service.web.app import create_app
from tests.notifiers.conftest import twilio_options
from tests.servers import TwilioServer
from tests.walk.rows import rows
from tests.web.conftest import SQLITE
from tests.web.serving import Web, serving
from tests.world import NUMBERS, World

TOKEN = "a-token-of-the-monitor"


def seen(web: Web) -> dict[str, float]:
    """Return each number by its name and label."""
    answer = web.get("/metrics")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def set_up(world: World, **changes: object) -> None:
    """Give the installation a channel that costs money, whose sender holds a number."""
    with TwilioServer() as server:
        channel = registry.build("twilio", twilio_options(server, price=1))
    settings = world.site.settings.model_copy(update=changes)
    world.site = replace(world.site, settings=settings, notifiers={"twilio": channel})


def test_the_health_of_delivery_is_shown_and_nothing_of_anybody(world: World) -> None:
    alex, sam = world.couple()
    set_up(world, daily_messages=20, daily_money=0.0)
    jobs.beat(world.site)
    world.enrol("Charlie")
    with world.site.db.write() as session:
        for person, state in ((alex, NudgeState.UNKNOWN), (sam, NudgeState.FAILED)):
            (asked,) = rows(world, Nudge, Nudge.person_id == person, Nudge.kind == NudgeKind.CONSENT)
            session.get_one(Nudge, asked.id).state = state
        sender = world.site.notifiers["twilio"].sender
        senders.stop(session, sender, "20003", world.at)
        for _ in range(3):
            senders.take(session.get_one(SenderState, sender), 0, 1, 1.0, world.at)
    world.at += timedelta(seconds=42)
    with serving(create_app(world.site)) as web:
        shown = seen(web)
        assert {name.removeprefix("attune_"): value for name, value in shown.items()} == {
            "nudges_planned": 1,
            "nudges_overdue": 0,
            "nudges_unknown": 1,
            "nudges_failed": 1,
            "nudges_stuck": 0,
            "replies_unread": 0,
            "sender_stopped twilio": 1,
            "cap_used_ratio messages": 0.3,  # Seven of twenty, in whole tenths.
            "cap_reached": 0,
            "admin_not_told": 0,
            "last_tick_age_seconds": 42,
        }
        text = web.get("/metrics").text
    private = [*NUMBERS.values(), *NUMBERS, sender, sender.partition("/")[2], str(alex)]
    assert [one for one in private if one in text] == []


def test_that_somebody_wrote_is_not_to_be_read_from_it(world: World) -> None:
    world.couple()
    with serving(create_app(world.site)) as web:
        before = seen(web)
        world.says("Alex", "habits")  # Its answer is planned now, and then fails.
        assert seen(web) == before
        with world.site.db.write() as session:
            for nudge in rows(world, Nudge, Nudge.state == NudgeState.PLANNED):
                session.get_one(Nudge, nudge.id).state = NudgeState.FAILED
        assert seen(web) == before


@SQLITE
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "192.0.2.1"},
        {"Forwarded": "for=192.0.2.1"},
        {"Via": "1.1 proxy"},
        {"Host": "nudge.example.org"},
    ],
)
def test_without_a_token_this_machine_alone_is_shown_it(world: World, headers: dict[str, str]) -> None:
    with serving(create_app(world.site)) as web:
        assert web.get("/metrics").status == 200
        refused = web.call("GET", "/metrics", headers=headers)
        assert (refused.status, "attune_" in refused.text) == (404, False)


@SQLITE
def test_with_a_token_it_is_asked_for_here_too(world: World) -> None:
    set_up(world, metrics_token=SecretStr(TOKEN))
    with serving(create_app(world.site)) as web:
        for given in (None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"):
            headers = {} if given is None else {"Authorization": given}
            refused = web.call("GET", "/metrics", headers=headers)
            assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
            assert "attune_" not in refused.text
        headers = {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "192.0.2.1"}
        assert web.call("GET", "/metrics", headers=headers).status == 200
