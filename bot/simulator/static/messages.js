// The messages of the open channel: shown once, then changed in place.

import { attachment, components } from "./components.js";
import { h, morphChildren } from "./dom.js";
import { markdown } from "./markdown.js";

const TOGETHER = 7 * 60 * 1000; // milliseconds in which messages of one author share a head
const MOST = 60; // messages shown; a browser plays no more than 75 videos in a page
const FAILURE = 8000; // milliseconds in which a message says that a press failed
const NEAR = 160; // pixels from the end in which new messages keep the end in sight

export class Messages {
  /** `context` is what components need, and act, menu(message), may(message), greeting(). */
  constructor(root, context) {
    this.root = root;
    this.context = context;
    this.list = [];
    this.failures = new Map();
    root.addEventListener("load", () => this.keepEnd(), true);
    root.addEventListener("loadedmetadata", () => this.keepEnd(), true);
    root.addEventListener("scroll", () => (this.atEnd = this.isAtEnd()));
    new ResizeObserver(() => this.keepEnd()).observe(root);
    this.atEnd = true;
  }

  /** Show another channel's messages. */
  open(messages) {
    this.list = messages;
    this.atEnd = true;
    this.root.replaceChildren();
    this.draw();
  }

  /** Show a message that is new or changed. */
  put(message) {
    const at = this.list.findIndex((each) => each.id === message.id);
    if (at >= 0) this.list[at] = message;
    else this.list.push(message);
    this.list.sort((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
    this.list = this.list.slice(-MOST);
    const before = new Set(this.root.querySelectorAll("video"));
    this.draw(message.id);
    for (const film of this.root.querySelectorAll("video")) if (!before.has(film)) this.play(film);
  }

  /** Play a film that has just come, without sound, as browsers ask for; one at a time. */
  play(film) {
    if (this.playing?.muted) this.playing.pause();
    this.playing = film;
    film.muted = true;
    film.play().catch(() => {}); // somebody may have switched that off
  }

  remove(id) {
    this.list = this.list.filter((each) => each.id !== id);
    this.draw(id);
  }

  /** Say under a message what went wrong; false where it is not shown here. */
  fail(id, text) {
    if (!this.list.some((each) => each.id === id)) return false;
    clearTimeout(this.failures.get(id)?.ends);
    const ends = setTimeout(() => {
      this.failures.delete(id);
      this.draw(id);
    }, FAILURE);
    this.failures.set(id, { text, ends });
    this.draw(id);
    return true;
  }

  /** Draw all messages anew, or only the one that changed and those that it joins or parts. */
  draw(changed) {
    const shown = new Map(changed && [...this.root.children].map((node) => [node.key, node]));
    const nodes = this.list.map((message, at) => {
      const joined = follows(message, this.list[at - 1]);
      const node = shown.get(message.id);
      const stays = node && message.id !== changed && node.classList.contains("joined") === joined;
      return stays ? node : this.message(message, joined);
    });
    morphChildren(this.root, [this.context.greeting(), ...nodes]);
    this.keepEnd();
  }

  isAtEnd() {
    return this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < NEAR;
  }

  keepEnd() {
    if (this.atEnd) this.root.scrollTop = this.root.scrollHeight;
  }

  message(message, joined) {
    const classes = ["message", joined && "joined", message.private && "private", message.pings && "pings"];
    return h("article", {
      class: classes.filter(Boolean).join(" "), key: message.id, id: `m${message.id}`, tabindex: 0,
      "aria-label": `${message.author.name}, ${clock(message.timestamp)}`,
      oncontextmenu: (event) => this.menu(event, message),
      onkeydown: (event) => this.key(event, message),
    },
      message.used && used(message.used),
      !joined && avatar(message.author, message.bot),
      h("div", { class: "content" },
        !joined && head(message),
        body(message, this.context),
        this.failures.has(message.id) && h("div", { class: "failure", role: "alert" }, this.failures.get(message.id).text),
        message.private && this.privacy(message)),
      this.toolbar(message));
  }

  privacy(message) {
    const dismiss = () => this.context.tell("dismiss", { message: message.id });
    return h("div", { class: "privacy" }, "👁 Only you can see this • ",
      h("button", { type: "button", class: "plain", onclick: dismiss }, "Dismiss message"));
  }

  toolbar(message) {
    const entries = this.context.menu(message);
    const mayDelete = this.context.may(message) && !message.private;
    if (!entries.length && !mayDelete) return null;
    return h("div", { class: "toolbar" },
      entries.length > 0 && h("button", {
        type: "button", class: "tool", "aria-haspopup": "menu", title: "Apps",
        onclick: (event) => this.menu(event, message),
      }, "Apps ▸"),
      mayDelete && h("button", {
        type: "button", class: "tool", title: "Delete message", "aria-label": "Delete message",
        onclick: () => this.context.tell("delete", { message: message.id }),
      }, "🗑"));
  }

  key(event, message) {
    if (event.target !== event.currentTarget) return;
    if (event.key === "ContextMenu" || event.key === "m") this.menu(event, message);
  }

  menu(event, message) {
    const entries = this.context.menu(message);
    if (!entries.length) return;
    event.preventDefault();
    const from = event.currentTarget.getBoundingClientRect();
    const at = event.type === "contextmenu" ? { x: event.clientX, y: event.clientY } : { x: from.right, y: from.bottom };
    openMenu(at, entries.map((each) => [each.name, () => this.context.use(message, each)]), event.currentTarget);
  }
}

function follows(message, before) {
  if (!before || message.used || message.message_reference || before.private !== message.private) return false;
  return before.author.id === message.author.id && new Date(message.timestamp) - new Date(before.timestamp) < TOGETHER;
}

function used({ by, what }) {
  return h("div", { class: "used" }, avatar(by, false), h("strong", {}, by.name), " used ", h("span", { class: "mention" }, what));
}

function head(message) {
  const color = message.author.roles?.[0]?.color;
  return h("div", { class: "head" },
    h("span", { class: "name", style: { color: color ?? "" } }, message.author.name),
    message.bot && h("span", { class: "badge" }, "APP"),
    h("time", { datetime: message.timestamp }, clock(message.timestamp)));
}

function body(message, context) {
  if (message.loading) return h("div", { class: "thinking" }, h("i"), h("i"), h("i"), ` ${message.author.name} is thinking…`);
  const mine = { ...context, press: (id, values) => context.press(message, id, values), isPending: (id) => context.isPending(message, id) };
  return h("div", { class: "body" },
    message.message_reference && h("div", { class: "reply" }, "↱ Replies to an earlier message"),
    message.content && h("div", { class: "text" }, markdown(message.content, context),
      message.edited_timestamp && !message.bot && h("small", {}, " (edited)")),
    message.attachments.map(attachment),
    components(message.components, mine));
}

export function avatar(person, bot) {
  if (bot) return h("img", { class: "avatar", src: "/static/icon.svg", alt: "" });
  const hue = Number(BigInt(person.id) * 77n % 360n);
  return h("span", { class: "avatar", "aria-hidden": "true", style: { background: `hsl(${hue} 50% 38%)` } }, person.name[0]);
}

function clock(time) {
  return new Date(time).toLocaleTimeString([], { timeStyle: "short" });
}

let closeMenu = null;

/** Show a menu of [words, action] at a place; it gives the focus back to where it was opened from. */
function openMenu({ x, y }, entries, from) {
  closeMenu?.();
  closeMenu = () => {
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    closeMenu = null;
    from.focus({ preventScroll: true });
  };
  const outside = (event) => menu.contains(event.target) || closeMenu();
  const items = entries.map(([words, act]) =>
    h("button", { type: "button", role: "menuitem", onclick: () => (closeMenu(), act()) }, words));
  const menu = h("div", { class: "menu", role: "menu", "aria-label": "Apps", onkeydown: (event) => menuKey(event, items) }, items);
  document.body.append(menu);
  menu.style.left = `${Math.max(8, Math.min(x, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - menu.offsetHeight - 8))}px`;
  document.addEventListener("pointerdown", outside, true);
  items[0].focus();
}

function menuKey(event, items) {
  if (event.key === "Tab") return closeMenu();
  const move = (step) => items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
  const act = { Escape: closeMenu, ArrowDown: () => move(1), ArrowUp: () => move(-1) }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}
