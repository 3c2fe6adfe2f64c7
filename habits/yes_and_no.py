"""Yes and no, where they were asked for: to messages at all, or to the question that is open."""

from habits import words
from habits.context import Asked, Context, Question
from habits.parts import Agree, Apart, Code, Keep, Part, Pause, Resume, Stop, Together

LEAST_DIGITS = 4
"""As many as a code that confirms something has at the least."""


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
    if question.about is Asked.DELETE and (digits := _code(tokens)):
        return (Code(digits),)
    yes, no = words.phrases("affirm", language), words.phrases("decline", language)
    if question.about is Asked.USEFUL:
        yes, no = yes | words.phrases("useful", language), no | words.phrases("useless", language)
    if question.about is Asked.TOGETHER:
        yes, no = yes | words.phrases("together_yes", language), no | words.phrases("together_no", language)
    if question.about is Asked.DELETE:
        no = no | words.phrases("keep", language)
    ignored = words.everywhere("courtesies") | words.phrases("fillers", language)
    if words.made_of(tokens, yes, ignored):
        return (_yes(question),)
    return (_no(question),) if words.made_of(tokens, no, ignored) else ()


def _yes(question: Question) -> Part:
    match question.about:
        case Asked.TOGETHER:
            return Together((question.number,))
        case Asked.USEFUL:
            return Resume()
        case Asked.DELETE:
            return Code()


def _no(question: Question) -> Part:
    match question.about:
        case Asked.TOGETHER:
            return Apart((question.number,))
        case Asked.USEFUL:
            return Pause()
        case Asked.DELETE:
            return Keep()


def _code(tokens: words.Phrase) -> str:
    """Return the digits of a message that is a code and nothing else, or nothing."""
    ignored = words.everywhere("courtesies") | words.everywhere("code_fillers")
    if not words.made_of(tokens, {(token,) for token in tokens if token.isdigit()}, ignored):
        return ""
    digits = "".join(token for token in tokens if token.isdigit())
    return digits if len(digits) >= LEAST_DIGITS else ""
