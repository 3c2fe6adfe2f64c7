"""The simulator, in the demo only: two phones beside each other, and the steps of their clock."""

from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from habits.described import described
from service.demo import Demo
from service.inbound import Understood
from service.web import screen
from service.web.pages import TEMPLATES
from service.web.screen import Typed

router = APIRouter(prefix="/phone")


@dataclass
class Phones:
    """The demonstration, and the memory of its phones."""

    demo: Demo
    typed: dict[UUID, list[Typed]] = field(default_factory=dict)

    def say(self, person_id: UUID, text: str) -> None:
        at = self.demo.clock()
        reply_id, understood = self.demo.say(person_id, text)
        note = _note(understood)
        self.typed.setdefault(person_id, []).append(Typed(str(reply_id), text, at, note))

    def state(self) -> dict[str, object]:
        return screen.state(self.demo, self.typed)


class Reply(BaseModel):
    person: UUID
    text: str = Field(max_length=1600)


class Step(BaseModel):
    to: Literal["next", "day"]


def phones_of(request: Request) -> Phones:
    phones = request.app.state.phones
    assert isinstance(phones, Phones)
    return phones


@router.get("", response_class=HTMLResponse)
def page() -> str:
    return TEMPLATES.get_template("phone.html").render(title="Attune: two phones", root=".")


@router.get("/state")
def state(request: Request) -> dict[str, object]:
    return phones_of(request).state()


@router.post("/reply")
def reply(said: Reply, request: Request) -> dict[str, object]:
    phones = phones_of(request)
    if said.person not in phones.demo.phones:
        raise HTTPException(404, "There is no such phone here.")
    phones.say(said.person, said.text)
    return phones.state()


@router.post("/step")
def step(wanted: Step, request: Request) -> dict[str, object]:
    phones = phones_of(request)
    if wanted.to == "next":
        phones.demo.step_to_next_nudge()
    else:
        phones.demo.step_a_day()
    return phones.state()


def _note(understood: Understood | None) -> str:
    """Return what a message was taken to say, and why, in small print."""
    if understood is None:
        return "kept, not understood yet"
    note = f"understood: {described(understood.parts)}, because {understood.rule}"
    return f"{note}; no answer, because {understood.unanswered}" if understood.unanswered else note
