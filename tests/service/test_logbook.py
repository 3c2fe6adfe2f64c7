from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from habits.entries import Mark
from service import logbook
from service.ids import new_id
from service.models import EntryRow
from tests.world import World

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
NOON = "daily 12:00"


class Book:
    """Alex's log of two habits."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.alex = world.enrol("Alex")
        self.gratitude = world.take_up("gratitude", "daily", NOON, self.alex)
        self.empathy = world.take_up("empathy", "daily", NOON, self.alex)

    def log(
        self, *days: tuple[UUID, date], mark: Mark = Mark.DONE, source: str = "reply", by: UUID | None = None
    ) -> int:
        with self.world.site.db.write() as session:
            message = by or new_id()
            return logbook.log(session, self.alex, list(days), mark, source, message, self.world.at)

    def undo(self, source: str = "reply", by: UUID | None = None) -> list[tuple[UUID, date]]:
        with self.world.site.db.write() as session:
            return logbook.undo_last(session, self.alex, source, by or new_id(), self.world.at)

    def entries(self, person: UUID | None = None) -> list[EntryRow]:
        with self.world.site.db.read() as session:
            wanted = select(EntryRow).where(EntryRow.person_id == (person or self.alex))
            rows = list(session.scalars(wanted.order_by(EntryRow.seq)))
            session.expunge_all()
            return rows


@pytest.fixture
def book(world: World) -> Book:
    return Book(world)


def test_an_entry_says_who_what_when_and_whence(book: Book) -> None:
    message = new_id()
    assert book.log((book.gratitude, MONDAY), mark=Mark.SKIPPED, by=message) == 1
    (row,) = book.entries()
    assert (row.person_id, row.habit_id, row.day, row.kind) == (
        book.alex,
        book.gratitude,
        MONDAY,
        Mark.SKIPPED,
    )
    assert (row.source, row.source_id, row.at, row.undoes_id) == ("reply", message, book.world.at, None)


def test_entries_are_numbered_as_they_came(book: Book) -> None:
    assert book.log((book.gratitude, MONDAY), (book.empathy, MONDAY), (book.gratitude, TUESDAY)) == 3
    assert book.log((book.empathy, TUESDAY)) == 1
    kept = [(row.seq, row.habit_id, row.day) for row in book.entries()]
    assert kept == [
        (1, book.gratitude, MONDAY),
        (2, book.empathy, MONDAY),
        (3, book.gratitude, TUESDAY),
        (4, book.empathy, TUESDAY),
    ]


def test_the_same_message_twice_adds_nothing(book: Book) -> None:
    message = new_id()
    assert book.log((book.gratitude, MONDAY), (book.empathy, MONDAY), by=message) == 2
    before = book.entries()
    assert book.log((book.gratitude, MONDAY), (book.empathy, MONDAY), by=message) == 0
    assert [row.id for row in book.entries()] == [row.id for row in before]
    # A crash in between may have left a part of it.
    assert book.log((book.gratitude, MONDAY), (book.gratitude, TUESDAY), by=message) == 1
    assert [row.day for row in book.entries()] == [MONDAY, MONDAY, TUESDAY]


def test_a_day_named_twice_in_a_message_is_one_entry(book: Book) -> None:
    assert book.log((book.gratitude, MONDAY), (book.gratitude, MONDAY)) == 1
    assert len(book.entries()) == 1


def test_nothing_to_log_is_no_error(book: Book) -> None:
    assert book.log() == 0
    assert book.entries() == []


def test_another_message_about_the_same_day_is_another_fact(book: Book) -> None:
    assert book.log((book.gratitude, MONDAY)) == 1
    assert book.log((book.gratitude, MONDAY)) == 1
    assert len(book.entries()) == 2


def test_an_undo_takes_back_all_of_the_last_message(book: Book) -> None:
    book.log((book.gratitude, MONDAY))
    book.log((book.gratitude, TUESDAY), (book.empathy, TUESDAY))
    assert book.undo() == [(book.gratitude, TUESDAY), (book.empathy, TUESDAY)]
    rows = book.entries()
    assert [(row.seq, row.kind) for row in rows[3:]] == [(4, Mark.UNDONE), (5, Mark.UNDONE)]
    assert [row.undoes_id for row in rows[3:]] == [rows[1].id, rows[2].id]
    assert [row.day for row in rows[3:]] == [TUESDAY, TUESDAY]


def test_undo_after_undo_goes_further_back(book: Book) -> None:
    book.log((book.gratitude, MONDAY))
    book.log((book.gratitude, TUESDAY))
    assert book.undo() == [(book.gratitude, TUESDAY)]
    assert book.undo() == [(book.gratitude, MONDAY)]
    assert book.undo() == []
    assert len(book.entries()) == 4


def test_what_was_undone_can_be_done_again_and_undone_again(book: Book) -> None:
    book.log((book.gratitude, MONDAY))
    book.undo()
    book.log((book.gratitude, MONDAY))
    assert book.undo() == [(book.gratitude, MONDAY)]
    assert book.undo() == []


def test_one_undo_takes_back_one_message_however_often_it_is_read(book: Book) -> None:
    """Two messages said the same of the same day; `undo, undo` in one message is one undo."""
    book.log((book.gratitude, MONDAY))
    book.log((book.gratitude, MONDAY))
    message = new_id()
    assert book.undo(by=message) == [(book.gratitude, MONDAY)]
    assert book.undo(by=message) == []
    assert len(book.entries()) == 3
    assert book.undo() == [(book.gratitude, MONDAY)]


def test_a_skip_is_taken_back_as_well(book: Book) -> None:
    book.log((book.gratitude, MONDAY), mark=Mark.SKIPPED)
    assert book.undo() == [(book.gratitude, MONDAY)]


def test_nobody_takes_back_what_came_from_elsewhere_or_from_the_other(book: Book) -> None:
    book.log((book.gratitude, MONDAY), source="import")
    sam = book.world.enrol("Sam")
    habit = book.world.take_up("gratitude", "daily", NOON, sam)
    with book.world.site.db.write() as session:
        logbook.log(session, sam, [(habit, MONDAY)], Mark.DONE, "reply", new_id(), book.world.at)
    assert book.undo() == []
    assert [row.seq for row in book.entries(sam)] == [1]
    assert book.undo("import") == [(book.gratitude, MONDAY)]
    assert len(book.entries(sam)) == 1


def test_a_failed_transaction_leaves_no_entry(book: Book) -> None:
    def log_and_fail() -> None:
        with book.world.site.db.write() as session:
            day = [(book.gratitude, MONDAY)]
            logbook.log(session, book.alex, day, Mark.DONE, "reply", new_id(), book.world.at)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        log_and_fail()
    assert book.entries() == []
    book.world.at += timedelta(minutes=1)
    assert book.log((book.gratitude, MONDAY)) == 1
    assert [row.seq for row in book.entries()] == [1]
