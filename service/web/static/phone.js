// The demo's page: asks for the state once a second and changes only what is new on the screen.
// Every word goes in as text, never as markup, since part of it was typed by a person.

const POLL_MS = 1000;
const AWAY_POLL_MS = 3000;
const STOPPED = "Attune has stopped; start `make demo` again.";
const NO_ANSWER = "Attune could not answer that; its terminal says why.";
const STATES = {
  planned: "will be sent", sending: "sending", sent: "sent", delivered: "delivered",
  failed: "not delivered", lapsed: "not sent", unknown: "no receipt yet", received: "received",
};
const KINDS = { pulse: "Weekly check-in", consent: "First question", welcome: "Welcome", notice: "Notice" };
const WHY = { id: "why", name: "Why?", test: "tab-why" }; // the decisions' place in the small screen's switch

const $ = (id) => document.getElementById(id);
const part = (node, name) => node.querySelector(`[data-part="${name}"]`);
const steps = [...document.querySelectorAll("[name=step]")];

const shown = new WeakMap(); // node -> the JSON it shows
const trouble = { server: "", action: "" };
let queue = Promise.resolve(); // one request at a time, so that no older state overwrites a newer one
let timer;
let running = null; // the step button whose step is under way
let nothingDue = true;
let selected = null; // the panel a small screen shows: a person's id or "why"

// Asking the server

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
  const now = JSON.stringify(answer);
  if (shown.get(document) !== now) show(answer);
  shown.set(document, now);
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

// Showing what came

function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
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

function count(n, units) {
  return `${n} ${n === 1 ? units.replace(/s$/, "") : units}`;
}

/** Makes the children of `parent` match `items` by key, touching only what differs; returns how many are new. */
function match(parent, items, keyOf, make, fill) {
  const keys = new Set(items.map((item) => String(keyOf(item))));
  for (const child of [...parent.children]) if (!keys.has(child.dataset.key)) child.remove();
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const first = known.size === 0;
  let added = 0;
  items.forEach((item, index) => {
    const key = String(keyOf(item));
    let node = known.get(key);
    if (!node) {
      node = make();
      node.dataset.key = key;
      node.toggleAttribute("data-new", !first);
      added += 1;
    }
    const now = JSON.stringify([index, item]);
    if (shown.get(node) !== now) fill(node, item, index);
    shown.set(node, now);
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
  return added;
}

function fromTemplate(name) {
  return () => $(`${name}-template`).content.firstElementChild.cloneNode(true);
}

function element(tag, className) {
  return () => {
    const node = document.createElement(tag);
    node.className = className;
    if (tag === "button") node.type = "button";
    return node;
  };
}

function show(state) {
  const [date, hour = ""] = state.clock.label.split(/(?<=,)\s+/);
  put($("date"), hour ? `${date} ` : date);
  put($("hour"), hour);
  $("clock").dateTime = state.clock.now;
  $("sky").dataset.time = partOfDay(Number(state.clock.now.slice(11, 13)));
  put($("zone"), state.clock.zone);
  put($("due"), state.next ? state.next.label : "nothing for now");
  nothingDue = !state.next;
  paintSteps();
  const tabs = [...state.people.map(({ id, name }, i) => ({ id, name, test: `tab-${i}` })), WHY];
  match($("switch"), tabs, (tab) => tab.id, element("button", "tab"), fillTab);
  match($("people"), state.people, (person) => person.id, makePerson, fillPerson);
  for (const node of document.querySelectorAll("[data-part=hour]")) put(node, state.clock.now.slice(11, 16));
  match($("decisions"), state.decisions, (each) => each.id, fromTemplate("decision"), fillDecision);
  select(tabs.some((tab) => tab.id === selected) ? selected : tabs[0].id);
}

function partOfDay(hour) {
  if (hour < 6 || hour >= 21) return "night";
  return hour < 17 ? "day" : "evening";
}

function select(key) {
  const changed = selected !== key;
  selected = key;
  for (const tab of $("switch").children) {
    tab.setAttribute("aria-pressed", String(tab.dataset.key === key));
    if (tab.dataset.key === key) mark(tab, false);
  }
  for (const panel of [...$("people").children, $("why")]) {
    panel.toggleAttribute("data-aside", panel.dataset.key !== key);
    if (changed && panel.dataset.key === key) toNewest(panel);
  }
}

function mark(tab, unread) {
  tab.toggleAttribute("data-unread", unread);
  tab.ariaLabel = unread ? `${tab.textContent}, new message` : null;
}

function toNewest(panel) {
  const log = part(panel, "log");
  log?.scrollTo({ top: log.scrollHeight, behavior: "instant" });
}

function fillTab(tab, { name, test }) {
  put(tab, name);
  tab.dataset.testid = test;
}

function makePerson() {
  const person = fromTemplate("person")();
  part(person, "form").addEventListener("submit", (event) => {
    event.preventDefault();
    reply(person, part(person, "field").value);
  });
  part(person, "quick").addEventListener("click", (event) => {
    const chip = event.target.closest("button");
    if (chip) reply(person, chip.dataset.key);
  });
  return person;
}

function fillPerson(node, person, index) {
  const testids = { quick: "quick", field: "reply", send: "send", habits: "streak" };
  for (const [name, testid] of Object.entries(testids)) part(node, name).dataset.testid = `${testid}-${index}`;
  node.dataset.testid = `phone-${index}`;
  node.ariaLabel = `${person.name}'s phone`;
  put(part(node, "name"), person.name);
  put(part(node, "status"), person.status);
  part(node, "status").toggleAttribute("data-on", person.status === "reminders on");
  part(node, "log").ariaLabel = `Messages on ${person.name}'s phone`;
  part(node, "quick").ariaLabel = `Quick replies from ${person.name}`;
  part(node, "field").ariaLabel = `Reply from ${person.name}`;
  part(node, "send").ariaLabel = `Send as ${person.name}`;
  part(node, "habits").ariaLabel = `${person.name}'s practised days and streaks`;
  match(part(node, "quick"), person.quick, String, element("button", "chip"), put);
  match(part(node, "habits"), person.habits, (habit) => habit.number, fromTemplate("habit"), fillHabit);
  fillMessages(node, person);
}

function fillMessages(node, person) {
  const log = part(node, "log");
  const bubbles = part(node, "bubbles");
  const first = bubbles.childElementCount === 0;
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 48;
  const fill = (bubble, message) => fillBubble(bubble, message, person.name);
  const added = match(bubbles, person.messages, (message) => message.id, fromTemplate("bubble"), fill);
  if (first) requestAnimationFrame(() => toNewest(node));
  else if (added || atEnd) log.scrollTop = log.scrollHeight;
  const tab = [...$("switch").children].find((each) => each.dataset.key === person.id);
  if (added && !first && person.id !== selected) mark(tab, true);
}

function fillBubble(node, message, name) {
  node.dataset.from = message.from;
  node.dataset.kind = message.kind;
  node.dataset.state = message.state;
  put(part(node, "from"), message.from === "person" ? `${name}: ` : "Attune: ");
  put(part(node, "kind"), KINDS[message.kind] ?? "");
  put(part(node, "text"), message.text);
  put(part(node, "note"), message.note ?? "");
  put(part(node, "meta"), [message.at, STATES[message.state]].filter(Boolean).join(" · "));
}

function fillHabit(node, habit) {
  put(part(node, "number"), String(habit.number));
  put(part(node, "title"), habit.title);
  put(part(node, "practised"), String(habit.practised));
  put(part(node, "practised-unit"), `${habit.practised === 1 ? "day" : "days"} practised`);
  put(part(node, "streak"), count(habit.streak, habit.unit));
  put(part(node, "longest"), habit.longest > habit.streak ? `(longest ${habit.longest})` : "");
  put(part(node, "goal"), habit.goal);
  match(part(node, "days"), habit.days, (day) => day.day, element("span", "dot"), (dot, day) => {
    dot.dataset.mark = day.mark;
    dot.title = `${day.label}: ${day.mark === "none" ? "nothing logged" : day.mark}`;
  });
  part(node, "days").ariaLabel = daysInWords(habit.days);
}

function daysInWords(days) {
  const marked = days.filter((day) => day.mark !== "none").map((day) => `${day.label} ${day.mark}`);
  return `Last ${days.length} days: ${marked.join(", ") || "nothing logged yet"}.`;
}

function fillDecision(node, decision) {
  put(part(node, "at"), decision.at);
  put(part(node, "person"), decision.person);
  put(part(node, "what"), decision.what);
  put(part(node, "outcome"), decision.outcome);
  part(node, "outcome").dataset.outcome = decision.outcome;
  put(part(node, "reason"), decision.reason);
}

for (const button of steps) button.addEventListener("click", () => step(button));
$("switch").addEventListener("click", (event) => {
  const tab = event.target.closest("button");
  if (tab) select(tab.dataset.key);
});
// A bubble that has arrived once does not arrive again when its phone is shown again.
document.addEventListener("animationend", (event) => event.target.removeAttribute("data-new"));
document.addEventListener("visibilitychange", poll);
poll();
