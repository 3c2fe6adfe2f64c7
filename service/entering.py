"""Entries that an admin makes for a person who asks for it."""

from datetime import date, datetime
from uuid import UUID

from habits.entries import Mark
from service import due, facts, logbook, membership, rests
from service.errors import WrongUsage
from service.ids import new_id
from service.site import Site

SOURCE = "admin"


def log_for(site: Site, person_id: UUID, number: int, day: date | None, mark: Mark, now: datetime) -> date:
    """Log one of a person's habits, by its number, for a day since its start; return the day."""
    with site.db.write() as session:
        (person,) = membership.locked(session, [person_id])
        today = due.today(person, now)
        share = next((s for s in facts.shares(session, {person.id}).values() if s.number == number), None)
        if share is None:
            raise WrongUsage(f"They have no habit with the number {number}; `attune habit list` shows them.")
        on = day or today
        last = min(today, share.ended_on or today)
        if not share.facts.started_on <= on <= last:
            raise WrongUsage(
                f"That habit runs from {share.facts.started_on} to {last}; give a day in between with --on."
            )
        logbook.log(session, person.id, [(share.habit_id, on)], mark, SOURCE, new_id(), now)
        rests.alive(session, person, now)
        return on
