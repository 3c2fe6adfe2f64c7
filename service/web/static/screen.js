// What the demo's page shows: changes only what is new on the screen.
// Every word goes in as text, never as markup, since part of it was typed by a person.

const STATES = {
  planned: "will be sent", sending: "sending", sent: "sent", delivered: "delivered",
  failed: "not delivered", lapsed: "not sent", unknown: "no receipt yet", received: "received",
};
const KINDS = { pulse: "Weekly check-in", consent: "First question", welcome: "Welcome", notice: "Notice" };
const WHY = { id: "why", name: "Why?", test: "tab-why" }; // the decisions' place in the small screen's switch

export const $ = (id) => document.getElementById(id);
export const part = (node, name) => node.querySelector(`[data-part="${name}"]`);

const shown = new WeakMap(); // node -> the JSON it shows
let selected = null; // the panel a small screen shows: a person's id or "why"

export function put(node, text) {
  if (node.textContent !== text) node.textContent = text;
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

/** Shows the state that the server told, unless it is on the screen already. */
export function show(state) {
  const now = JSON.stringify(state);
  if (shown.get(document) === now) return;
  shown.set(document, now);
  const [date, hour = ""] = state.clock.label.split(/(?<=,)\s+/);
  put($("date"), hour ? `${date} ` : date);
  put($("hour"), hour);
  $("clock").dateTime = state.clock.now;
  $("sky").dataset.time = partOfDay(Number(state.clock.now.slice(11, 13)));
  put($("zone"), state.clock.zone);
  put($("due"), state.next ? state.next.label : "nothing for now");
  const tabs = [...state.people.map(({ id, name }, i) => ({ id, name, test: `tab-${i}` })), WHY];
  match($("switch"), tabs, (tab) => tab.id, element("button", "tab"), fillTab);
  match($("people"), state.people, (person) => person.id, fromTemplate("person"), fillPerson);
  for (const node of document.querySelectorAll("[data-part=hour]")) put(node, state.clock.now.slice(11, 16));
  match($("decisions"), state.decisions, (each) => each.id, fromTemplate("decision"), fillDecision);
  select(tabs.some((tab) => tab.id === selected) ? selected : tabs[0].id);
}

function partOfDay(hour) {
  if (hour < 6 || hour >= 21) return "night";
  return hour < 17 ? "day" : "evening";
}

export function select(key) {
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
  part(node, "checkins").hidden = person.checkins.length === 0;
  match(part(node, "scores"), person.checkins, (each) => each.label, fromTemplate("score"), fillScore);
  fillMessages(node, person);
}

function fillScore(node, { label, scores }) {
  put(part(node, "label"), label);
  put(part(node, "values"), scores.join(" "));
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
