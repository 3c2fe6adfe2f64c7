"""What the grammar reads a message against: habits by name and number, and what "all" and "both" are."""

from functools import lru_cache

from habits import words
from habits.context import Context, Known
from habits.items import Ground

BOTH, THREE = 2, 3


def ground(context: Context) -> Ground:
    """Return what a message of this person is read against."""
    names: dict[words.Phrase, frozenset[int]] = {}
    for habit in context.habits:
        for name in _names(habit):
            names[name] = names.get(name, frozenset()) | {habit.number}
    known, newest = context.known, context.newest
    open_ones = tuple(sorted({number for nudge in context.waiting for number in nudge} & set(known)))
    choices = (newest, open_ones or known, known)
    return Ground(
        context.language,
        context.now,
        context.day,
        names,
        known,
        all=newest or (known if len(known) == 1 else ()),
        both=next((of for of in choices[:2] if len(of) == BOTH), ()),
        three=next((of for of in choices if len(of) == THREE), ()),
    )


@lru_cache(maxsize=1024)
def _names(habit: Known) -> frozenset[words.Phrase]:
    return frozenset(form for name in (habit.slug, habit.title, *habit.aliases) for form in words.forms(name))


def named_in(tokens: words.Phrase, context: Context) -> set[int]:
    """Return the habits that a story names, by number or by name; "for 2 hours" names none."""
    known = ground(context)
    units = {**words.values("minutes", context.language), **words.values("days", context.language)}
    found: set[int] = set()
    for place, token in enumerate(tokens):
        unit = place + 1 < len(tokens) and tokens[place + 1] in units
        if token.isdigit() and len(token) < 3 and int(token) in context.known and not unit:
            found.add(int(token))
        if length := words.match(tokens, place, known.names):
            found |= known.names[tuple(tokens[place : place + length])]
    return found
