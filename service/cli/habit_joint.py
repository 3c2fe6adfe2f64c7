"""`attune habit joint`."""

import click

from service import joining, taking_up
from service.cli import show
from service.states import Joint

ASKED = (
    "Whoever has not said yes is asked by a message, once a week at the most and after quiet hours; whoever "
    "pauses just now is left in peace, so run this again later if in doubt."
)
SAID = {
    Joint.NONE: "It is not joint any more. Made joint again, it is asked about anew and counts from then.",
    Joint.BOTH: f"It is joint once both have said yes: a day counts on which both did it. {ASKED}",
    Joint.EITHER: f"It is joint once both have said yes: a day counts on which either did it. {ASKED}",
}


@click.command()
@click.argument("habit_id", metavar="HABIT")
@click.argument("mode", type=click.Choice([mode.value for mode in Joint]), metavar="both|either|none")
def joint(habit_id: str, mode: str) -> None:
    """Let both of a couple see how a habit goes for the two: asked of both, and only if both say yes.

    A joint day is done when `both` did it, or `either` of them. A day on which one of them rests is left out,
    and nothing tells who rested or why. What they answer is theirs: it is shown nowhere. `none` ends it.
    """
    with show.site() as site:
        with site.db.read() as session:
            found = taking_up.find_habit(session, habit_id).id
        joining.set_joint(site, found, Joint(mode), site.now())
    show.say(SAID[Joint(mode)])
