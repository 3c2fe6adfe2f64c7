"""What a monitor is shown: whether delivery works, to whom it may be shown, and nothing of anybody."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from habits.reasons import Reason
from notifiers import registry
from notifiers.base import Accepted, Kind, Report, SendError
from service import deliveries, jobs, meter, metrics, receipts, senders
from service.models import Attempt, Nudge, SenderState
from service.running.daemon import watched
from service.states import Cause, NudgeKind, NudgeState
from service.web import watching
from service.web.app import create_app
from tests.notifiers.conftest import twilio_options
from tests.postgres import free_port
from tests.servers import TwilioServer
from tests.walk.channel import Channel
from tests.walk.rows import rows
from tests.web.conftest import SQLITE
from tests.web.serving import Web, serving
from tests.world import NUMBERS, World

TOKEN = "a-token-of-the-monitor"


def seen(web: Web, *kinds: str) -> dict[str, float]:
    """Return each number by its name and label, of these kinds of figures only."""
    answer = web.get("/metrics")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if family.type in kinds and sample.name.startswith("attune_") and not sample.name.endswith("_created")
    }


def gauges(web: Web) -> dict[str, float]:
    return seen(web, "gauge")


def counts(web: Web) -> Counter[str]:
    """Return what was counted, without the single buckets."""
    found = seen(web, "counter", "histogram")
    return Counter({name: round(value) for name, value in found.items() if "_bucket" not in name})


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
        shown = gauges(web)
        assert {name.removeprefix("attune_"): value for name, value in shown.items()} == {
            "queue_depth": 1,
            "queue_oldest_seconds": 42,
            "people_due": 0,
            "clock_doubtful": 0,
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
        before = everything(web)
        world.says("Alex", "habits")
        assert everything(web) == before
        world.run()  # Its answer goes out.
        (answer,) = rows(world, Nudge, Nudge.cause_kind == Cause.REPLY, Nudge.due_at == world.at)[-1:]
        (attempt,) = rows(world, Attempt, Attempt.nudge_id == answer.id)
        arrived = Report(attempt.provider_id or "", "delivered", 3)
        assert receipts.record(world.site, "phone", arrived, attempt.id, world.at)
        web.post("/hooks/phone/sms", [("x", "y")])
        assert everything(web) == before
        world.says("Alex", "habits")  # And this one fails.
        with world.site.db.write() as session:
            for nudge in rows(world, Nudge, Nudge.state == NudgeState.PLANNED):
                session.get_one(Nudge, nudge.id).state = NudgeState.FAILED
        assert everything(web) == before


def everything(web: Web) -> dict[str, float]:
    return seen(web, "gauge", "counter", "histogram")


def test_what_this_process_has_done_is_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = Channel()
    world.site = replace(world.site, notifiers={"own": channel})
    alex, _ = world.couple()
    with serving(create_app(world.site)) as web:
        before = counts(web)
        for practice, clock in (("gratitude", "12:00"), ("empathy", "15:00"), ("patience", "18:00")):
            world.take_up(practice, "daily", f"daily {clock}", alex)
        world.at += timedelta(hours=3, seconds=7)
        channel.answers += [SendError(Kind.RETRY, "busy"), Accepted("p-1", 1)]
        world.run()
        world.goes_on(timedelta(minutes=2))
        receipts.record(world.site, "own", Report("p-1", "sent", 2), None, world.at)
        receipts.record(world.site, "own", Report("p-1", "delivered", 3), None, world.at)
        world.at += timedelta(hours=6)  # By now it is too late for the one at three o'clock.
        channel.answers += [Accepted("p-2", 1)]
        world.run()
        receipts.record(world.site, "own", Report("p-2", "failed", 3, Kind.CONTENT), None, world.at)
        after = counts(web)
        done = after - before
        # The first was tried again after half a minute, the second planned two minutes late.
        assert 37 + 127 <= done.pop("attune_lateness_seconds_sum own") <= 50 + 140
        assert done == {
            "attune_planned_total": 2,
            "attune_let_go_total late": 1,
            "attune_sent_total own": 2,
            "attune_lateness_seconds_count own": 2,
            "attune_delivered_total own": 1,
            "attune_failed_total own retry": 1,
            "attune_failed_total own content": 1,
        }


def test_posts_and_calls_are_counted_among_many_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a small home each one would tell that somebody has written."""
    with serving(create_app(world.site)) as web:
        alex = world.join("Alex")
        assert not [name for name in counts(web) if "_hook_" in name or "_call_" in name]
        assert "attune_nudges_planned" not in gauges(web)
        monkeypatch.setattr(metrics, "MANY", 1)
        assert gauges(web)["attune_nudges_planned"] == 0
        before = counts(web)
        for path in ("/hooks/phone/sms", "/hooks/phone/status", "/hooks/nobody/sms", f"/hooks/{alex}"):
            web.post(path, [("x", "y")])
        done = counts(web) - before
        assert done["attune_hook_seconds_count phone sms 404"] == 1
        assert done["attune_hook_seconds_count phone status 404"] == 1
        assert done["attune_hook_seconds_count other other 404"] == 2
        assert before["attune_call_seconds_count phone"] >= 1
        monkeypatch.setattr(metrics, "MANY", 2)
        assert not [name for name in counts(web) if "_hook_" in name or "_call_" in name]
        set_up(world, operator_sees="progress")
    with serving(create_app(world.site)) as web:
        assert [name for name in counts(web) if "_hook_" in name]


@SQLITE
def test_a_daemon_shows_its_own_figures_and_how_it_does(world: World, tmp_path: Path) -> None:
    jobs_late = {"plan": ""}
    with serving(watching.create_app(world.site, lambda: jobs_late)) as web:
        assert web.get("/readyz").json["troubles"] == ["The job plan has not run for too long."]
        jobs_late.clear()
        assert web.get("/readyz").status == web.get("/healthz").status == 200
        assert counts(web)
        assert gauges(web) == {}
        # Most of all while the database is away.
        (tmp_path / "attune.db").rename(tmp_path / "elsewhere.db")
        assert counts(web)
        assert web.get("/hooks/phone/sms").status == 404


@SQLITE
def test_a_daemon_answers_on_its_own_port_if_it_has_one(world: World) -> None:
    port = free_port()
    set_up(world, metrics_port=port)
    with watched(world.site, dict):
        address = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{address}/readyz").status_code == 200
        assert "attune_sent_total" in httpx.get(f"{address}/metrics").text
        assert httpx.get(f"{address}/metrics", headers={"Via": "1.1 proxy"}).status_code == 404
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/healthz")


def test_each_reason_is_told_or_would_tell_of_somebody() -> None:
    goes_out = {Reason.DUE, Reason.MOVED, Reason.RESCUE, Reason.WELCOME, Reason.USEFUL}
    private = {reason for reason in deliveries.PRIVATE_REASONS if reason in set(Reason)}
    assert set(Reason) == goes_out | private | set(meter.TOLD)
    assert not private & set(meter.TOLD)


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
