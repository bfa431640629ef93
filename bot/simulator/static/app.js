// The page: one person's view of the simulated Discord.

import { Client, problemOf } from "./client.js";
import { Composer } from "./composer.js";
import { h, morphChildren } from "./dom.js";
import { markdown, relative } from "./markdown.js";
import { Messages } from "./messages.js";
import { openModal } from "./modal.js";
import { drawSidebar } from "./sidebar.js";

const MESSAGE_MENU = 3;
const TOAST = 6000; // milliseconds

const state = {
  me: null, people: [], places: [], channel: null, online: false, unread: new Map(), greeting: null, wanted: null,
  pending: new Set(), // what was pressed and is not answered yet
};
const find = (id) => document.getElementById(id);
const channels = () => state.places.flatMap((place) => place.channels);
const channelById = (id) => channels().find((each) => each.id === id);
const nameOf = (id) => state.people.find((each) => each.id === id)?.name ?? "Rushes";

const context = {
  nameOf,
  roleOf: (id) => state.places.flatMap((place) => place.roles).find((each) => each.id === id)?.name ?? "everyone",
  channelOf: (id) => channelById(id)?.name ?? "unknown",
  channel: () => state.channel,
  jump: (channel, message) => jump(channel, message),
  act: (what, facts) => client.act(what, facts),
  tell: (what, facts) => client.tell(what, facts),
  keep: (file) => client.keep(file),
  fail: toast,
  greeting: () => greeting(),
  menu: (message) => (message.private ? [] : state.channel.commands.filter((each) => each.type === MESSAGE_MENU)),
  may: (message) => message.author.id === state.me.id || (placeOf(state.channel)?.id !== "@me" && state.me.roles.length > 0),
  use: (message, command) => interact(message, "menu", { name: command.key }),
  press: (message, customId, values) => interact(message, "press", { custom_id: customId, values }),
  isPending: (message, customId) => state.pending.has(`${message.id} ${customId}`),
};

const messages = new Messages(find("messages"), context);
const composer = new Composer(find("composer"), context);
const client = new Client(new URLSearchParams(location.search).get("as"), hear, stateChanged);

function hear(event) {
  EVENTS[event.event]?.(event);
}

const EVENTS = {
  hello(event) {
    const isAnother = state.me?.id !== event.me.id;
    Object.assign(state, { me: event.me, people: event.people, places: event.places, online: event.online, greeting: event.greeting });
    find("ended")?.remove();
    const id = remembered() ?? channels()[0].id;
    if (isAnother || state.channel?.id !== id) open(id);
    else reopen(id);
  },
  places(event) {
    Object.assign(state, { places: event.places, online: event.online });
    state.channel = channelById(state.channel?.id) ?? channels()[0];
    draw();
    composer.draw();
    messages.draw();
  },
  history(event) {
    if (event.channel !== state.channel.id) return;
    messages.open(event.messages);
    find("messages").setAttribute("aria-busy", "false");
    if (state.wanted) show(state.wanted);
    state.wanted = null;
  },
  message({ message }) {
    if (message.channel_id === state.channel?.id) messages.put(message);
    else if (!message.edited_timestamp) notice(message);
    if (message.pings && !message.edited_timestamp) notify(message);
  },
  gone(event) {
    if (event.channel === state.channel?.id) messages.remove(event.id);
  },
  modal(event) {
    openModal(event.modal, context, (answers) => submit(event.interaction, answers));
  },
};

async function submit(interaction, answers) {
  return problemOf(await client.act("submit", { interaction, answers }));
}

async function interact(message, what, facts) {
  const key = `${message.id} ${facts.custom_id ?? facts.name}`;
  const problem = await once(key, () => client.act(what, { message: message.id, ...facts }), () => messages.draw(message.id));
  if (problem && !messages.fail(message.id, problem)) toast(problem);
}

/** Act, unless the same act is not answered yet. Returns the problem in words, or null. */
async function once(key, act, draw) {
  if (state.pending.has(key)) return null;
  state.pending.add(key);
  draw();
  const answer = await act();
  state.pending.delete(key);
  draw();
  return problemOf(answer);
}

// ---------------------------------------------------------------- places

function open(id) {
  state.channel = channelById(id) ?? channels()[0];
  state.unread.delete(state.channel.id);
  sessionStorage.setItem("channel", state.channel.id);
  closeDrawer();
  messages.open([]);
  find("messages").setAttribute("aria-busy", "true");
  state.wanted = null;
  client.tell("open", { channel: state.channel.id });
  composer.open();
  draw();
}

/** Go to a message, in whatever channel it is. */
function jump(channel, message) {
  if (!channelById(channel)) toast("You cannot see that message.");
  else if (channel === state.channel.id) show(message);
  else {
    open(channel);
    state.wanted = message;
  }
}

function show(message) {
  const found = document.getElementById(`m${message}`);
  if (!found) return toast("That message is not there any more.");
  found.scrollIntoView({ block: "center" });
  found.focus({ preventScroll: true });
}

/** Show the channel anew after the connection was lost; what is being typed stays. */
function reopen(id) {
  state.channel = channelById(id);
  client.tell("open", { channel: id });
  draw();
}

function remembered() {
  const id = sessionStorage.getItem("channel");
  return channelById(id) ? id : null;
}

function be(person) {
  const url = new URL(location.href);
  url.searchParams.set("as", person);
  history.replaceState(null, "", url);
  state.unread.clear();
  composer.drafts.clear();
  client.be(person);
}

function placeOf(channel) {
  return state.places.find((place) => place.channels.includes(channel));
}

// ---------------------------------------------------------------- drawing

function draw() {
  drawSidebar(find("sidebar"), state, { open, be, turn });
  const pings = [...state.unread.values()].reduce((sum, each) => sum + each.pings, 0);
  document.title = `${pings ? `(${pings}) ` : ""}${state.channel.name} · Rushes demo`;
  morphChildren(find("header"), [
    h("button", { type: "button", class: "drawer-button", "aria-label": "Channels", onclick: (event) => (event.stopPropagation(), document.body.classList.toggle("drawer")) }, "☰"),
    h("strong", {}, `${state.channel.type === 1 ? "@" : "#"} ${state.channel.name}`),
    h("span", { class: "topic" }, state.channel.topic),
    !state.online && h("span", { class: "starting", role: "status" }, "Rushes is starting…"),
  ].filter(Boolean));
}

function greeting() {
  const { greeting: words } = state;
  if (!words || state.channel.commands.length === 0) return h("div", { class: "beginning", key: "greeting" }, `This is the beginning of ${state.channel.name}.`);
  return h("section", { class: "greeting", key: "greeting", "aria-label": "Welcome" },
    h("img", { src: "/static/icon.svg", alt: "" }),
    h("h2", {}, words.title),
    h("div", { class: "text" }, markdown(words.text, context)),
    h("div", { class: "row" }, words.tries.map((each, at) => h("button", {
      type: "button", class: `button ${at === 0 ? "primary" : "secondary"}`, "aria-disabled": state.pending.has(each.label) && "true", onclick: () => attempt(each),
    }, each.label))));
}

async function attempt({ label, command, options }) {
  if (!options) return composer.start(command);
  const facts = { channel: state.channel.id, name: command, options };
  const problem = await once(label, () => client.act("command", facts), () => messages.draw());
  if (problem) toast(problem);
}

// ---------------------------------------------------------------- news

function notice(message) {
  const before = state.unread.get(message.channel_id) ?? { pings: 0 };
  state.unread.set(message.channel_id, { pings: before.pings + (message.pings ? 1 : 0) });
  draw();
}

function notify(message) {
  const where = channelById(message.channel_id);
  if (!where || where.id === state.channel?.id) return;
  toast(`${message.author.name} mentioned you in ${where.name}`, () => open(where.id));
}

function toast(words, act) {
  const node = h("button", { type: "button", class: "toast", onclick: () => (node.remove(), act?.()) }, words);
  find("toasts").append(node);
  setTimeout(() => node.remove(), TOAST);
}

function stateChanged(now) {
  const words = now === "ended" ? "The demo has ended. Run make demo to start it again; this page then goes on by itself."
    : "The demo cannot be reached. This page goes on as soon as it can.";
  const shown = find("ended") ?? document.body.appendChild(h("div", { id: "ended", role: "alert" }));
  change(shown, words);
}

/** Change an element's words where they differ: a change is read aloud, and drawn. */
function change(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

// A press beside an open menu closes it, as in every client.
document.addEventListener("pointerdown", ({ target }) => {
  for (const each of document.querySelectorAll(".choice[open]")) if (!each.contains(target)) each.open = false;
}, true);

// On a phone the sidebar lies over the channel: a press beside it, or Escape, closes it.
find("main").addEventListener("click", closeDrawer);
document.addEventListener("keydown", (event) => event.key === "Escape" && closeDrawer());

function closeDrawer() {
  document.body.classList.remove("drawer");
}

// ---------------------------------------------------------------- light and dark

function turn() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const theme = (document.documentElement.dataset.theme ?? system) === "light" ? "dark" : "light";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
}

const theme = localStorage.getItem("theme");
if (theme) document.documentElement.dataset.theme = theme;

setInterval(() => {
  for (const each of document.querySelectorAll("time[data-seconds]")) change(each, relative(Number(each.dataset.seconds)));
}, 5000);
