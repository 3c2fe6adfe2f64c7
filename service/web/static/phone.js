// The demo's page: asks for the state once a second, and sends what is tapped and typed.

import { $, part, put, select, show } from "./screen.js";

const POLL_MS = 1000;
const AWAY_POLL_MS = 3000;
const STOPPED = "Attune has stopped; start `make demo` again.";
const NO_ANSWER = "Attune could not answer that; its terminal says why.";

const steps = [...document.querySelectorAll("[name=step]")];
const trouble = { server: "", action: "" };
let queue = Promise.resolve(); // one request at a time, so that no older state overwrites a newer one
let timer;
let running = null; // the step button whose step is under way
let nothingDue = true;

async function request(path, body) {
  const source = body ? "action" : "server";
  const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, body ? post : { cache: "no-store" });
  } catch {
    tell("server", STOPPED);
    return false;
  }
  const answer = await response.json().catch(() => ({}));
  tell("server", "");
  if (!response.ok || !answer.people) {
    tell(source, answer.error ?? NO_ANSWER);
    return false;
  }
  tell(source, "");
  nothingDue = !answer.next;
  paintSteps();
  show(answer);
  return true;
}

function ask(path, body) {
  const asked = queue.then(() => request(path, body));
  queue = asked.catch(() => {});
  return asked;
}

async function poll() {
  clearTimeout(timer);
  if (document.hidden) return;
  const reached = await ask("/phone/state");
  clearTimeout(timer);
  timer = setTimeout(poll, reached ? POLL_MS : AWAY_POLL_MS);
}

async function step(button) {
  const held = document.activeElement === button;
  running = button;
  paintSteps();
  const moved = await ask("/phone/step", { to: button.value });
  running = null;
  paintSteps();
  if (moved) put($("said"), `It is now ${$("clock").textContent}.`);
  // A disabled button loses the focus; give it back to whoever steps by keyboard.
  if (held && document.activeElement === document.body) steps.find((each) => !each.disabled)?.focus();
}

async function reply(person, text) {
  const form = part(person, "form");
  const field = part(person, "field");
  if (!text.trim() || form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const stored = await ask("/phone/reply", { person: person.dataset.key, text });
  form.ariaBusy = "false";
  if (stored && field.value === text) field.value = "";
}

/** Says one sentence in the live region; what stands in backticks is shown as code. */
function tell(source, text) {
  if (trouble[source] === text) return;
  trouble[source] = text;
  const pieces = (trouble.server || trouble.action).split("`");
  $("error").replaceChildren(...pieces.map((piece, i) => {
    if (i % 2 === 0) return piece;
    const code = document.createElement("code");
    code.textContent = piece;
    return code;
  }));
}

function paintSteps() {
  for (const button of steps) {
    button.disabled = running !== null || (button.value === "next" && nothingDue);
    button.setAttribute("aria-busy", String(running === button));
  }
}

for (const button of steps) button.addEventListener("click", () => step(button));
$("switch").addEventListener("click", (event) => {
  const tab = event.target.closest("button");
  if (tab) select(tab.dataset.key);
});
$("people").addEventListener("submit", (event) => {
  event.preventDefault();
  const person = event.target.closest(".person");
  reply(person, part(person, "field").value);
});
$("people").addEventListener("click", (event) => {
  const chip = event.target.closest(".chip");
  if (chip) reply(chip.closest(".person"), chip.dataset.key);
});
// A bubble that has arrived once does not arrive again when its phone is shown again.
document.addEventListener("animationend", (event) => event.target.removeAttribute("data-new"));
document.addEventListener("visibilitychange", poll);
poll();
