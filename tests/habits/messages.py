"""Messages with what has to be understood of each, in every context that matters."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from habits import practices
from habits.context import Context, Known
from habits.parts import (
    About,
    Agree,
    BadDay,
    BadScores,
    Done,
    Help,
    Ignored,
    Later,
    NotToday,
    Part,
    Pause,
    Rest,
    Resume,
    Scores,
    ShowHabits,
    ShowStreaks,
    Skip,
    SkipPulse,
    Stop,
    Unclear,
    Undo,
    UnknownNumber,
    Which,
)

NOW = datetime(2026, 11, 18, 18, 0, tzinfo=ZoneInfo("America/New_York"))
"""A Wednesday, six in the evening."""


def known(number: int, slug: str) -> Known:
    practice = practices.find(slug)
    return Known(number, slug, practice.title, practice.aliases)


GRATITUDE, TIME, EMPATHY = known(1, "gratitude"), known(2, "quality-time"), known(3, "empathy")
HABITS = (GRATITUDE, TIME, EMPATHY)
EVERY = tuple(known(number, slug) for number, slug in enumerate(practices.catalogue(), 1))
SCALE = ((1, 5), (1, 5), (0, 5))

NONE = Context(NOW, HABITS)
ONE = Context(NOW, HABITS, waiting=((1,), (3,)))
TWO = Context(NOW, HABITS, waiting=((1, 2),))
SOLE = Context(NOW, (GRATITUDE,))
EMPTY = Context(NOW)
TEN = Context(NOW, EVERY)
SPANISH, GERMAN = (Context(NOW, HABITS, waiting=((1,),), language=language) for language in ("es", "de"))
SHORT = Context(NOW, (Known(1, "chats", "Chats"), Known(2, "walk", "Walk")))
ASKED = Context(NOW, asking_consent=True)
STOPPED = Context(NOW, HABITS, stopped=True)
PULSE = Context(NOW, HABITS, pulse=SCALE)
PULSE_ONE = Context(NOW, HABITS, waiting=((1,),), pulse=SCALE)
PULSE_TEN = Context(NOW, EVERY, pulse=SCALE)
PULSE_DIGEST = Context(NOW, HABITS, waiting=((1, 2, 3),), pulse=SCALE)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
Row = tuple[str, Context, tuple[Part, ...]]


def same(context: Context, expected: tuple[Part, ...], texts: str, *odd: str) -> list[Row]:
    """Rows for messages that mean the same: those between the bars, and odd ones as they are."""
    return [(text, context, expected) for text in (*texts.split(" | "), *odd)]


UNCLEAR = (Unclear(),)
OPT_OUT = [
    *same(ONE, (Stop(),), "STOP | stop | Stop. | STOP!!! 🙏 | stop stop | StopAll | stop all | UNSUBSCRIBE"),
    *same(ONE, (Stop(),), "cancel | END | quit | revoke | OPTOUT | opt out | Opt-Out | remove | “STOP”"),
    *same(
        ONE,
        (Stop(),),
        "ЅТОР | ｓｔｏｐ | s\u200bt\xado\ufeffp | 𝐒𝐓𝐎𝐏 | Ⓢⓣⓞⓟ | stóp | STOP\n\n | stop quit end",
    ),
    *same(
        ONE,
        (Stop(),),
        "please stop | Stop please | stop now | hi, stop. thanks | stop texting me!! | leave me alone",
    ),
    *same(
        ONE,
        (Stop(),),
        "Wrong number | sorry, wrong number | remove me please | unsubscribe me | Don’t text me | fuck off",
    ),
    *same(ONE, (Stop(),), "take me off your list | no more texts | I want to stop | DELETE MY NUMBER"),
    *same(ASKED, (Stop(),), "stop | no | No thanks | nope | not interested | 👎"),
    *same(STOPPED, (Stop(),), "stop | please stop"),
    *same(PULSE, (Stop(),), "stop"),
]
NOT_OPT_OUT = [
    *same(
        ONE,
        UNCLEAR,
        "don't stop | Dont stop! | never stop | we can't stop laughing | STOP 2",
    ),
    *same(
        ONE,
        UNCLEAR,
        "the end | i quit smoking | stop it, you two | bus stop | st op | wrong",
    ),
    *same(ONE, (Pause(until=date(2026, 11, 23)),), "stop until monday"),
    *same(ONE, (Pause(days=3),), "stop for 3 days | no messages for three days"),
    *same(ONE, (Undo(),), "cancel that"),
    *same(ONE, (Resume(),), "end the pause"),
]
HELP = [
    *same(
        ONE,
        (Help(),),
        "help | HELP! | info | Who is this? | who's this | Help please | help me | HELP help",
    ),
    *same(ASKED, (Help(),), "help | who are you?"),
    *same(ONE, UNCLEAR, "this helps a lot | help him with it"),
]
CONSENT = [
    *same(
        ASKED, (Agree(),), "YES | Yes! | y | OK | start | unstop | Sure | I agree | 👍 | 👍🏽 | yes please"
    ),
    *same(ASKED, (Agree(),), "Yes, I agree 😊 | ok sure | yep | yes, start | ✅ | with pleasure"),
    *same(
        ASKED,
        UNCLEAR,
        "yes? | yes but not now or ever | maybe | what does it cost | yes 👎 | yes нет | 🤔",
        "",
    ),
    *same(STOPPED, (Agree(),), "START | unstop | start again | please start texting me again"),
    *same(STOPPED, (Which((1, 2, 3)),), "yes"),
    *same(STOPPED, (Done((2,)),), "2 | did quality time"),
    *same(STOPPED, (Help(),), "help"),
    *same(NONE, (Resume(),), "start | unstop"),
]
CHECK_IN = [
    *same(
        PULSE,
        (Scores((4, 3, 5)),),
        "4 3 5 | 435 | 4,3,5 | 4, 3, 5 | 4/3/5 | 4-3-5 | 4\n3\n5 | four three five",
    ),
    *same(
        PULSE,
        (Scores((4, 3, 5)),),
        "4 and 3 and 5 | Four, three & five. | 4 3 5 thank you! | a4 b3 c5 | a) 4 b) 3 c) 5",
    ),
    *same(PULSE, (Scores((4, 3, 5)),), "4️⃣3️⃣5️⃣ 😊 | ４ ３ ５ | ٤ ٣ ٥ | 4 3 5?"),
    *same(PULSE, (Scores((1, 2, 3)),), "1 2 3 | 123"),
    *same(PULSE, (Scores((5, 5, 0)),), "5 5 0 | 550"),
    *same(PULSE, (BadScores(),), "4 3 | 4 3 5 2 | 0 3 5 | 6 3 5 | 436 | 9 | 99 | 4355 | 2 9 | 40 3 5 | 2 3"),
    *same(PULSE, (SkipPulse(),), "S | s. | skip | Skip this week | S please"),
    *same(PULSE, (Done((2,)),), "2 | done 2 | quality time"),
    *same(PULSE, (Which((1, 2, 3)),), "done"),
    *same(PULSE, (BadScores(),), "4 3 nice"),
    *same(PULSE, UNCLEAR, "great week"),
    *same(PULSE_TEN, (Done((10,)),), "10"),
    *same(PULSE_ONE, (SkipPulse(),), "S"),
    *same(PULSE_ONE, (Skip((1,)),), "skip"),
    *same(PULSE_ONE, (Done((1,)),), "1 | one | done | 👍"),
    *same(PULSE_ONE, (Scores((1, 2, 3)),), "1 2 3"),
    *same(PULSE_DIGEST, (Done((1, 2, 3)),), "1 2 3 | one two three"),
    *same(PULSE_DIGEST, (Done((1, 3)),), "1 3 | 1 & 3"),
    *same(PULSE_DIGEST, (Done((1, 2)),), "1 2"),
    *same(PULSE_DIGEST, (Scores((4, 3, 5)),), "4 3 5"),
    *same(PULSE_DIGEST, (Scores((1, 2, 3)),), "123"),
    *same(PULSE_DIGEST, (Scores((1, 1, 2)),), "1 1 2"),
    *same(NONE, UNCLEAR, "s"),
    *same(NONE, (UnknownNumber(435),), "435"),
]
DONE = [
    *same(
        ONE,
        (Done((1,)),),
        "done | Done! | DONE ✅ | ¡done! | done\x07\t | d\u3164one\u2800 | done, thanks! | did it | "
        "we did it | I've done it | just did it",
    ),
    *same(
        ONE,
        (Done((1,)),),
        "yes | Y | yep | ok | 👍 | 👍🏿 | ✔️ | 💪🎉 | ❤️ | finished | doen | we both did it",
    ),
    *same(
        ONE,
        (Done((1,)),),
        "done done | yes, done | Yay, did it 😂 | 'done' | oh done | all done | yes yes",
    ),
    *same(TWO, (Which((1, 2)),), "done | yes | 👍 | ✅ | did it"),
    *same(NONE, (Which((1, 2, 3)),), "done | yes | ok thanks"),
    *same(SOLE, (Done((1,)),), "done | did it | ✅ | all done"),
    *same(SOLE, (Which((1,)),), "yes | ok | 👍"),
    *same(EMPTY, UNCLEAR, "done | yes | skip | gratitude"),
    *same(
        ONE,
        UNCLEAR,
        "done? | done 👎 | ❌ | did you do it | done and dusted | done да",
    ),
    *same(
        ONE,
        UNCLEAR,
        "thanks | lol | 😂 | ... | \u200b | done deal",
        "",
        "   ",
    ),
    *same(Context(NOW, (GRATITUDE,), waiting=((9,), (1,))), (Done((1,)),), "done"),
    *same(Context(NOW, HABITS, waiting=((9,),)), (Which((1, 2, 3)),), "done"),
]
NUMBERS = [
    *same(
        NONE,
        (Done((1,)),),
        "1 | #1 | ❶ | ፩ | 1. | 1) | (1) | 1 done | done 1 | done: 1 | did 1 | 1 👍 | yes 1 | 1️⃣ | ①",
    ),
    *same(NONE, (Done((1,)),), "number one | nr 1 | №1 | 1, done | done\n1 | 1 1 | done with 1 | 1done"),
    *same(
        NONE,
        (Done((1, 3)),),
        "1 3 | 1,3 | 1 & 3 | 1+3 | 1 and 3 | one and three | 1/3 | 1. 3. | done 1, 3",
    ),
    *same(NONE, (Done((1, 3)),), "1 done 3 done | done 1 done 3 | 1, done, 3 | 1 done. 3 | did 1 and also 3"),
    *same(NONE, (Done((1, 2, 3)),), "1-3 | 1 – 3 | 1 - 3 | 1 2 3 | 1-2-3 | one two three"),
    *same(NONE, (Done((3, 1)),), "3 1"),
    *same(Context(NOW, (GRATITUDE, EMPATHY)), (Done((1, 3)),), "1-3"),
    *same(
        TWO,
        (Done((1, 2)),),
        "both | did both | all done | done all | both done | all of them | everything",
    ),
    *same(Context(NOW, HABITS, waiting=((1,), (3,))), (Done((1, 3)),), "did both"),
    *same(Context(NOW, (GRATITUDE, TIME)), (Done((1, 2)),), "did both"),
    *same(NONE, UNCLEAR, "both | all done | everything"),
    *same(NONE, (UnknownNumber(9),), "9 | done 9 | #9"),
    *same(NONE, (UnknownNumber(13),), "13"),
    *same(NONE, (Done((1,)), UnknownNumber(9)), "1 9 | done 1 and 9"),
    *same(NONE, (Done((2, 3)), UnknownNumber(7)), "2-7"),
    *same(NONE, (UnknownNumber(0),), "0"),
    *same(
        NONE,
        UNCLEAR,
        "3-1 | 2-2 | 1.5 | 20:30 | 1st | 2 days | 2026-11-20 | ½ | $1 | 1% | 1 = done | 1234 | 1?",
        "9" * 5000,
    ),
    *same(NONE, UNCLEAR, "the one | 1-9999 | 1 2 nope | - | 1 2 3 @"),
]
NAMES = [
    *same(NONE, (Done((1,)),), "ratitude | gratitudes | gratitudde"),
    *same(NONE, (Done((2,)),), "did the number 2 | number two"),
    *same(SHORT, (Done((1,)),), "chats | chatz | hcats"),
    *same(SHORT, (Done((2,)),), "walk"),
    *same(SHORT, UNCLEAR, "wlak | walkk | chtaz"),
    *same(NONE, UNCLEAR, "empty | empathic"),
    *same(
        NONE,
        (Done((1,)),),
        "gratitude | Gratitude! | done gratitude | gratitude done | did my gratitude | gratitde | gratidute",
    ),
    *same(
        NONE,
        (Done((1,)),),
        "done with the gratitude | thankful | appreciation | greatful | GRÁTITUDE | did gratitude ❤️",
    ),
    *same(
        NONE,
        (Done((2,)),),
        "quality time | Quality-Time | qualty tme | qualitytime | date night | did our quality time",
    ),
    *same(NONE, (Done((2, 3)),), "quality time and empathy | 2 and empathy | 2, empathy"),
    *same(NONE, (Done((3,)),), "empathy | emapthy | empath"),
    *same(
        NONE,
        UNCLEAR,
        "attitude | latitude | apathy | sympathy | quantity tide | inner world | gratitude? | no gratitude",
    ),
    *same(TEN, (Done((1,)),), "listening | active listening | actve listning | listend"),
    *same(TEN, (Done((6,)),), "safe space | safe place"),
    *same(TEN, (Done((9,)),), "therapy | counseling | couples therapy"),
    *same(TEN, (Done((10,)),), "patience | patients"),
    *same(TEN, UNCLEAR, "same place | listing | patent | glister | thanks"),
    *same(Context(NOW, (GRATITUDE, known(4, "gratitude"))), UNCLEAR, "gratitude | gratitde"),
]
NOT_TODAY = [
    *same(
        ONE, (NotToday(),), "no | nope | not done | I did not do it | not today | couldn't | tomorrow maybe"
    ),
    *same(ONE, (NotToday(hard=True),), "we had a big fight | my mom is in the hospital | such a hard day"),
    *same(ONE, (BadDay(),), "done tomorrow | done 10 days ago | 1 on 2026-11-20"),
]
NOTHING = [
    *same(ONE, UNCLEAR, "all good | All good, thanks! | nice one! | good one | how nice | so done | one sec"),
    *same(ONE, UNCLEAR, "leave at 8 | more at 8 | delete and leave | the one | one day"),
    *same(SPANISH, UNCLEAR, "todo bien | mas o menos | un momento | salgo | me voy"),
    *same(GERMAN, UNCLEAR, "alles gut | alles klar | eine Frage | ich bin raus"),
]
RESTS = [
    *same(NONE, (Rest((1,)),), "stop gratitude | pause gratitude | STOP Gratitude reminders please"),
    *same(NONE, (Rest((1,), 7),), "pause gratitude for a week"),
    *same(ONE, (Ignored(),), "Liked “Gratitude: done” | Loved an image | Removed a heart from “done”"),
]
SKIP_UNDO = [
    *same(ONE, (Skip((1,)),), "skip | Skip it | skip today | pass | ok skip | skip please | skipping"),
    *same(TWO, (Which((1, 2), About.SKIP),), "skip"),
    *same(NONE, (Which((1, 2, 3), About.SKIP),), "skip"),
    *same(SOLE, (Skip((1,)),), "skip"),
    *same(
        NONE,
        (Skip((2,)),),
        "skip 2 | 2 skip | skip #2 | skip quality time | skip: 2 | skip, 2 | skip two",
    ),
    *same(NONE, (Skip((1, 2)),), "skip 1 2 | skip 1, 2 | skip 1 and 2 | skip 1. skip 2"),
    *same(NONE, (UnknownNumber(8),), "skip 8"),
    *same(ONE, UNCLEAR, "skip? | 1, 2 skip | 1, skip | done, skip | 1 skip 2 | skip 2 days"),
    *same(ONE, (Undo(),), "undo | Undo! | undo that | take it back | oops undo | UNDO undo"),
    *same(ONE, UNCLEAR, "undo 2 | undo?"),
    *same(NONE, (Undo(), Done((2,))), "undo, 2"),
]
SEVERAL = [
    *same(
        NONE,
        (Done((1,)), Skip((2,))),
        "done 1, skip 2 | 1, skip 2 | 1\nskip 2 | done 1 skip 2 | 1 done 2 skip | 1 done, 2 skip | "
        "1 and skip 2",
    ),
    *same(NONE, (Skip((1,)), Done((2,))), "skip 1 and 2 done | skip 1, done 2 | 1 skip, 2 done | 1 skip, 2"),
    *same(NONE, (Done((1,)), Skip((2, 3))), "1, skip 2, 3 | did gratitude, skip 2 and empathy"),
    *same(TWO, (Done((1,)), Skip((2,))), "done, skip 2 | did it, skip 2"),
    *same(TWO, (Done((2,)),), "done. did 2"),
    *same(TWO, (Done((2,)), Skip((1,))), "done, 1 skip"),
    *same(NONE, (Done((1,)), Skip((2,))), "1 done skip 2"),
    *same(NONE, (Done((1,)), Pause(days=3)), "1, pause 3 days | done 1. pause for 3 days"),
    *same(ONE, (Done((1,)), ShowStreaks()), "done. streak | done, streaks"),
    *same(ONE, (ShowHabits(), ShowStreaks()), "habits, streaks?"),
    *same(
        ONE,
        UNCLEAR,
        "pause, 1 | later, 1 | 1, later | 1 later | done 1 pause | 1 done 2 | 1 ✅ 3 | "
        "done 1 and who knows | later 30 min 15",
    ),
]
LATER = [
    *same(ONE, (Later(90 * MINUTE), ShowStreaks()), "later 1h30 streak | later 1h and 30m streak"),
    *same(ONE, (Later(at=time(6, 0)),), "later at 6"),
    *same(
        ONE,
        (Later(),),
        "later | Later! | snooze | remind me later | not now | ok later | later please | later?",
    ),
    *same(
        ONE,
        (Later(30 * MINUTE),),
        "later 30m | later 30 min | later in 30 minutes | snooze 30m | in half an hour | "
        "remind me in half an hour please | later 30min please",
    ),
    *same(
        ONE,
        (Later(2 * HOUR),),
        "later 2h | snooze 2h | snooze for two hours | later 2h ok | remind me in 2 hours | "
        "later, 2h | in 2 hrs",
    ),
    *same(
        ONE,
        (Later(HOUR), ShowStreaks()),
        "later an hour streak | later 1h streak | later for one hour. streak",
    ),
    *same(ONE, (Later(30 * MINUTE), ShowStreaks()), "snooze half an hour streak | later 30m streak"),
    *same(ONE, (Later(at=time(13, 0)), ShowStreaks()), "later at 1 pm streak | later at 13:00 streak"),
    *same(ONE, (Pause(until=date(2026, 11, 23)), ShowStreaks()), "pause until monday streak"),
    *same(
        ONE,
        (Pause(until=date(2026, 11, 25)), ShowStreaks()),
        "pause until 25 nov streak | pause until 2026-11-25 streak",
    ),
    *same(ONE, (Later(HOUR),), "in an hour | later 1 hour | later in a hour | later 60m"),
    *same(
        ONE,
        (Later(90 * MINUTE),),
        "later 1h30 | later 1h 30m | later 1 hour and 30 minutes | later 90 min",
    ),
    *same(ONE, (Later(on=date(2026, 11, 20)),), "remind me in 2 days"),
    *same(ONE, (Later(on=date(2026, 11, 19)),), "later tomorrow"),
    *same(
        ONE,
        (Later(at=time(20, 30)),),
        "later 20:30 | later at 20.30 | later 8:30pm | later 8:30 p.m. | snooze until 20:30 | later 8:30",
    ),
    *same(ONE, (Later(at=time(20, 0)),), "later at 8 | later 8pm | remind me at 8 o'clock | later 8 pm"),
    *same(ONE, (Later(at=time(8, 0)),), "later 8am | later 08:00 | later 8 a.m."),
    *same(ONE, (Later(at=time(7, 0)),), "later at 7 am | later 07:00"),
    *same(ONE, (Later(at=time(12, 0)),), "later at noon | later 12pm | later 12:00"),
    *same(ONE, (Later(at=time(0, 30)),), "later 12:30 am | later 00:30"),
    *same(Context(NOW.replace(hour=7), HABITS), (Later(at=time(8, 0)),), "later at 8"),
    *same(Context(NOW.replace(hour=11), HABITS), (Later(at=time(13, 30)),), "later 1:30"),
    *same(
        ONE,
        UNCLEAR,
        "later 2 | later 0 min | later 25:00 | later 20:75 | later 13pm | later 8:75pm | in 5 | "
        "in half a minute",
    ),
    *same(
        ONE,
        UNCLEAR,
        "see you later | later 99999 min | in 2 apples | later at | later 123:45 | "
        "later 24:00 | later 20:60 | later 1h 5 | later 8:60pm | later 0pm",
    ),
]
PAUSE = [
    *same(ONE, (Pause(days=366),), "pause 366 days"),
    *same(ONE, (Pause(until=date(2027, 11, 19)),), "pause until 2027-11-19"),
    *same(ONE, UNCLEAR, "pause 367 days | pause until 2027-11-20"),
    *same(ONE, (Pause(),), "pause | Pause please | take a break | I need a break | pause pause"),
    *same(ONE, (Pause(days=3),), "pause 3 days | pause for three days | pause 3d | PAUSE: 3 days"),
    *same(ONE, (Pause(days=7),), "pause a week | pause for 1 week"),
    *same(ONE, (Pause(days=14),), "pause 2 weeks"),
    *same(ONE, (Pause(days=30),), "pause for a month"),
    *same(ONE, (Pause(days=1),), "pause today | pause for today"),
    *same(
        ONE,
        (Pause(until=date(2026, 11, 23)),),
        "pause until monday | pause till Mon | pause until next monday",
    ),
    *same(
        ONE,
        (Pause(until=date(2026, 11, 25)),),
        "pause until wednesday | pause until 25 nov | pause until Nov 25 | pause until 2026-11-25",
    ),
    *same(ONE, (Pause(until=date(2026, 11, 19)),), "pause until tomorrow | pause until thu"),
    *same(ONE, (Pause(until=date(2027, 1, 5)),), "pause until 5 january"),
    *same(ONE, (Resume(),), "resume | Resume! | continue | I'm back | unpause | we’re back"),
    *same(
        ONE,
        UNCLEAR,
        "pause 2 | pause 0 days | pause 500 days | pause until 2025-01-01 | pause until 2028-01-01 | "
        "pause until 31 feb | pause until 25 apples | pause until 18 nov | pause until 17 nov | "
        "pause until 2026-11-18",
    ),
    *same(
        ONE,
        UNCLEAR,
        "pause monday | pause until 2026-02-31 | pause until 18 nov and then some | pause? | pause until",
    ),
    *same(ONE, UNCLEAR, "pause until never | pause until nov | pause until 2026-99-99"),
]
SHOWN = [
    *same(ONE, (ShowStreaks(),), "streak | Streaks | my streak | streaks? | how are we doing?"),
    *same(ONE, (ShowHabits(),), "habits | list | LIST! | my habits | what are my habits?"),
    *same(
        ONE,
        UNCLEAR,
        "streak 1 | <b>done</b> | '; DROP TABLE entry; -- | שלום | hola amigo | see example.org",
        "done" * 50,
    ),
]
ROWS = [
    *OPT_OUT,
    *NOT_OPT_OUT,
    *HELP,
    *CONSENT,
    *CHECK_IN,
    *DONE,
    *NUMBERS,
    *NAMES,
    *NOT_TODAY,
    *NOTHING,
    *RESTS,
    *SKIP_UNDO,
    *SEVERAL,
    *LATER,
    *PAUSE,
    *SHOWN,
]
