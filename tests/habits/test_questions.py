"""Yes and no to a question that is open, and what is said of a habit that two keep together."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habits.context import Asked, Context, Question
from habits.parts import (
    About,
    Agree,
    Apart,
    Done,
    Help,
    Later,
    NotToday,
    Part,
    Pause,
    Resume,
    Scores,
    Skip,
    Stop,
    Together,
    Unclear,
    UnknownNumber,
    Which,
)
from habits.replies import understand
from tests.habits.messages import HABITS, NONE, NOW, ONE, PULSE, SCALE, TEN, same

UNCLEAR = (Unclear(),)
JOINT = replace(NONE, joint=(1, 3))
SOLE = replace(NONE, joint=(2,))
ASKED = replace(JOINT, question=Question(Asked.TOGETHER, 3))
USEFUL = replace(NONE, question=Question(Asked.USEFUL))
QUALITY_TIME = next(habit.number for habit in TEN.habits if habit.slug == "quality-time")

OF_BOTH = [
    *same(
        JOINT,
        (Together((1,)),),
        "together 1 | Together #1! | yes, together 1 | together: 1 | together gratitude",
    ),
    *same(
        JOINT, (Together((1, 3)),), "together 1 3 | together 1 and 3 | together 1, 3 | together 1. together 3"
    ),
    *same(
        JOINT,
        (Apart((1,)),),
        "apart 1 | not together 1 | Not together, 1 | apart gratitude | no longer together 1",
    ),
    *same(JOINT, (Apart((3,)),), "not together anymore 3 | together no more 3"),
    *same(JOINT, (Together((2,)),), "together 2"),  # It is not joint: the answer says so.
    *same(JOINT, (UnknownNumber(9),), "together 9 | apart 9"),
    *same(JOINT, (Which((1, 3), About.TOGETHER),), "together | Together please"),
    *same(JOINT, (Which((1, 3), About.APART),), "apart | not together"),
    *same(SOLE, (Which((2,), About.TOGETHER),), "together | count it together"),  # It may tell what was done.
    *same(SOLE, (Apart((2,)),), "apart"),
    *same(NONE, UNCLEAR, "together | apart | not together"),
    *same(replace(ASKED, waiting=((1,),)), (Together((3,)),), "together"),
    *same(ASKED, (Apart((3,)),), "apart | not together"),
    *same(ASKED, (Together((1,)),), "together 1"),
    # Said of what was done, or not clear whether: it must not let anybody see.
    *same(
        replace(SOLE, waiting=((2,),)), (Done((2,)),), "done together | we did it together | did it together!"
    ),
    *same(replace(SOLE, waiting=((2,),)), UNCLEAR, "done 2, together 2 | skip, together"),
    *same(replace(SOLE, waiting=((2,),)), (Done((2,)),), "did 2 together"),
    *same(
        JOINT,
        UNCLEAR,
        "1 together | 1, together | gratitude together | together? | together 1? | apart from that"
        " | we are together | together 1 apart 3 | not together 1 nope | done, together",
    ),
    *same(TEN, (Done((QUALITY_TIME,)),), "together time | time together | done together time"),
    *same(replace(TEN, joint=(QUALITY_TIME,)), (Together((QUALITY_TIME,)),), "together quality time"),
]
QUESTIONS = [
    *same(ASKED, (Together((3,)),), "yes | YES! | y | ok | sure, thanks | 👍 | yes yes | yes please"),
    *same(ASKED, (Apart((3,)),), "no | No. | nope | no thanks | 👎 | never"),
    *same(ASKED, UNCLEAR, "yes? | no? | maybe | yes but not now or ever | not useful"),
    *same(ASKED, (Done((1,)),), "1 | yes 1 | done 1"),
    *same(ASKED, (Skip((1,)),), "skip 1"),
    *same(ASKED, (Which((1, 2, 3)),), "done | ✅"),
    *same(ASKED, (Stop(),), "stop | no more texts"),
    *same(ASKED, (Help(),), "help"),
    *same(
        USEFUL, (Resume(),), "yes | yep | they are | Yes, they are! | still useful | keep them coming | ok"
    ),
    *same(USEFUL, (Resume(),), "carry on | continue | I'm back"),
    *same(USEFUL, (Pause(),), "no | not really | Not any more, thanks | no, it is not | not useful | 👎"),
    *same(USEFUL, (Pause(days=7),), "pause a week"),
    *same(USEFUL, (Later(),), "later"),
    *same(USEFUL, UNCLEAR, "useful? | no? | what"),
    *same(USEFUL, (Stop(),), "stop | no more messages"),
    # A question owns yes and no only; consent and the check-in are as they were.
    *same(replace(PULSE, question=USEFUL.question), (Scores((4, 3, 5)),), "4 3 5"),
    *same(Context(NOW, HABITS, stopped=True, question=ASKED.question), (Agree(),), "start"),
    *same(Context(NOW, HABITS, pulse=SCALE, question=ASKED.question), (Together((3,)),), "yes"),
    *same(ONE, (Done((1,)),), "yes"),
    *same(ONE, (NotToday(),), "no"),
]


@pytest.mark.parametrize(
    ("text", "context", "expected"), OF_BOTH + QUESTIONS, ids=[r[0] for r in OF_BOTH + QUESTIONS]
)
def test_a_message_is_understood(text: str, context: Context, expected: tuple[Part, ...]) -> None:
    assert understand(text, context) == expected


WORDS = "together apart not 1 2 3 , and done did it we skip yes no ok gratitude empathy time please ?"
SPOKEN = st.lists(st.sampled_from(WORDS.split()), max_size=8).map(" ".join)


@settings(deadline=None)
@given(SPOKEN, st.sampled_from([NONE, SOLE, JOINT, ASKED, USEFUL]))
def test_nobody_lets_another_see_by_chance(text: str, context: Context) -> None:
    parts = understand(text, context)
    if any(isinstance(part, Together) for part in parts):
        said = text.split()
        assert "?" not in said
        assert not {"not", "apart", "done", "did", "skip", "no", "later"} & set(said)
        # Either the word leads, after a yes at most, or the question was answered by nothing but a yes.
        led = [word for word in said if word not in {"yes", "ok", "please", ",", "and"}]
        assert led[0] == "together" if led else context is ASKED
