"""A verb of the grammar with what belongs to it: a span, a time, a day, or the habits that it names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache

from habits import items, numbers, words
from habits.items import Act, Ground, Verb

LONGEST_PAUSE = 366
EVERY_ITEM = range(1, 4)
"""The places of a check-in's items."""
Found = tuple[Act, int] | None


def act(tokens: Sequence[str], place: int, ground: Ground) -> Found:
    """Return the act at a place with the place after it, or None if there is no verb, or half of one."""
    verbs = _verbs(ground.language)
    length = words.match(tokens, place, verbs)
    if not length:
        return _verb_last(tokens, place, ground)
    # "Together time" is a name of quality time.
    if length <= words.match(tokens, place, ground.names):
        return None
    verb, after = verbs[tuple(tokens[place : place + length])], place + length
    given = after + int(after < len(tokens) and tokens[after] == words.SEPARATOR)
    match verb:
        case Verb.LATER:
            return _later(tokens, given, ground) or (Act(Verb.LATER), after)
        case Verb.LATER_IN:
            return _later(tokens, after, ground)
        case Verb.PAUSE:
            return _rest(tokens, after, ground) or _pause(tokens, given, ground) or (Act(Verb.PAUSE), after)
        case Verb.PAUSE_WITH:
            return (
                _rest(tokens, after, ground)
                or _pause(tokens, after, ground)
                or _rest_of_named(tokens, place, after, ground)
            )
        case Verb.REST_WITH:
            return _rest(tokens, after, ground) or _rest_of_named(tokens, place, after, ground)
        case Verb.RESUME | Verb.WHY | Verb.HOW | Verb.MORE | Verb.DEEPER:
            return _with_habit(verb, tokens, after, ground)
        case Verb.AT:
            return _at(tokens, place, after, ground)
        case Verb.SHARE | Verb.SHARE_NOTHING:
            return _share(verb, tokens, after, ground)
        case Verb.DROP_NAMED | Verb.LEAVE | Verb.DELETE:
            return _drop_named(verb, tokens, place, after, ground)
    return Act(verb), after


@cache
def _verbs(language: str) -> Mapping[words.Phrase, Verb]:
    # "Y" is a yes in English and an "and" in Spanish: a person's own language comes first.
    joins = words.phrases("joins", language)
    return {
        phrase: verb
        for verb in reversed(Verb)
        for phrase in words.phrases(verb.value, language)
        if phrase not in joins
    }


def _verb_last(tokens: Sequence[str], place: int, ground: Ground) -> Found:
    """Return a later or a pause whose span, day or time comes before its verb: "3 days pause"."""
    language = ground.language
    for verb, read in ((Verb.PAUSE, _pause), (Verb.LATER, _later)):
        found = read(tokens, place, ground)
        if found and found[1] > place:
            after = found[1] + words.match(tokens, found[1], words.phrases("fillers", language))
            if length := words.match(tokens, after, words.phrases(verb.value, language)):
                return found[0], after + length
    return None


def _later(tokens: Sequence[str], place: int, ground: Ground) -> Found:
    language = ground.language
    start = place + words.match(tokens, place, words.phrases("span_leads", language))
    if span := numbers.minutes(tokens, start, language):
        return Act(Verb.LATER, delay=span[0]), span[1]
    if days := numbers.days(tokens, start, language):
        return Act(Verb.LATER, on=ground.now.date() + timedelta(days=days[0])), days[1]
    return _later_on(tokens, place, ground) or _later_at(tokens, place, ground)


def _later_on(tokens: Sequence[str], place: int, ground: Ground) -> Found:
    language = ground.language
    start = place + words.match(tokens, place, words.phrases("until", language))
    start = (
        start if start > place else place + words.match(tokens, place, words.phrases("day_leads", language))
    )
    day = numbers.day(tokens, start, ground.now.date(), language)
    if day is None:
        return None
    after = day[1] + words.match(tokens, day[1], words.phrases("of_day", language))
    # On another day a time is as it was said: "tomorrow at 9" is in the morning.
    morning = replace(ground, now=ground.now.replace(hour=0, minute=0))
    clock = _later_at(tokens, after, morning)
    return (
        (Act(Verb.LATER, on=day[0], at=clock[0].at), clock[1])
        if clock
        else (Act(Verb.LATER, on=day[0]), after)
    )


def _later_at(tokens: Sequence[str], place: int, ground: Ground) -> Found:
    language = ground.language
    place += words.match(tokens, place, words.phrases("today", language))
    start = place + words.match(tokens, place, words.phrases("clock_leads", language))
    clock = numbers.clock(tokens, start, ground.now, language)
    # A number alone ("later 2", "later two") could as well be a habit or a span.
    if clock is None or (
        clock[1] == place + 1 and tokens[place].isalnum() and not _is_noon(tokens, place, language)
    ):
        return None
    return Act(Verb.LATER, at=clock[0]), clock[1]


def _is_noon(tokens: Sequence[str], place: int, language: str) -> bool:
    return words.match(tokens, place, words.phrases("noon", language)) > 0


def _pause(tokens: Sequence[str], place: int, ground: Ground) -> Found:
    """Return a pause of days, or a later where it is one of hours."""
    language, today = ground.language, ground.now.date()
    if length := words.match(tokens, place, words.phrases("today", language)):
        return Act(Verb.PAUSE, days=1), place + length
    start = place + words.match(tokens, place, words.phrases("span_leads", language))
    if (days := numbers.days(tokens, start, language)) and days[0] <= LONGEST_PAUSE:
        return Act(Verb.PAUSE, days=days[0]), days[1]
    if span := numbers.minutes(tokens, start, language):
        return Act(Verb.LATER, delay=span[0]), span[1]
    lead = words.match(tokens, place, words.phrases("until", language))
    if not lead:
        return None
    until = numbers.day(tokens, place + lead, today, language)
    if until is None and place + lead < len(tokens):
        in_digits = numbers.coming_in_digits(tokens[place + lead], today)
        until = (in_digits, place + lead + 1) if in_digits else None
    if until and (until[0] - today).days <= LONGEST_PAUSE:
        return Act(Verb.PAUSE, until=until[0]), until[1]
    return None if until else _later_at(tokens, place, ground)


def _rest(tokens: Sequence[str], place: int, ground: Ground) -> Found:
    """Return a pause of the habits that are named after the verb. A number could as well be one of days."""
    place += words.match(tokens, place, words.phrases("leads", ground.language))
    found = items.named(tokens, place, ground)
    if found is None:
        return None
    of, after = found[0].numbers, found[1]
    # "stop gratitude reminders"
    after += words.match(tokens, after, words.phrases("messages", ground.language))
    if (span := _pause(tokens, after, ground)) and span[0].verb is Verb.PAUSE:
        return replace(span[0], verb=Verb.REST_WITH, of=of), span[1]
    return Act(Verb.REST_WITH, of), after


def _rest_of_named(tokens: Sequence[str], place: int, after: int, ground: Ground) -> Found:
    """Return the rest of a habit whose name stands before the verb: "gratitude stop"."""
    of = _named_before(tokens, place, ground)
    return (Act(Verb.REST_WITH, of), after) if of else None


def _with_habit(verb: Verb, tokens: Sequence[str], place: int, ground: Ground) -> Found:
    found = items.targets(tokens, place, ground)
    return (Act(verb, found[0].numbers), found[1]) if found else (Act(verb), place)


def _at(tokens: Sequence[str], lead: int, place: int, ground: Ground) -> Found:
    """Return an `at` with its time, before or after it the habit, if one is named."""
    clock = numbers.clock(tokens, place, ground.now, ground.language)
    # "at 2" or "make it 2" could as well be a habit.
    if clock is None:
        return None
    after = clock[1]
    # "At 20:30 remind me again" is about this once.
    idle = words.match(tokens, after, words.phrases("fillers", ground.language))
    if again := words.match(tokens, after + idle, words.phrases("later", ground.language)):
        return Act(Verb.LATER, at=clock[0]), after + idle + again
    start = after + words.match(tokens, after, words.phrases("at_name_leads", ground.language))
    # "At 20:00 2" names a habit; "at 8 2" could be anything.
    numbered = start > after or not tokens[after - 1].isdigit()
    found = items.targets(tokens, start, ground) if numbered else items.named(tokens, start, ground)
    after += words.match(tokens, after, words.phrases("at_tails", ground.language))
    if found:
        tail = words.match(tokens, found[1], words.phrases("at_tails", ground.language))
        return Act(Verb.AT, found[0].numbers, at=clock[0]), found[1] + tail
    if lead and (before := _named_before(tokens, lead, ground)):
        return Act(Verb.AT, before, at=clock[0]), after
    return Act(Verb.AT, at=clock[0]), after


def _named_before(tokens: Sequence[str], lead: int, ground: Ground) -> tuple[int, ...]:
    """Return the habit whose name ends right before a place: "gratitude at 19:30"."""
    for start in range(max(0, lead - items.LONGEST_NAME), lead):
        if (found := items.named(tokens, start, ground)) and found[1] == lead:
            return found[0].numbers
    return ()


def _share(verb: Verb, tokens: Sequence[str], place: int, ground: Ground) -> Found:
    of: list[int] = []
    after = place
    joins = words.phrases("joins", ground.language) | {(words.SEPARATOR,)}
    leads = words.phrases("number_leads", ground.language) | words.phrases("leads", ground.language)
    while True:
        start = after + (words.match(tokens, after, joins) if of else 0)
        start += words.match(tokens, start, leads)
        read = numbers.numbers_or_range(tokens, start, EVERY_ITEM, ground.language)
        if read is None:
            break
        of += read[0]
        after = read[1]
    if not of and (length := words.match(tokens, after, words.phrases("all", ground.language))):
        of, after = list(EVERY_ITEM), after + length
    after += words.match(tokens, after, words.phrases("share_tails", ground.language))
    return Act(verb, tuple(dict.fromkeys(of))), after


def _drop_named(verb: Verb, tokens: Sequence[str], lead: int, place: int, ground: Ground) -> Found:
    """Return a drop of the habit that is named beside "remove" or "leave"; without one, the verb."""
    start = place + words.match(tokens, place, words.phrases("leads", ground.language))
    if found := items.named(tokens, start, ground):
        return Act(Verb.DROP, found[0].numbers), found[1]
    if of := _named_before(tokens, lead, ground):
        return Act(Verb.DROP, of), place
    return None if verb is Verb.DROP_NAMED else (Act(verb), place)
