// Where somebody types: a message, or a slash command with its options.

import { h, morphChildren } from "./dom.js";

const SUB_COMMAND = 1;
const GROUP = 2;
const ATTACHMENT = 11;
const NUMBERS = new Set([4, 10]);
const BOOLEAN = 5;
const PICKED = { 6: "user", 7: "channel", 8: "role" };
const NOT_SENT = "A file could not be sent. Try again.";
const TYPING_REST = 200; // milliseconds after the last key before choices are asked for

export class Composer {
  /** `context` has channel(), act, tell, keep, options(type), fail(text). */
  constructor(root, context) {
    this.root = root;
    this.context = context;
    this.drafts = new Map();
    this.reset();
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => this.drop(event));
  }

  /** Forget a command that was begun; text that was typed is kept for each channel. */
  reset() {
    this.command = null;
    this.values = {};
    this.files = [];
    this.chosen = 0;
  }

  /** Show the composer of another channel. */
  open() {
    this.reset();
    this.root.replaceChildren();
    this.show(this.text);
  }

  get text() {
    return this.drafts.get(this.context.channel()?.id) ?? "";
  }

  set text(words) {
    this.drafts.set(this.context.channel()?.id, words);
  }

  draw() {
    const channel = this.context.channel();
    if (!channel) return;
    morphChildren(this.root, this.command ? this.commandNodes() : this.textNodes(channel));
  }

  // ---------------------------------------------------------------- text

  textNodes(channel) {
    const found = this.matches();
    this.chosen = Math.min(this.chosen, Math.max(found.length - 1, 0));
    return [
      found.length > 0 && this.picker(found),
      this.files.length > 0 && h("div", { class: "picked", key: "picked" }, this.files.map((each) => h("span", {}, each.name))),
      h("div", { class: "bar", key: "bar" },
        h("label", { class: "add", title: "Attach a file" }, "+", h("input", {
          type: "file", class: "hidden", "aria-label": "Attach a file", multiple: true,
          onchange: (event) => (this.attach([...event.currentTarget.files]), (event.currentTarget.value = "")),
        })),
        h("textarea", {
          id: "typed", rows: 1, key: "typed", placeholder: `Message ${channel.type === 1 || channel.type === 3 ? "@" : "#"}${channel.name}`,
          "aria-label": `Message ${channel.name}`, maxlength: 2000, role: "combobox", "aria-expanded": String(found.length > 0),
          "aria-controls": found.length > 0 && "commands", "aria-activedescendant": found.length > 0 && `command-${this.chosen}`, "aria-autocomplete": "list",
          oninput: (event) => this.typed(event.currentTarget),
          onkeydown: (event) => this.textKey(event, found),
        }),
        h("button", { type: "button", class: "send", "aria-label": "Send", onclick: () => this.send() }, "➤")),
    ].filter(Boolean);
  }

  typed(input) {
    this.text = input.value;
    this.chosen = 0;
    this.draw();
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
      this.begin(found[this.chosen]);
    } else if (event.key === "Escape" && found.length) {
      this.text = "";
      this.show("");
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    }
  }

  show(words) {
    this.text = words;
    this.draw();
    const input = this.root.querySelector("#typed");
    if (input) input.value = words;
  }

  matches() {
    const typed = this.text.match(/^\/(.*)$/);
    if (!typed) return [];
    const wanted = typed[1].trim().toLowerCase();
    return leaves(this.context.channel().commands.filter((each) => each.type === 1))
      .filter((each) => `${each.path} ${each.shown}`.toLowerCase().includes(wanted))
      .sort((one, other) => Number(other.shown.startsWith(wanted)) - Number(one.shown.startsWith(wanted)));
  }

  picker(found) {
    return h("ul", { class: "picker", id: "commands", role: "listbox", "aria-label": "Commands", key: "picker" },
      found.map((each, at) => h("li", {
        role: "option", id: `command-${at}`, "aria-selected": String(at === this.chosen), class: at === this.chosen && "chosen",
        onpointerdown: (event) => (event.preventDefault(), this.begin(each)),
      }, h("strong", {}, `/${each.shown}`), h("span", {}, each.description), h("em", {}, "Rushes"))));
  }

  async send() {
    const text = this.text.trim();
    const channel = this.context.channel();
    if (!text && !this.files.length) return;
    const known = text.match(/^\/(\S+)$/) && this.matches().find((each) => each.shown === text.slice(1));
    if (known) return this.begin(known);
    let files;
    try {
      files = await Promise.all(this.files.map((each) => this.context.keep(each)));
    } catch {
      return this.context.fail(NOT_SENT);
    }
    this.files = [];
    this.show("");
    if (await this.context.tell("say", { channel: channel.id, text, files })) return;
    if (!this.text) this.show(text);
    this.context.fail(NOT_SENT);
  }

  // ---------------------------------------------------------------- a command

  /** Begin a command; `values` fills in options by their names. */
  begin(leaf, values = {}) {
    this.command = leaf;
    this.values = values;
    this.shownOptions = leaf.options.filter((each) => each.required || each.key in values).map((each) => each.key);
    if (this.files.length) this.take(this.files.splice(0));
    this.root.replaceChildren();
    this.draw();
    (this.root.querySelector(".option input, .option select, .option textarea") ?? this.root.querySelector(".send")).focus();
  }

  /** Begin a command by its path. */
  start(path, values) {
    const leaf = leaves(this.context.channel().commands.filter((each) => each.type === 1)).find((each) => each.path === path);
    if (leaf) this.begin(leaf, values);
    return leaf;
  }

  commandNodes() {
    const { command } = this;
    const hidden = command.options.filter((each) => !this.shownOptions.includes(each.key));
    return [
      h("div", { class: "hint", key: "hint" }, h("strong", {}, `/${command.shown}`), " ", command.description),
      h("form", { class: "bar command", key: "form", onsubmit: (event) => (event.preventDefault(), this.run()), onkeydown: (event) => event.key === "Escape" && this.cancel() },
        h("span", { class: "slash" }, `/${command.shown}`),
        command.options.filter((each) => this.shownOptions.includes(each.key)).map((each) => this.option(each)),
        hidden.length > 0 && this.more(hidden),
        h("button", { type: "button", class: "plain", "aria-label": "Cancel the command", onclick: () => this.cancel() }, "✕"),
        h("button", { type: "submit", class: "send", "aria-label": "Send" }, "➤")),
    ];
  }

  more(hidden) {
    return h("span", { class: "more", key: "more" }, hidden.map((each) => h("button", {
      type: "button", class: "chip", title: each.description, key: each.key, "data-option": each.key,
      onclick: () => {
        this.shownOptions.push(each.key);
        this.draw();
        this.root.querySelector(`[name="${each.key}"]`)?.focus();
      },
    }, `+ ${each.name}`)));
  }

  option(option) {
    const control = this.control(option);
    const remove = !option.required && h("button", {
      type: "button", class: "plain", "aria-label": `Remove ${option.name}`,
      onclick: () => {
        this.shownOptions = this.shownOptions.filter((each) => each !== option.key);
        delete this.values[option.key];
        this.draw();
      },
    }, "✕");
    return h("span", { class: `option of-${option.type}`, key: option.key, title: option.description },
      h("label", { for: `option-${option.key}` }, option.name), control, remove);
  }

  control(option) {
    const set = (value) => (this.values[option.key] = value);
    const props = { name: option.key, id: `option-${option.key}`, key: `control-${option.key}`, required: option.required, placeholder: option.description };
    const value = this.values[option.key];
    const choices = option.choices.length ? option.choices.map((each) => [each.name, each.value])
      : option.type === BOOLEAN ? [["True", true], ["False", false]]
      : PICKED[option.type] && this.context.options({ 6: 5, 7: 8, 8: 6 }[option.type]).map((each) => [each.label, each.value]);
    if (choices) {
      return h("select", { ...props, onchange: (event) => set(choices[event.currentTarget.selectedIndex - 1]?.[1]) },
        h("option", { value: "", disabled: option.required, hidden: true, selected: value === undefined }, "Choose"),
        choices.map(([words, each]) => h("option", { value: String(each), selected: each === value }, words)));
    }
    if (option.type === ATTACHMENT) return this.fileControl(option, props, value);
    const list = `choices-${option.key}`;
    const words = h("textarea", {
      ...props, rows: 1, maxlength: option.max_length ?? 6000, minlength: option.min_length, list: option.autocomplete && list,
      oninput: (event) => {
        set(NUMBERS.has(option.type) ? Number(event.currentTarget.value) : event.currentTarget.value);
        if (option.autocomplete) this.complete(option);
      },
      onkeydown: (event) => this.optionKey(event, option),
    });
    if (value !== undefined) words.textContent = value;
    return [words, option.autocomplete && this.suggestions(option)];
  }

  optionKey(event, option) {
    if (event.isComposing) return;
    const found = this.found?.key === option.key ? this.found.choices : [];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (found.length && step) {
      event.preventDefault();
      this.found.at = ((this.found.at ?? -1) + step + found.length) % found.length;
      this.draw();
    } else if (event.key === "Enter" && found.length && this.found.at !== undefined) {
      event.preventDefault();
      this.suggest(option, found[this.found.at]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.root.querySelector("form").requestSubmit();
    }
  }

  fileControl(option, props, value) {
    return [
      h("input", { ...props, type: "file", placeholder: null, required: option.required && !value, onchange: (event) => {
        this.values[option.key] = event.currentTarget.files[0];
        this.draw();
      } }),
      h("span", { class: "dropped" }, value?.name ?? "Drop a file here or choose one"),
    ];
  }

  suggestions(option) {
    const found = this.found?.key === option.key ? this.found : { choices: [] };
    if (!found.choices.length) return null;
    return h("ul", { class: "suggestions", role: "listbox", "aria-label": option.name, key: `list-${option.key}` }, found.choices.map((each, at) => h("li", {
      role: "option", "aria-selected": String(at === found.at), class: at === found.at && "chosen",
      onpointerdown: (event) => (event.preventDefault(), this.suggest(option, each)),
    }, each.name)));
  }

  suggest(option, choice) {
    this.values[option.key] = choice.value;
    this.root.querySelector(`[name="${option.key}"]`).value = choice.name;
    this.found = null;
    this.draw();
  }

  complete(option) {
    clearTimeout(this.resting);
    const { command } = this;
    this.resting = setTimeout(async () => {
      if (this.command !== command) return;
      const typed = Object.fromEntries(Object.entries(this.values).filter(([, value]) => !(value instanceof File)));
      const answer = await this.context.act("complete", {
        channel: this.context.channel().id, name: command.path, focused: option.key,
        options: { ...typed, [option.key]: String(this.values[option.key] ?? "") },
      });
      if (this.command !== command) return;
      this.found = { key: option.key, choices: answer.choices ?? [] };
      this.draw();
    }, TYPING_REST);
  }

  async run() {
    const { command } = this;
    const given = Object.entries(this.values).filter(([, value]) => value !== undefined && value !== "");
    const options = {};
    try {
      for (const [name, value] of given) options[name] = value instanceof File ? await this.context.keep(value) : value;
    } catch {
      return this.context.fail(NOT_SENT);
    }
    this.cancel();
    const answer = await this.context.act("command", { channel: this.context.channel().id, name: command.path, options });
    if (answer.event === "failed" || answer.event === "away") {
      this.context.fail(answer.event === "away" ? "The demo is not connected." : "The application did not respond.");
      if (!this.command) this.begin(command, Object.fromEntries(given));
    } else if (answer.event === "refused") this.context.fail(answer.text);
  }

  cancel() {
    this.reset();
    this.text = "";
    this.root.replaceChildren();
    this.draw();
    this.root.querySelector("#typed")?.focus();
  }

  // ---------------------------------------------------------------- files

  drop(event) {
    event.preventDefault();
    if (!event.dataTransfer?.files.length || document.querySelector("dialog[open]")) return;
    this.attach([...event.dataTransfer.files]);
  }

  attach(files) {
    if (this.command && this.take(files)) return;
    this.files.push(...files);
    this.draw();
  }

  /** Put a file into the command's first free attachment option; false where there is none. */
  take(files) {
    const option = this.command.options.find((each) => each.type === ATTACHMENT && !this.values[each.key]);
    if (!option) return false;
    this.values[option.key] = files[0];
    if (!this.shownOptions.includes(option.key)) this.shownOptions.push(option.key);
    this.draw();
    return true;
  }
}

/** Return the commands that can be used: each with the path that the API knows and the one shown. */
function leaves(commands, path = "", shown = "") {
  return commands.flatMap((each) => {
    const here = `${path} ${each.key}`.trim();
    const seen = `${shown} ${each.name}`.trim();
    const nested = each.options.filter((option) => option.type === SUB_COMMAND || option.type === GROUP);
    return nested.length && !(each.type === SUB_COMMAND && path) ? leaves(nested, here, seen) : [{ ...each, path: here, shown: seen }];
  });
}
