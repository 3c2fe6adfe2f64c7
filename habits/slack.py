"""Slack: the most days from today on that may add nothing, if the run is to live.

The rule: every day after those is done, and at the end of every day the run is alive as far as the entries
up to that day tell. Pauses and goals that are known ahead are respected. A planned change of unit ends the
question, as it ends the run without a miss.
"""

from habits.entries import DONE, EXCUSED
from habits.goals import Kind, Unit
from habits.periods import Ledger, Span, done_and_left, periods
from habits.runs import Tally, advance, until_break
from habits.verdicts import keep, verdict_if_done


def checkpoint(book: Ledger) -> int:
    """Return the day before which nothing that is added from today on changes a verdict."""
    return max(0, book.today - max((span.goal.days for span in _rolling(book)), default=0))


def slack(book: Ledger, verdicts: bytearray, before: Tally, now: Tally) -> int | None:
    """Return the days of slack: 0 is today. None without a run, or if nothing can save it any more.

    `before` is the tally at the checkpoint, `now` the one that counts today. Where nothing can break the run
    it is the days looked at: today and `periods.AHEAD` more.
    """
    if not now.count:
        return None
    if now.unit is not Unit.DAY:
        return _in_periods(book)
    longest = _until_break(book, verdicts, before)
    if not _rolling(book):
        return longest
    for days in range(longest, -1, -1):
        if _survives(book, verdicts, before, now.since, book.today + days):
            return days
    return None


def _era(book: Ledger) -> list[Span]:
    """Return the span of today and those after it, as long as they count in the same unit."""
    position = book.spans.index(book.span_of(book.today))
    unit = book.spans[position].goal.unit
    era = book.spans[position:]
    others = [place for place, span in enumerate(era) if span.goal.unit is not unit]
    return era[: others[0]] if others else era


def _rolling(book: Ledger) -> list[Span]:
    """Return the spans of rolling goals with a day whose verdict may still change."""
    spans = [span for span in book.spans if span.goal.kind is Kind.ROLLING]
    return [span for span in spans if span.last + span.goal.days > book.today]


def _in_periods(book: Ledger) -> int | None:
    """Find the first week or month that is not kept without more, and how late its rest can begin."""
    era = _era(book)
    for span in era:
        for first, last in periods(book, span, book.today):
            if last >= len(book.marks):
                break
            start = _latest_start(book, first, last, span.goal.times)
            if start is None:
                return None
            if start <= last:
                return start - book.today
    return min(era[-1].last + 1, len(book.marks)) - book.today


def _latest_start(book: Ledger, first: int, last: int, times: int) -> int | None:
    """Return the latest day from which doing every day keeps the period; the day after it if it is kept."""
    done, left = done_and_left(book, first, last)
    start = last + 1
    while done < min(times, left):
        start -= 1
        if start < max(first, book.today):
            return None
        done += not book.marks[start] & DONE
        left += book.marks[start] == EXCUSED
    return start


def _until_break(book: Ledger, verdicts: bytearray, before: Tally) -> int:
    """Return the days until the run breaks if nothing more is ever added."""
    tally = before.copy()
    advance(tally, book, verdicts, checkpoint(book), book.today)
    day = book.today
    for span in _era(book):
        tally.enter(span.goal.unit)
        day = until_break(tally, verdicts, max(span.first, book.today), span.last + 1, span.goal.reserve)
        if day <= span.last:
            break
    return day - book.today


def _survives(book: Ledger, verdicts: bytearray, before: Tally, since: int, start: int) -> bool:
    """Return whether the run is alive at the end of each day from `start` on, if all of them are done.

    Once as many days are done in a row as any window asks for, every day from `start` on is kept and no
    verdict before it changes any more, so that no later day needs a look.
    """
    tried = verdicts[:]
    begin = checkpoint(book)
    rolling = _rolling(book)
    done = [day for day in range(begin, book.today + 1) if book.marks[day] & DONE and day != start]
    end = _era(book)[-1].last + 1
    for day in range(start, min(end, start + max(span.goal.times for span in rolling))):
        done.append(day)
        tried[day] = verdict_if_done(book, tried, day)
        for span in rolling:
            earliest = done[-span.goal.times :][0]
            if len(done) >= span.goal.times and day - earliest < span.goal.days:
                keep(tried, span, earliest, earliest + span.goal.days)
        tally = before.copy()
        advance(tally, book, tried, begin, day + 1)
        if not tally.count or tally.since > since:
            return False
    return True
