// A slash command that somebody fills in. Source: Discord, interactions/application-commands.

import { h } from "./dom.js";

const TEXT = 3;
const ATTACHMENT = 11;
const NAMING = new Set([6, 7, 8]); // a person, a channel, a role: its choices are those that there are
const LONGEST = 6000; // characters of a text option
const TYPING_REST = 200; // milliseconds after the last key before choices are asked for
let lastKey = 0;

export class Command {
  /**
   * `offered` is the command as the channel offers it; `values` fills in options by their names.
   * `composer` shows it: its context, root, command, draw(), run() and cancel() are used.
   */
  constructor(offered, values, composer) {
    this.offered = offered;
    this.values = values;
    this.composer = composer;
    this.shown = new Set(offered.options.filter((each) => each.required || each.key in values).map((each) => each.key));
    this.suggested = null; // { key, choices, at }: the choices of the option that is typed into
    this.key = `command-${++lastKey}`;
  }

  /** What was given, as [option, value]; a file is a File. */
  given() {
    return Object.entries(this.values).filter(([, value]) => value !== undefined && value !== "");
  }

  /** Put files into the free attachment options; returns those for which there is none. */
  take(files) {
    const free = this.offered.options.filter((each) => each.type === ATTACHMENT && !this.values[each.key]);
    free.slice(0, files.length).forEach(({ key }, at) => {
      this.values[key] = files[at];
      this.shown.add(key);
    });
    return files.slice(free.length);
  }

  focus() {
    const { root } = this.composer;
    (root.querySelector(".option input, .option select, .option textarea") ?? root.querySelector(".send")).focus();
  }

  nodes(sending) {
    const { name, description, options } = this.offered;
    const hidden = options.filter((each) => !this.shown.has(each.key));
    return [
      h("div", { class: "hint", key: "hint" }, h("strong", {}, `/${name}`), " ", description),
      h("form", { class: "bar command", key: this.key, onsubmit: (event) => (event.preventDefault(), this.composer.run()), onkeydown: (event) => this.escape(event) },
        h("span", { class: "slash" }, `/${name}`),
        options.filter((each) => this.shown.has(each.key)).map((each) => this.option(each)),
        hidden.length > 0 && this.more(hidden),
        h("button", { type: "button", class: "plain", "aria-label": "Cancel the command", onclick: () => this.composer.cancel() }, "✕"),
        h("button", { type: "submit", class: "send", "aria-label": "Send", disabled: sending }, "➤")),
    ];
  }

  /** Escape closes the suggestions first, and then cancels; an input method keeps it to itself. */
  escape(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    if (!this.suggested?.choices.length) return this.composer.cancel();
    this.suggested = null;
    this.composer.draw();
  }

  more(hidden) {
    return h("span", { class: "more", key: "more" }, hidden.map((each) => h("button", {
      type: "button", class: "chip", title: each.description, key: each.key, "data-option": each.key,
      onclick: () => {
        this.shown.add(each.key);
        this.composer.draw();
        this.composer.root.querySelector(`[name="${each.key}"]`)?.focus();
      },
    }, `+ ${each.name}`)));
  }

  option(option) {
    const remove = !option.required && h("button", {
      type: "button", class: "plain", "aria-label": `Remove ${option.name}`,
      onclick: () => {
        this.shown.delete(option.key);
        delete this.values[option.key];
        this.composer.draw();
      },
    }, "✕");
    return h("span", { class: "option", key: option.key, title: option.description },
      h("label", { for: `option-${option.key}` }, option.name), this.control(option), remove);
  }

  control(option) {
    const props = { name: option.key, id: `option-${option.key}`, key: `control-${option.key}`, required: option.required };
    if (option.choices.length || NAMING.has(option.type)) return this.choice(option, props);
    if (option.type === ATTACHMENT) return this.file(option, props);
    if (option.type === TEXT) return [this.text(option, props), this.suggestions(option)];
    return h("small", {}, `Options of type ${option.type} are not shown in this demo.`);
  }

  choice(option, props) {
    const value = this.values[option.key];
    return h("select", { ...props, onchange: (event) => (this.values[option.key] = event.currentTarget.value) },
      h("option", { value: "", disabled: option.required, hidden: true, selected: value === undefined }, "Choose"),
      option.choices.map((each) => h("option", { value: each.value, selected: each.value === value }, each.name)));
  }

  file(option, props) {
    const value = this.values[option.key];
    return [
      h("input", { ...props, type: "file", required: option.required && !value, onchange: (event) => {
        this.values[option.key] = event.currentTarget.files[0];
        this.composer.draw();
      } }),
      h("span", { class: "dropped" }, value?.name ?? "Drop a file here or choose one"),
    ];
  }

  text(option, props) {
    const words = h("textarea", {
      ...props, ...this.listed(option), rows: 1, placeholder: option.description, maxlength: option.max_length ?? LONGEST, minlength: option.min_length,
      oninput: (event) => {
        this.values[option.key] = event.currentTarget.value;
        if (option.autocomplete) this.complete(option);
      },
      onkeydown: (event) => this.textKey(event, option),
    });
    words.textContent = this.values[option.key] ?? "";
    return words;
  }

  textKey(event, option) {
    if (event.isComposing) return;
    const { choices, at } = this.suggestedFor(option);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (choices.length && step) {
      event.preventDefault();
      this.suggested.at = ((at ?? -1) + step + choices.length) % choices.length;
      this.composer.draw();
    } else if (event.key === "Enter" && at !== undefined) {
      event.preventDefault();
      this.suggest(option, choices[at]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      event.currentTarget.form.requestSubmit();
    }
  }

  // ---------------------------------------------------------------- suggestions

  suggestedFor(option) {
    return this.suggested?.key === option.key ? this.suggested : { choices: [] };
  }

  /** What says of an option's text that suggestions are listed for it. Source: ARIA, combobox. */
  listed(option) {
    if (!option.autocomplete) return {};
    const { choices, at } = this.suggestedFor(option);
    return {
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": String(choices.length > 0),
      "aria-controls": choices.length > 0 && "suggestions", "aria-activedescendant": at !== undefined && `suggestion-${at}`,
    };
  }

  suggestions(option) {
    const { choices, at: chosen } = this.suggestedFor(option);
    if (!choices.length) return null;
    return h("ul", { class: "suggestions", id: "suggestions", role: "listbox", "aria-label": option.name, key: "suggestions" }, choices.map((each, at) => h("li", {
      role: "option", id: `suggestion-${at}`, "aria-selected": String(at === chosen), class: at === chosen && "chosen",
      onpointerdown: (event) => (event.preventDefault(), this.suggest(option, each)),
    }, each.name)));
  }

  suggest(option, choice) {
    this.values[option.key] = choice.value;
    this.composer.root.querySelector(`[name="${option.key}"]`).value = choice.name;
    this.suggested = null;
    this.composer.draw();
  }

  /** Ask the bot for choices once nothing is typed for a moment, while this command is shown. */
  complete(option) {
    clearTimeout(this.resting);
    this.resting = setTimeout(async () => {
      if (this.composer.command !== this) return;
      const answer = await this.composer.context.act("complete", {
        channel: this.composer.context.channel().id, name: this.offered.key, focused: option.key,
        options: Object.fromEntries([[option.key, ""], ...this.given().filter(([, value]) => !(value instanceof File))]),
      });
      if (this.composer.command !== this) return;
      this.suggested = { key: option.key, choices: answer.choices ?? [] };
      this.composer.draw();
    }, TYPING_REST);
  }
}
