"""What somebody wrote themselves, whatever stands around it; and that no mail takes long."""

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifiers import html_text, quotes

MINE = [
    "on monday I did it: 3 times",
    "Am Montag schrieb ich ihr",
    "from: my heart",
    "I wrote 3 things and she wrote:\nthank you",
    "> ",
    "1\n2",
    "von meinem Handy aus erledigt",
    "El lunes: hecho",
    "-- ja --",
    "Sent with love",
]


@pytest.mark.parametrize("text", MINE)
def test_own_words_stay(text: str) -> None:
    assert quotes.own_words(text) == ("" if text == "> " else text)


OF_DEVICES = [
    "Sent from my iPhone",
    "Sent from Yahoo Mail for iPhone",
    "Sent via the Samsung Galaxy S24, an AT&T 5G smartphone",
    "Sent with Proton Mail secure email.",
    "Get Outlook for Android",
    "Von meinem iPhone gesendet",
    "Gesendet von meinem iPad",
    "Gesendet von Outlook für iOS",
    "Gesendet mit der GMX Mail App",
    "Outlook für Android herunterladen",
    "Von Yahoo Mail auf Android",
    "Enviado desde mi iPhone",
    "Enviado desde Outlook para Android",
    "Obtener Outlook para iOS",
]


@pytest.mark.parametrize("line", OF_DEVICES)
def test_what_a_device_adds_is_left_out(line: str) -> None:
    assert quotes.own_words(f"done\n\n{line}\n") == "done"


UNMARKED = [
    "On Mon, Mar 2, 2026 at 7:00 PM Attune <nudge@example.org> wrote:",
    "On Mon, Mar 2, 2026 at 7:00 PM Attune\n<nudge@example.org>\nwrote:",
    "Am 02.03.26 um 19:00 schrieb Attune:",
    "El 2/3/26 a las 19:00, Attune escribió:",
    "2026-03-02 19:00 GMT+01:00 Attune <nudge@example.org>:",
    "---------- Forwarded message ---------",
    "-----Ursprüngliche Nachricht-----",
    "*Von:* Attune\n*Gesendet:* Montag\n*An:* Alice",
    "-- ",
]


@pytest.mark.parametrize("line", UNMARKED)
def test_what_follows_without_a_mark_is_quoted_too(line: str) -> None:
    assert quotes.own_words(f"done\n\n{line}\n\nGratitude: tell them.\nSTOP ends this.") == "done"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])))
def test_own_words_are_lines_of_the_text(text: str) -> None:
    lines = {line.strip() for line in text.splitlines()}
    assert set(quotes.own_words(text).splitlines()) <= {*lines, ""}


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("<p>one<br>two</p><blockquote>three</blockquote>four", "one\ntwo\n\nfour"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<style>p{}</style><script>x<1</script>done", "done"),
        ("<!-- <b> -->done<!--[if mso]><xml>x</xml><![endif]-->", "done"),
        ('done<div class="moz-cite-prefix">On Monday wrote:</div>x', "done"),
        ("done<blockquote>a<blockquote>b</blockquote>c</blockquote>", "done"),
        ("done <b>twice</b> <i>to</i>day", "done twice today"),
        ("", ""),
    ],
)
def test_words_of_a_page(page: str, words: str) -> None:
    assert html_text.words(page) == words


NASTY = [
    ">",
    ">\n",
    "On ",
    "On 1 x\n",
    "On 1:\n",
    "Am 1 schrieb\n",
    "From: \n",
    "From: a\nSent: b\n",
    "-",
    "_",
    "\n",
]
NASTY += [
    "sent from my ",
    " schrieb am ",
    "1.1.26 <a@",
    "<div>",
    "<a ",
    "<",
    "<!--",
    "&#",
    "class=",
    "<blockquote>",
]
NASTY += ["<style>", '<a class="', "<a><", "--\u00a0"]


def work(text: str) -> int:
    """Return how many lines of our own code are run for a text, as page and as words: no clock is needed.

    What the lines call in C looks at 400 characters at most, or at each character once.
    """
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename not in (quotes.__file__, html_text.__file__):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        quotes.own_words(text)
        html_text.words(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("unit", NASTY)
def test_twice_the_text_is_twice_the_work(unit: str) -> None:
    once, twice = (work(unit * (size // len(unit))) for size in (4_000, 8_000))
    assert twice <= 2 * once + 100


@pytest.mark.parametrize("unit", [">", "On ", "<div>"])
def test_a_megabyte_is_read(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    assert len(quotes.own_words(text)) <= len(text)
    assert len(html_text.words(text)) <= len(text)
