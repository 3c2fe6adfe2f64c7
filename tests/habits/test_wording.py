"""Every text: complete, warm, in one SMS segment at its longest, and no alternative like another."""

import string
from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from habits import catalogue as texts
from habits import practices, pulse, safety, wording
from notifiers.segments import Encoding, count

LANGUAGES = texts.languages()
DISCREET = 12


def longest(language: str) -> dict[str, str | int]:
    """The longest that can be expected of each value; lists hold six habits with the longest titles."""
    known = practices.catalogue(language).values()
    titles = sorted((practice.title for practice in known), key=len, reverse=True)
    asked = (*pulse.items(language).fixed, *pulse.items(language).rotating)
    listed = [f"{number} {title}" for number, title in enumerate(titles[:6], 7)]
    labels = sorted((item.label for item in asked), key=len, reverse=True)
    lines = {country: safety.helplines(country, language, 1) for country in safety.countries()}
    days = [
        wording.day_name(language, date(2026, 9, 23) + timedelta(days=n), date(2026, 1, 1)) for n in range(7)
    ]
    weekdays = [wording.on_day(language, date(2026, 11, 20) + timedelta(days=n), TODAY) for n in range(5)]
    when = wording.variants(language, "day_at_time", when=max(weekdays, key=len), time="20:30")[0]
    looked = max((one for (one,) in wording.catalogue(language)["looked_what"].alternatives), key=len)
    return {
        "title": titles[0],
        "prompt": max((prompt.text for practice in known for prompt in practice.prompts), key=weight),
        "number": DISCREET,
        "numbers": "7, 8, 9, 10, 11, 12",
        "cue": "After the kids are in bed and the kitchen is done",
        "lines": "\n".join(f"{one}: 1234 days, streak 52 weeks" for one in listed),
        "list": ", ".join(listed),
        "together": "\n".join(f"{title} together: 1234 days, streak 52 weeks" for title in titles[:3]),
        "first": max((item.short for item in pulse.items(language).fixed), key=len),
        "second": max((item.short for item in pulse.items(language).fixed), key=len),
        "third": max((item.short for item in pulse.items(language).rotating), key=len),
        "scores": "5 5 5",
        "brand": "Attune at Riverside",
        "contact": "counselling@riverside.example.org",
        "daily": 24,
        "emergency": safety.emergency("ZZ", language),
        "day": max(days, key=len),
        "when": when,
        "total": 1234,
        "streak": "365 days",
        "longest": "365 days",
        "count": 365,
        "used": "three",
        "reserve": "three",
        "code": "123456",
        "channel": "whatsapp",
        "since": "2026-03-02 19:00",
        "why": "The IMAP server refused the login: check imap_username and imap_password.",
        "time": "20:30",
        "weekday": "Wed",
        "month": "Sep",
        "told": max((text for one in known for text in (one.why, one.how)), key=weight),
        "word": "DEEPER",
        "before": "20:30",
        "start": "21:00",
        "end": "08:00",
        "name": "National Domestic Violence Hotline",
        "message": "START to 88788",
        "label": labels[0],
        "mine": 5,
        "theirs": 5,
        "helplines": max(lines.values(), key=len),
        "items": ", ".join(labels[:3]),
        "both": "; ".join(f"{label}: you 5, your partner 5" for label in labels[:3]),
        "what": looked,
        "looks": ", ".join([f"{looked} {max(weekdays, key=len)}"] * 2),
        "scored": ", ".join(f"{label} 5 5 5 5 5 5" for label in labels),
    }


def weight(text: str) -> tuple[int, int]:
    """How much room a text takes: segments first."""
    counted = count(text)
    return counted.segments, counted.characters


TODAY = date(2026, 11, 18)
LONGEST = {language: longest(language) for language in LANGUAGES}
KEYS = sorted(wording.catalogue())


def of_each_text(languages: Collection[str]) -> Callable[[Callable[[str, str], None]], Callable[[str], None]]:
    """Try every text of a language in one test: one for each text took longer to list than to run."""

    def over(check: Callable[[str, str], None]) -> Callable[[str], None]:
        def try_all(language: str) -> None:
            for key in KEYS:
                check(language, key)

        try_all.__name__ = check.__name__
        return pytest.mark.parametrize("language", languages)(try_all)

    return over


in_each_language = of_each_text(LANGUAGES)


def filled(key: str, turn: int = 0, language: str = "en") -> tuple[str, ...]:
    text = wording.catalogue(language)[key]
    values = {name: LONGEST[language][name] for name in text.values}
    if key == "emergency":
        values = {"number": "112"}
    return wording.variants(language, key, turn, **values)


def alternatives(key: str, language: str = "en") -> list[tuple[str, ...]]:
    return [filled(key, turn, language) for turn in range(len(wording.catalogue(language)[key].alternatives))]


@in_each_language
def test_the_declared_values_are_those_in_use(language: str, key: str) -> None:
    text = wording.catalogue(language)[key]
    used = {
        name
        for variants in text.alternatives
        for variant in variants
        for _, name, _, _ in string.Formatter().parse(variant)
        if name is not None
    }
    assert used == set(text.values)
    assert text.about.endswith((".", ")"))


@in_each_language
def test_the_shortest_variant_fits_its_segments_at_its_longest(language: str, key: str) -> None:
    text = wording.catalogue(language)[key]
    for variants in alternatives(key, language):
        counted = count(variants[-1])
        # Spanish has letters that the GSM alphabet has not: such a text may take two segments.
        most = text.segments if counted.encoding is Encoding.GSM7 else max(text.segments, 2)
        assert text.email or counted.segments <= most, (counted, variants[-1])


@in_each_language
def test_variants_run_from_long_to_short(language: str, key: str) -> None:
    for variants in alternatives(key, language):
        lengths = [len(variant) for variant in variants]
        assert lengths == sorted(lengths, reverse=True)
        assert all(variant == variant.strip() and "{" not in variant for variant in variants)


@of_each_text(["en", "de"])
def test_english_and_german_stay_within_the_sms_alphabet(language: str, key: str) -> None:
    for variants in alternatives(key, language):
        assert all(count(variant).encoding is Encoding.GSM7 for variant in variants)


def test_spanish_stays_within_the_sms_alphabet_where_the_language_allows_it() -> None:
    beyond = [key for key, text in wording.catalogue("es").items() if not text.email and not _plain(text)]
    assert len(beyond) <= len(KEYS) / 8, beyond


def _plain(text: wording.Text) -> bool:
    return all(count(one).encoding is Encoding.GSM7 for variants in text.alternatives for one in variants)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    assert sorted(texts.read_own("wording", language)) == KEYS


@in_each_language
def test_a_text_has_as_many_alternatives_in_each_language(language: str, key: str) -> None:
    assert len(wording.catalogue(language)[key].alternatives) == len(wording.catalogue()[key].alternatives)


@in_each_language
def test_alternatives_differ(language: str, key: str) -> None:
    shown = alternatives(key, language)
    assert len({variants[0] for variants in shown}) == len(shown)


def test_no_answer_is_the_same_three_times_running() -> None:
    assert {key for key in ANSWERS if len(wording.catalogue()[key].alternatives) < 2} == set()


ANSWERS = {
    *("pulse_thanks", "pulse_wrong", "pulse_skipped", "together_thanks", "apart_done", "together_alone"),
    *(
        "which_together",
        "which_apart",
        "help",
        "done",
        "done_several",
        "already",
        "skipped",
        "skipped_several",
    ),
    *(
        "undone",
        "undone_several",
        "nothing_to_undo",
        "later",
        "later_impossible",
        "nothing_waiting",
        "paused",
    ),
    *("paused_until", "resumed", "resumed_plain", "streak", "streak_fresh", "streaks", "habits", "no_habits"),
    *("which", "which_skip", "not_understood", "not_understood_plain", "not_understood_consent"),
    *("unknown_number", "heard", "heard_skip", "heard_hard", "bad_day", "unread", "rested", "rested_until"),
    *(
        "resumed_habit",
        "about_practice",
        "which_about",
        "next",
        "next_none",
        "at_changed",
        "at_quiet",
        "which_at",
    ),
    *(
        "at_none",
        "call",
        "dropped",
        "which_drop",
        "left",
        "delete_asked",
        "code_wrong",
        "delete_kept",
        "shared",
    ),
    *("share_nothing", "share_which", "share_none", "results", "results_none"),
    *("looked", "looked_none"),
}
BLAME = {
    "en": ("missed", "failed", "forgot", "should have", "late!", "lazy"),
    "es": ("fallaste", "olvidaste", "deberias haber", "perezos", "vago", "mal hecho"),
    "de": ("verpasst", "versagt", "vergessen", "faul", "deine schuld", "hättest"),
}


@in_each_language
def test_no_text_blames(language: str, key: str) -> None:
    for variants in alternatives(key, language):
        said = " ".join(variants).lower()
        assert not any(word in said for word in BLAME[language])


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_value_is_an_error_of_the_program(key: str) -> None:
    for name in wording.catalogue()[key].values:
        values = {other: LONGEST["en"][other] for other in wording.catalogue()[key].values if other != name}
        with pytest.raises(KeyError, match=name):
            wording.variants("en", key, 0, **values)


def test_an_unknown_key_is_an_error_of_the_program() -> None:
    with pytest.raises(KeyError, match="no-such-key"):
        wording.variants("en", "no-such-key")


OPT_IN = ["consent", "consent_progress"]


def test_only_the_opt_in_question_help_lines_and_lists_take_two_segments() -> None:
    longer = [key for key in KEYS if wording.catalogue()[key].segments > 1]
    assert longer == sorted(
        [*OPT_IN, "call", "danger", "danger_stranger", "results", "summary", "summary_joint"]
    )


@pytest.mark.parametrize("key", OPT_IN)
def test_the_opt_in_question_says_all_that_it_must(key: str) -> None:
    asked = filled(key)[0]
    assert count(asked).segments == 2
    for needed in (
        "Attune at Riverside",
        "up to 24 messages a day",
        "Msg & data rates may apply",
        "YES",
        "HELP",
        "STOP",
    ):
        assert needed in asked


RATES = {"en": "Msg & data rates may apply", "es": "tarifas de mensajes y datos", "de": "Datenkosten möglich"}
YES = {"en": "YES", "es": "ACEPTO", "de": "JA"}
HELP = {"en": "HELP", "es": "AYUDA", "de": "HILFE"}
SEES = {"en": "see your progress", "es": "ver tu progreso", "de": "Fortschritt sehen"}
CONFIRMED = ["welcome", "welcome_plain", "start_again"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", [*OPT_IN, "consent_email", "consent_progress_email"])
def test_the_opt_in_question_says_it_in_every_language(language: str, key: str) -> None:
    (asked,) = filled(key, language=language)
    for needed in ("Attune at Riverside", " 24 ", YES[language], HELP[language], "STOP"):
        assert needed in asked
    assert (RATES[language] in asked) is not key.endswith("_email")
    assert (SEES[language] in asked) is ("progress" in key)
    assert key.endswith("_email") or count(asked).segments == 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", CONFIRMED)
def test_what_confirms_the_opt_in_says_it_again(language: str, key: str) -> None:
    shortest = filled(key, language=language)[-1]
    for needed in ("Attune at Riverside", " 24 ", HELP[language], "STOP"):
        assert needed in shortest
    assert count(shortest).segments == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", list(practices.catalogue()))
def test_a_nudge_for_every_prompt_fits_in_its_shortest_variant(language: str, slug: str) -> None:
    practice = practices.catalogue(language)[slug]
    for prompt in practice.prompts:
        for turn in range(2):
            values: dict[str, str | int] = {"title": practice.title, "prompt": prompt.text, "number": 12}
            plain = wording.variants(language, "nudge", turn, **values)
            cued = wording.variants(language, "nudge_cue", turn, cue="C" * 80, **values)
            assert plain[0].startswith(practice.title)
            assert cued[0].startswith("C" * 80)
            for shortest in (plain[-1], cued[-1]):
                counted = count(shortest)
                assert counted.segments <= (1 if counted.encoding is Encoding.GSM7 else 2), shortest


def test_a_discreet_nudge_names_nothing() -> None:
    shown = [
        *filled("nudge_discreet"),
        *filled("nudge_discreet", 1),
        *filled("digest_discreet"),
        *filled("subject_discreet"),
    ]
    words = {word for practice in practices.catalogue().values() for word in practice.title.lower().split()}
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
