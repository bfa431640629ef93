// Where somebody types: a message, or a slash command with its options.

import { problemOf } from "./client.js";
import { Command } from "./command.js";
import { h, morphChildren } from "./dom.js";

const SLASH = 1;
const DIRECT = 1;
const NOT_KEPT = "A file could not be sent. Try again.";

/** What somebody has begun in one channel; the last of its commands is shown. */
class Draft {
  text = "";
  files = [];
  commands = [];
  sending = false; // while files are on their way
}

export class Composer {
  /** `context` has channel(), act(what, facts), keep(file), fail(text). */
  constructor(root, context) {
    this.root = root;
    this.context = context;
    this.drafts = new Map(); // by the channels' ids
    this.chosen = 0; // of the commands that are offered
    document.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
    document.addEventListener("drop", (event) => this.drop(event));
  }

  get draft() {
    const { id } = this.context.channel();
    if (!this.drafts.has(id)) this.drafts.set(id, new Draft());
    return this.drafts.get(id);
  }

  get command() {
    return this.draft.commands.at(-1);
  }

  /** Show the open channel's draft. */
  open() {
    this.chosen = 0;
    this.root.replaceChildren();
    this.draw();
    this.focus();
  }

  focus() {
    if (this.command) this.command.focus();
    else this.root.querySelector("#typed").focus();
  }

  draw() {
    if (!this.context.channel()) return;
    const { command, draft } = this;
    morphChildren(this.root, [this.picked(), ...(command ? command.nodes(draft.sending) : this.textNodes())].filter(Boolean));
  }

  /** The files that go with the next message. */
  picked() {
    const { files } = this.draft;
    return files.length > 0 && h("div", { class: "picked", key: "picked" }, files.map((each) => h("span", {}, each.name, h("button", {
      type: "button", class: "plain", "aria-label": `Remove ${each.name}`,
      onclick: () => (files.splice(files.indexOf(each), 1), this.draw()),
    }, "✕"))));
  }

  // ---------------------------------------------------------------- text

  textNodes() {
    const channel = this.context.channel();
    const found = this.matches();
    this.chosen = Math.min(this.chosen, Math.max(found.length - 1, 0));
    return [
      found.length > 0 && this.picker(found),
      h("div", { class: "bar", key: `text-${channel.id}` },
        h("label", { class: "add", title: "Attach a file" }, "+", h("input", {
          type: "file", class: "hidden", "aria-label": "Attach a file", multiple: true,
          onchange: (event) => (this.attach([...event.currentTarget.files]), (event.currentTarget.value = "")),
        })),
        this.typing(channel, found),
        h("button", { type: "button", class: "send", "aria-label": "Send", disabled: this.draft.sending, onclick: () => this.send() }, "➤")),
    ];
  }

  typing(channel, found) {
    const words = h("textarea", {
      id: "typed", rows: 1, key: "typed", placeholder: `Message ${channel.type === DIRECT ? "@" : "#"}${channel.name}`,
      "aria-label": `Message ${channel.name}`, role: "combobox", "aria-expanded": String(found.length > 0),
      "aria-controls": found.length > 0 && "commands", "aria-activedescendant": found.length > 0 && `command-${this.chosen}`, "aria-autocomplete": "list",
      oninput: (event) => {
        this.draft.text = event.currentTarget.value;
        this.chosen = 0;
        this.draw();
      },
      onkeydown: (event) => this.textKey(event, found),
    });
    words.value = this.draft.text;
    return words;
  }

  textKey(event, found) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (found.length && step) {
      event.preventDefault();
      this.chosen = (this.chosen + step + found.length) % found.length;
      this.draw();
    } else if (found.length && (event.key === "Enter" || event.key === "Tab")) {
      event.preventDefault();
      this.pick(found[this.chosen]);
    } else if (event.key === "Escape" && found.length) {
      this.show("");
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    }
  }

  /** Show a text that was not typed into what is shown. */
  show(words) {
    this.draft.text = words;
    this.draw();
    const input = this.root.querySelector("#typed");
    if (input) input.value = words;
  }

  /** The commands that are offered for what is typed. */
  matches() {
    const typed = this.draft.text.match(/^\/(.*)$/);
    if (!typed) return [];
    const wanted = typed[1].trim().toLowerCase();
    return this.offered()
      .filter((each) => `${each.key} ${each.name}`.toLowerCase().includes(wanted))
      .sort((one, other) => Number(other.name.startsWith(wanted)) - Number(one.name.startsWith(wanted)) || one.name.length - other.name.length);
  }

  offered() {
    return this.context.channel().commands.filter((each) => each.type === SLASH);
  }

  picker(found) {
    return h("ul", { class: "picker", id: "commands", role: "listbox", "aria-label": "Commands", key: "picker" },
      found.map((each, at) => h("li", {
        role: "option", id: `command-${at}`, "aria-selected": String(at === this.chosen), class: at === this.chosen && "chosen",
        onpointerdown: (event) => (event.preventDefault(), this.pick(each)),
      }, h("strong", {}, `/${each.name}`), h("span", {}, each.description), h("em", {}, "Rushes"))));
  }

  async send() {
    const { draft } = this;
    const { files } = draft;
    const text = draft.text.trim();
    if (draft.sending || (!text && !files.length)) return;
    const known = this.matches().find((each) => text === `/${each.name}`);
    if (known) return this.pick(known);
    const channel = this.context.channel().id;
    draft.files = [];
    this.show("");
    const problem = await this.submit(draft, files, (kept) => this.context.act("say", { channel, text, files: kept }));
    if (!problem) return;
    draft.files.unshift(...files);
    draft.text = [text, draft.text].filter(Boolean).join("\n");
    this.show(this.draft.text);
    this.context.fail(problem);
  }

  /** Hand over the files of a draft, and act with them. Returns the problem in words, or null. */
  async submit(draft, files, act) {
    draft.sending = true;
    this.draw();
    let kept;
    try {
      kept = await Promise.all(files.map((each) => this.context.keep(each)));
    } catch {
      return NOT_KEPT;
    } finally {
      draft.sending = false;
      this.draw();
    }
    // The drafts of somebody whom the page no longer is are not sent as somebody else's.
    return [...this.drafts.values()].includes(draft) ? problemOf(await act(kept)) : null;
  }

  // ---------------------------------------------------------------- a command

  /** Begin a command that was typed. */
  pick(offered) {
    this.draft.text = "";
    this.begin(offered);
  }

  /** Begin a command by its name; what is typed stays, and so does a command that was begun. */
  start(name) {
    if (this.command?.offered.key === name) return this.command.focus();
    const offered = this.offered().find((each) => each.key === name);
    if (offered) this.begin(offered);
  }

  begin(offered) {
    const { draft } = this;
    const command = new Command(offered, {}, this);
    draft.commands.push(command);
    draft.files = command.take(draft.files);
    this.draw();
    command.focus();
  }

  async run() {
    const { command, draft } = this;
    if (draft.sending) return;
    const channel = this.context.channel().id;
    const given = command.given();
    const files = given.filter(([, value]) => value instanceof File);
    this.cancel();
    const problem = await this.submit(draft, files.map(([, file]) => file), (kept) => {
      const options = { ...Object.fromEntries(given), ...Object.fromEntries(files.map(([name], at) => [name, kept[at]])) };
      return this.context.act("command", { channel, name: command.offered.key, options });
    });
    if (!problem) return;
    draft.commands.unshift(command);
    this.context.fail(problem);
    this.draw();
    if (this.command === command) command.focus();
  }

  cancel() {
    this.draft.commands.pop();
    this.draw();
    this.focus();
  }

  // ---------------------------------------------------------------- files

  drop(event) {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    if (!document.querySelector("dialog[open]")) this.attach([...event.dataTransfer.files]);
  }

  attach(files) {
    this.draft.files.push(...(this.command ? this.command.take(files) : files));
    this.draw();
  }
}

/** Whether files are dragged over anything but a field for files, which takes them by itself. */
function carriesFiles({ dataTransfer, target }) {
  return dataTransfer?.types.includes("Files") && !target.matches?.('input[type="file"]');
}
