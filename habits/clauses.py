"""The grammar of commands: what is said of which habits and days, in one message of several clauses.

What is understood in part is told apart from what is not: it is kinder to ask than to log what was not meant.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from habits import items, past, verbs, words
from habits.items import Act, Ground, Item, Targets, Verb, When

OF_HABITS = frozenset({Verb.DONE, Verb.SKIP})
OF_DAYS = OF_HABITS | {Verb.AFFIRM}
OF_BOTH = frozenset({Verb.TOGETHER, Verb.APART})
OF_NAMED = OF_BOTH | {Verb.DROP}
"""What is said of habits too, but of nothing else in the same message, and with the verb first."""
OF_ALL = frozenset({Verb.LEAVE, Verb.DELETE})
"""What is said of everything, and so of nothing beside it: "leave at 8"."""
ALONE = frozenset({Verb.LATER, Verb.PAUSE, Verb.AT, Verb.REST_WITH})
"""Numbers after these could belong to them."""

Clause = list[Item]


@dataclass(frozen=True, slots=True)
class Statement:
    """An act, with the numbers that it is said of, none for a bare `done`, and the day if one was named."""

    act: Act
    numbers: tuple[int, ...] = ()
    when: When | None = None
    named: bool = False
    """It is a habit's name and nothing else."""


@dataclass(slots=True)
class Read:
    """What was read of a message: its clauses, and the tokens of those that were not understood."""

    clauses: list[Clause] = field(default_factory=lambda: [[]])
    whole: int = 0
    """How many clauses there were at the last mark that ends one; what joins two does not."""
    unread: list[list[str]] = field(default_factory=list)


def statements(tokens: Sequence[str], ground: Ground) -> tuple[list[Statement], list[list[str]]]:
    """Return what a message says, and the tokens of the clauses that were not understood.

    No statement if what was read could be read in two ways.
    """
    read = _read(tokens, ground)
    common, clauses = _common_day(_without_affirmation(read.clauses))
    said: list[Statement] = []
    before: Clause = []
    for clause in clauses:
        more = _said(clause, before, said)
        if more is None:
            return [], read.unread
        said, before = more, clause
    if common:
        said = [replace(one, when=common) if one.act.verb in OF_DAYS else one for one in said]
        if not any(one.when or one.act.verb is Verb.HEARD for one in said):
            return [], read.unread  # A day alone, or one that goes with nothing: "pause monday".
    return (said if _agree(said) else []), read.unread


def _agree(said: list[Statement]) -> bool:
    """Say whether all that was said can stand in one message."""
    bare = {one.act.verb for one in said if not one.numbers and not one.act.of}
    named = {one.act.verb for one in said}
    # Among other things it is hardly a wish that the other can see it, nor to leave; "no, done" is no done.
    return not (
        bare >= OF_HABITS
        or (named & OF_NAMED and len(named) > 1)
        or (Verb.HEARD in named and Verb.DONE in named)
        or (named & OF_ALL and len(said) > 1)
    )


def _read(tokens: Sequence[str], ground: Ground) -> Read:
    """Return the items of each clause; what was not understood ends where the next clause begins."""
    read = Read()
    place = 0
    while place < len(tokens):
        if words.match(tokens, place, words.phrases("says_nothing", ground.language)):
            place = _pass_over(tokens, place, read)
        elif found := _item(tokens, place, ground):
            read.clauses[-1].append(found[0])
            place = found[1]
        elif length := _break(tokens, place, ground):
            if tokens[place] == words.SEPARATOR:
                read.whole = len(read.clauses)
            read.clauses.append([])
            place += length
        elif length := _idle(tokens, place, ground):
            place += length
        else:
            place = _pass_over(tokens, place, read)
    return read


def _item(tokens: Sequence[str], place: int, ground: Ground) -> tuple[Item, int] | None:
    return (
        verbs.act(tokens, place, ground)
        or past.day(tokens, place, ground)
        or items.targets(tokens, place, ground)
    )


def _pass_over(tokens: Sequence[str], place: int, read: Read) -> int:
    """Leave a clause out, and what had been read of it; return where the next one begins."""
    start = place
    while start > 0 and tokens[start - 1] != words.SEPARATOR:
        start -= 1
    end = place
    while end < len(tokens) and tokens[end] != words.SEPARATOR:
        end += 1
    read.unread.append(list(tokens[start:end]))
    read.clauses[read.whole :] = [[]]
    return end


def _break(tokens: Sequence[str], place: int, ground: Ground) -> int:
    return int(tokens[place] == words.SEPARATOR) or words.match(
        tokens, place, words.phrases("joins", ground.language)
    )


def _idle(tokens: Sequence[str], place: int, ground: Ground) -> int:
    """Return how many tokens from here on change nothing: courtesies, fillers, an emoji."""
    for name in ("courtesies", "fillers"):
        if length := words.match(tokens, place, words.phrases(name, ground.language)):
            return length
    return int(words.is_decoration(tokens[place]))


def _without_affirmation(clauses: list[Clause]) -> list[Clause]:
    """Return the clauses tidied, without a "yes" or "ok" that only leads in something else."""
    yes = Act(Verb.AFFIRM)
    only = all(item == yes or isinstance(item, When) for clause in clauses for item in clause)
    kept = [[item for item in clause if only or item != yes] for clause in clauses]
    return [_tidied(clause) for clause in kept if clause]


def _tidied(clause: Clause) -> Clause:
    """Return a clause with numbers side by side as one, and what is said twice in a row said once."""
    tidy: Clause = []
    for item in clause:
        match tidy, item:
            case [*_, Targets(left)], Targets(right):
                tidy[-1] = Targets(left + right, named=item.named)
            case [*_, Act(verb=Verb.DONE)], Act(verb=Verb.TOGETHER | Verb.AT):
                pass  # "We did it together", "done at 8": that is how it was done.
            case [*_, Targets(numbers=of)], Act(verb=Verb.AT | Verb.REST_WITH | Verb.DROP) if item.of == of:
                tidy[-1] = item  # "gratitude at 19:30"
            case [*_, Targets(numbers=of, named=True)], Act(verb=Verb.PAUSE):
                tidy[-1] = replace(item, verb=Verb.REST_WITH, of=of)
            case [*_, Targets(numbers=of, named=True)], Act(verb=Verb.RESUME, of=()):
                tidy[-1] = replace(item, of=of)
            case _ if item not in tidy[-1:]:
                tidy.append(item)
    return tidy


def _common_day(clauses: list[Clause]) -> tuple[When | None, list[Clause]]:
    """Return the one day of a message, if it begins or ends it, and the clauses without it.

    "1 and 3 yesterday" is yesterday for both; "1 yesterday, 3" is not. Where several days are named, a clause
    that is a day alone belongs to the one before it: "done today and yesterday".
    """
    days = {item for clause in clauses for item in clause if isinstance(item, When)}
    if len(days) == 1:
        (day,) = days
        if clauses[0][0] == day or clauses[-1][-1] == day or len(clauses) == 1:
            bare = [[item for item in clause if item != day] for clause in clauses]
            return day, [clause for clause in bare if clause]
    merged: list[Clause] = []
    for clause in clauses:
        if merged and all(isinstance(item, When) for item in clause):
            merged[-1] = merged[-1] + clause
        else:
            merged.append(clause)
    return None, merged


def _said(clause: Clause, before: Clause, said: list[Statement]) -> list[Statement] | None:
    """Return what has been said once `clause` is added to it, or None if it could mean two things."""
    days = [item for item in clause if isinstance(item, When)]
    if not days:
        return _spoken(clause, before, said)
    # A day stands before or after what it is of, and "1 yesterday 3 today" is two clauses in one.
    groups: list[tuple[Clause, list[When]]] = []
    for item in clause:
        if isinstance(item, When):
            if not groups or (groups[-1][0] and groups[-1][1] and clause[0] == item):
                groups.append(([], []))
            groups[-1][1].append(item)
        else:
            if not groups or (groups[-1][1] and groups[-1][0]):
                groups.append(([], []))
            groups[-1][0].append(item)
    more = list(said)
    for spoken, of in groups:
        added = _spoken(spoken, [], []) if spoken else None
        if not added or not of or any(one.act.verb not in OF_DAYS for one in added):
            return None
        more += [replace(one, when=day) for day in dict.fromkeys(of) for one in added]
    return more


def _spoken(spoken: Clause, before: Clause, said: list[Statement]) -> list[Statement] | None:
    acts = [item for item in spoken if isinstance(item, Act)]
    targets = [item for item in spoken if isinstance(item, Targets)]
    after_numbers = len(before) == 1 and isinstance(before[0], Targets)
    if not acts and not targets:
        return said
    if not acts:
        return _continued(targets[0], before, said)
    if not targets:
        return _bare(acts, said, after_numbers)
    # As many as there are verbs: "done 1 skip 2", "1 done 2 skip" and "1 done skip 2" pair up in their order.
    if len(acts) != len(targets) or any(act.verb not in OF_HABITS | OF_NAMED for act in acts):
        return None
    # "1 together" may as well have been done together.
    if isinstance(spoken[0], Targets) and any(act.verb in OF_BOTH for act in acts):
        return None
    # "1, 2 skip": is only the second one skipped, or both?
    if after_numbers and isinstance(spoken[0], Targets) and acts[0].verb is Verb.SKIP:
        return None
    return said + [Statement(act, of.numbers) for act, of in zip(acts, targets, strict=True)]


def _continued(of: Targets, before: Clause, said: list[Statement]) -> list[Statement] | None:
    """Add numbers that stand alone: they belong to the verb before them ("skip 1, 2"), or were done."""
    if said:
        last = said[-1]
        if last.act.verb in ALONE:
            return None
        verb_first = bool(before) and (
            isinstance(before[-1], Targets) or all(isinstance(item, Act) for item in before)
        )
        if last.act.verb in OF_HABITS | OF_NAMED and verb_first:
            return [*said[:-1], replace(last, numbers=last.numbers + of.numbers)]
    return [*said, Statement(Act(Verb.DONE), of.numbers, named=of.named)]


def _bare(acts: list[Act], said: list[Statement], after_numbers: bool) -> list[Statement] | None:
    """Add verbs that stand alone: "1, done" is one statement, "1, skip" could be two."""
    if after_numbers and acts[0].verb in {Verb.SKIP, Verb.LATER, *OF_NAMED}:
        return None
    if len(acts) > 1 and any(act.verb is Verb.AT for act in acts):
        return None  # "More at 8" is no change of the time.
    if after_numbers and acts[0].verb is Verb.DONE:
        acts = acts[1:]
    return said + [Statement(act) for act in acts]
