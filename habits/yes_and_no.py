"""Yes and no, where they were asked for: to messages at all, or to the question that is open."""

from habits import words
from habits.parts import Agree, Apart, Asked, Context, Part, Pause, Resume, Stop, Together


def consent(tokens: words.Phrase, asks: bool, context: Context) -> tuple[Part, ...]:
    """Return consent or its refusal, only where it is asked for; a question is neither."""
    courtesies = words.everywhere("courtesies")
    yes = words.everywhere("restart") if context.stopped or context.asking_consent else frozenset()
    if context.asking_consent:
        yes |= words.everywhere("agree")
        if words.made_of(tokens, words.everywhere("decline"), courtesies):
            return (Stop(),)
    return (Agree(),) if not asks and words.made_of(tokens, yes, courtesies) else ()


def answer(tokens: words.Phrase, asks: bool, context: Context) -> tuple[Part, ...]:
    """Return what a mere yes or no means to the question that is open, or nothing."""
    question, language = context.question, context.language
    if question is None or asks:
        return ()
    yes, no = words.phrases("affirm", language), words.phrases("decline", language)
    if question.about is Asked.USEFUL:
        yes, no = yes | words.phrases("useful", language), no | words.phrases("useless", language)
    courtesies = words.everywhere("courtesies")
    for answers, together, useful in ((yes, Together, Resume), (no, Apart, Pause)):
        if words.made_of(tokens, answers, courtesies):
            return (useful(),) if question.about is Asked.USEFUL else (together((question.number,)),)
    return ()
