"""Every text: complete, warm, in one SMS segment at its longest, and no alternative like another."""

import string
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from habits import practices, pulse, safety, wording
from notifiers.segments import Encoding, count

TITLES = sorted((practice.title for practice in practices.catalogue().values()), key=len, reverse=True)
LONGEST_PROMPT = max(
    (prompt.text for practice in practices.catalogue().values() for prompt in practice.prompts), key=len
)
ITEMS = (*pulse.items().fixed, *pulse.items().rotating)
WHEN = "on Wednesday at 20:30"
NUMBERED = ", ".join(f"{number} {title}" for number, title in enumerate(TITLES[:6], 7))

# The longest that can be expected of each value. Lists hold six habits, with the longest titles there are.
LONGEST: dict[str, str | int] = {
    "title": TITLES[0],
    "prompt": LONGEST_PROMPT,
    "number": 12,
    "numbers": "7, 8, 9, 10, 11, 12",
    "cue": "After the kids are in bed and the kitchen is done",
    "lines": "\n".join(
        f"{number} {title}: 1234 days, streak 52 weeks" for number, title in enumerate(TITLES[:6], 7)
    ),
    "list": NUMBERED,
    "together": "\n".join(f"{title} together: 1234 days, streak 52 weeks" for title in TITLES[:3]),
    "first": max((item.short for item in pulse.items().fixed), key=len),
    "second": max((item.short for item in pulse.items().fixed), key=len),
    "third": max((item.short for item in pulse.items().rotating), key=len),
    "scores": "5 5 5",
    "brand": "Attune at Riverside",
    "contact": "counselling@riverside.example.org",
    "weekly": 21,
    "emergency": safety.emergency("ZZ", "en"),
    "day": "Wed 30 Sep",
    "when": WHEN,
    "total": 1234,
    "streak": "365 days",
    "longest": "365 days",
    "count": 365,
    "used": "three",
    "reserve": "three",
    "code": "123456",
    "told": max((t for p in practices.catalogue().values() for t in (p.why, p.how)), key=len),
    "word": "MORE",
    "before": "20:30",
    "start": "21:00",
    "end": "08:00",
    "name": "National Domestic Violence Hotline",
    "message": "START to 88788",
    "label": "understanding",
    "mine": 5,
    "theirs": 5,
    "time": "20:30",
    "weekday": "Wed",
    "month": "Sep",
}
KEYS = sorted(wording.catalogue())


def filled(key: str, turn: int = 0) -> tuple[str, ...]:
    text = wording.catalogue()[key]
    values = {name: LONGEST[name] for name in text.values}
    if key.startswith("emergency"):
        values = {"number": "112"}
    return wording.variants("en", key, turn, **values)


def alternatives(key: str) -> list[tuple[str, ...]]:
    return [filled(key, turn) for turn in range(len(wording.catalogue()[key].alternatives))]


@pytest.mark.parametrize("key", KEYS)
def test_the_declared_values_are_those_in_use(key: str) -> None:
    text = wording.catalogue()[key]
    used = {
        name
        for variants in text.alternatives
        for variant in variants
        for _, name, _, _ in string.Formatter().parse(variant)
        if name is not None
    }
    assert used == set(text.values)
    assert text.about.endswith((".", ")"))


@pytest.mark.parametrize("key", KEYS)
def test_the_shortest_variant_fits_its_segments_at_its_longest(key: str) -> None:
    text = wording.catalogue()[key]
    for variants in alternatives(key):
        counted = count(variants[-1])
        assert counted.encoding is Encoding.GSM7
        assert text.email or counted.segments <= text.segments, counted.characters


@pytest.mark.parametrize("key", KEYS)
def test_variants_run_from_long_to_short_in_the_sms_alphabet(key: str) -> None:
    for variants in alternatives(key):
        lengths = [len(variant) for variant in variants]
        assert lengths == sorted(lengths, reverse=True)
        assert all(count(variant).encoding is Encoding.GSM7 for variant in variants)
        assert all(variant == variant.strip() and "{" not in variant for variant in variants)


@pytest.mark.parametrize("key", KEYS)
def test_alternatives_differ(key: str) -> None:
    shown = alternatives(key)
    assert len({variants[0] for variants in shown}) == len(shown)


@pytest.mark.parametrize("key", KEYS)
def test_no_text_blames(key: str) -> None:
    for variants in alternatives(key):
        said = " ".join(variants).lower()
        assert not any(
            word in said for word in ("missed", "failed", "forgot", "should have", "late!", "lazy")
        )


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_value_is_an_error_of_the_program(key: str) -> None:
    for name in wording.catalogue()[key].values:
        values = {other: LONGEST[other] for other in wording.catalogue()[key].values if other != name}
        with pytest.raises(KeyError, match=name):
            wording.variants("en", key, 0, **values)


def test_an_unknown_key_is_an_error_of_the_program() -> None:
    with pytest.raises(KeyError, match="no-such-key"):
        wording.variants("en", "no-such-key")


OPT_IN = ["consent", "consent_progress"]


def test_only_the_opt_in_question_and_the_summary_take_two_segments() -> None:
    longer = [key for key in KEYS if wording.catalogue()[key].segments > 1]
    assert longer == [*OPT_IN, "summary", "summary_joint"]


@pytest.mark.parametrize("key", OPT_IN)
def test_the_opt_in_question_says_all_that_it_must(key: str) -> None:
    asked = filled(key)[0]
    assert count(asked).segments == 2
    for needed in (
        "Attune at Riverside",
        "21 messages a week",
        "Msg & data rates may apply",
        "YES",
        "HELP",
        "STOP",
    ):
        assert needed in asked


@pytest.mark.parametrize("practice", practices.catalogue().values(), ids=lambda practice: practice.slug)
def test_a_nudge_for_every_prompt_fits_one_segment_in_its_shortest_variant(
    practice: practices.Practice,
) -> None:
    for prompt in practice.prompts:
        for turn in range(2):
            plain = wording.variants("en", "nudge", turn, title=practice.title, prompt=prompt.text, number=12)
            cued = wording.variants("en", "nudge_cue", turn, cue="C" * 80, prompt=prompt.text, number=12)
            assert plain[0].startswith(practice.title)
            assert cued[0].startswith("C" * 80)
            assert count(plain[-1]).segments == count(cued[-1]).segments == 1


def test_a_discreet_nudge_names_nothing() -> None:
    shown = [
        *filled("nudge_discreet"),
        *filled("nudge_discreet", 1),
        *filled("digest_discreet"),
        *filled("subject_discreet"),
    ]
    words = {word for title in TITLES for word in title.lower().split()}
    assert not any(word in text.lower() for text in shown for word in words)


def test_turn_goes_around_the_alternatives() -> None:
    texts = [
        wording.variants("en", "done", turn, title="Gratitude", day="today", total=2)[0] for turn in range(6)
    ]
    assert texts[:3] == texts[3:]
    assert len(set(texts)) == 3


def test_one_day_is_a_day_and_two_are_days() -> None:
    said = [
        wording.variants("en", "done", title="Gratitude", day="Tuesday", total=total)[0]
        for total in (0, 1, 2)
    ]
    assert said == [
        "Gratitude logged for Tuesday. 0 days so far. Not right? Reply UNDO.",
        "Gratitude logged for Tuesday. 1 day so far. Not right? Reply UNDO.",
        "Gratitude logged for Tuesday. 2 days so far. Not right? Reply UNDO.",
    ]


def test_a_value_is_never_read_as_a_placeholder() -> None:
    title = "{total} %s {0}"
    assert wording.variants("en", "numbered", number=1, title=title, unused="x") == (f"1 {title}",)


def test_an_unknown_language_is_english() -> None:
    assert wording.variants("xx", "today") == wording.variants("en-GB", "today") == ("today",)


@pytest.mark.parametrize(("number", "word"), [(0, "0"), (1, "one"), (2, "two"), (10, "ten"), (28, "28")])
def test_small_numbers_are_words(number: int, word: str) -> None:
    assert wording.number_word("en", number) == word


@pytest.mark.parametrize(("before", "after"), [("done", "spares_told"), ("streak", "spares_used")])
def test_a_spare_day_is_told_within_the_same_segment(before: str, after: str) -> None:
    for told in alternatives(before):
        assert count(f"{told[0]} {filled(after)[0]}").segments == 1


@pytest.mark.parametrize(
    ("cue", "lead"),
    [
        ("after we put the kids to bed, …", "After we put the kids to bed"),
        ("  over\n coffee: ", "Over coffee"),
        ("Übers Wochenende", "Übers Wochenende"),
        ("...", ""),
        ("", ""),
    ],
)
def test_a_cue_leads_a_message(cue: str, lead: str) -> None:
    assert wording.lead(cue) == lead


TODAY = date(2026, 11, 18)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("day", "name", "in_sentence"),
    [
        (date(2026, 11, 11), "Wed 11 Nov", "on Wed 11 Nov"),
        (date(2026, 11, 12), "Thursday", "on Thursday"),
        (date(2026, 11, 16), "Monday", "on Monday"),
        (date(2026, 11, 17), "yesterday", "yesterday"),
        (date(2026, 11, 18), "today", "today"),
        (date(2026, 11, 19), "tomorrow", "tomorrow"),
        (date(2026, 11, 20), "Friday", "on Friday"),
        (date(2026, 11, 24), "Tuesday", "on Tuesday"),
        (date(2026, 11, 25), "Wed 25 Nov", "on Wed 25 Nov"),
        (date(2027, 1, 3), "Sun 3 Jan", "on Sun 3 Jan"),
    ],
)
def test_days_are_called_as_people_call_them(day: date, name: str, in_sentence: str) -> None:
    assert wording.day_name("en", day, TODAY) == name
    assert wording.on_day("en", day, TODAY) == in_sentence


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 11, 18, 20, 30, tzinfo=NEW_YORK), "at 20:30"),
        (datetime(2026, 11, 19, 1, 30, tzinfo=UTC), "at 20:30"),
        (datetime(2026, 11, 19, 8, 0, tzinfo=NEW_YORK), "tomorrow at 08:00"),
        (datetime(2026, 11, 21, 8, 5, tzinfo=NEW_YORK), "on Saturday at 08:05"),
    ],
)
def test_times_are_said_as_people_say_them(at: datetime, said: str) -> None:
    assert wording.moment("en", at, datetime(2026, 11, 18, 18, 0, tzinfo=NEW_YORK)) == said
