"""The grammar of commands: what is said of which habits, in one message of several clauses.

Every word has to be understood, otherwise nothing is: it is kinder to ask than to log what was not meant.
"""

from collections.abc import Sequence

from habits import items, words
from habits.items import Act, Ground, Item, Targets, Verb

OF_HABITS = frozenset({Verb.DONE, Verb.SKIP})
OF_BOTH = frozenset({Verb.TOGETHER, Verb.APART})
"""What is said of habits too, but of nothing else in the same message, and with the verb first."""
ALONE = frozenset({Verb.LATER, Verb.PAUSE})

Clause = list[Item]
Statement = tuple[Act, tuple[int, ...]]


def statements(tokens: Sequence[str], ground: Ground) -> list[Statement]:
    """Return what a message says: acts with the numbers they are said of, none for a bare `done`.

    Empty if any part of it was not understood or could be read in two ways.
    """
    said: list[Statement] = []
    before: Clause = []
    for clause in _without_affirmation(_clauses(tokens, ground)):
        more = _said(clause, before, said)
        if more is None:
            return []
        said, before = more, clause
    bare = {act.verb for act, of in said if not of}
    verbs = {act.verb for act, _ in said}
    # Among other things it is hardly a wish that the other can see it.
    return [] if bare >= OF_HABITS or (verbs & OF_BOTH and len(verbs) > 1) else said


def _clauses(tokens: Sequence[str], ground: Ground) -> list[Clause]:
    """Return the items of each clause; nothing if one token was not understood."""
    clauses: list[Clause] = [[]]
    place = 0
    while place < len(tokens):
        if found := items.read(tokens, place, ground):
            clauses[-1].append(found[0])
            place = found[1]
        elif length := _break(tokens, place, ground):
            clauses.append([])
            place += length
        elif length := _idle(tokens, place, ground):
            place += length
        else:
            return []
    return clauses


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
    only = all(item == yes for clause in clauses for item in clause)
    kept = [[item for item in clause if only or item != yes] for clause in clauses]
    return [_tidied(clause) for clause in kept if clause]


def _tidied(clause: Clause) -> Clause:
    """Return a clause with numbers side by side as one, and what is said twice in a row said once."""
    tidy: Clause = []
    for item in clause:
        match tidy, item:
            case [*_, Targets(left)], Targets(right):
                tidy[-1] = Targets(left + right)
            case [*_, Act(verb=Verb.DONE)], Act(verb=Verb.TOGETHER):
                pass  # "We did it together": that is how it was done.
            case _ if item not in tidy[-1:]:
                tidy.append(item)
    return tidy


def _said(clause: Clause, before: Clause, said: list[Statement]) -> list[Statement] | None:
    """Return what has been said once `clause` is added to it, or None if it could mean two things."""
    acts = [item for item in clause if isinstance(item, Act)]
    targets = [item.numbers for item in clause if isinstance(item, Targets)]
    after_numbers = len(before) == 1 and isinstance(before[0], Targets)
    if not acts:
        return _continued(targets[0], before, said)
    if not targets:
        return _bare(acts, said, after_numbers)
    # As many as there are verbs: "done 1 skip 2", "1 done 2 skip" and "1 done skip 2" pair up in their order.
    if len(acts) != len(targets) or any(act.verb not in OF_HABITS | OF_BOTH for act in acts):
        return None
    # "1 together" may as well have been done together.
    if isinstance(clause[0], Targets) and any(act.verb in OF_BOTH for act in acts):
        return None
    # "1, 2 skip": is only the second one skipped, or both?
    if after_numbers and isinstance(clause[0], Targets) and acts[0].verb is Verb.SKIP:
        return None
    return said + list(zip(acts, targets, strict=True))


def _continued(of: tuple[int, ...], before: Clause, said: list[Statement]) -> list[Statement] | None:
    """Add numbers that stand alone: they belong to the verb before them ("skip 1, 2"), or were done."""
    if said:
        act, numbers = said[-1]
        if act.verb in ALONE:
            return None
        verb_first = isinstance(before[-1], Targets) or all(isinstance(item, Act) for item in before)
        if act.verb in OF_HABITS | OF_BOTH and verb_first:
            return [*said[:-1], (act, numbers + of)]
    return [*said, (Act(Verb.DONE), of)]


def _bare(acts: list[Act], said: list[Statement], after_numbers: bool) -> list[Statement] | None:
    """Add verbs that stand alone: "1, done" is one statement, "1, skip" could be two."""
    if after_numbers and acts[0].verb in {Verb.SKIP, Verb.LATER, *OF_BOTH}:
        return None
    if after_numbers and acts[0].verb is Verb.DONE:
        acts = acts[1:]
    return said + [(act, ()) for act in acts]
