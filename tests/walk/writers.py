"""What the processes of an installation do at the same time, each a bounded number of times."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from notifiers.base import Inbound
from service import inbound, jobs, people, planning, reminding
from service.settings import Settings
from service.site import Site, open_site
from service.states import AddressKind
from tests.world import NUMBERS


def open_at(settings: Settings, at: datetime) -> Site:
    """Open the installation with a clock that stands still."""
    return open_site(settings, lambda: at)


def plan(settings: Settings, at: datetime, limit: int) -> None:
    """Plan like one of several daemons, until nobody is due."""
    site = open_at(settings, at)
    while planning.plan_due(site, at, limit).people:
        pass
    site.db.close()


def daemon(settings: Settings, at: datetime, times: int) -> None:
    """Do what a daemon does, at one instant after the other."""
    for minute in range(times):
        site = open_at(settings, at + timedelta(minutes=minute))
        for job in jobs.PERIODIC:
            job.run(site)
        jobs.send_one_by_one(site)
        site.db.close()


def webhook(settings: Settings, at: datetime, times: int) -> None:
    """Take messages like a web server: each is stored, and then understood."""
    site = open_at(settings, at)
    said = ("done", "undo", "later 30m", "streak", "what?", "pause", "resume")
    for number in range(times):
        message = Inbound(f"in-{uuid4().hex}", NUMBERS["Alex"], said[number % len(said)])
        reply_id = inbound.store(site, "phone", AddressKind.SMS, message, at + timedelta(minutes=number))
        assert reply_id is not None
        inbound.understand(site, reply_id, at + timedelta(minutes=number))
    site.db.close()


def commands(settings: Settings, at: datetime, times: int, person_id: UUID, habit_id: UUID) -> None:
    """Change things like an admin in a loop: each command opens the installation anew."""
    for number in range(times):
        now = at + timedelta(minutes=number)
        site = open_at(settings, now)
        reminder_id = reminding.add_reminder(site, habit_id, person_id, f"daily 1{number % 10}:30", now)
        people.pause(site, person_id, 1, now)
        people.resume(site, person_id, now)
        reminding.remove_reminder(site, reminder_id)
        site.db.close()
