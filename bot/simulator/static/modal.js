// A modal form of the bot. Source: Discord, components/reference, label and its components.

import { h } from "./dom.js";
import { markdown } from "./markdown.js";

const SHORT = 1;

/**
 * Show a form; `submit` is called with the answers by custom_id, and returns null, or the sentence
 * to show in the form. What was typed stays until it is accepted.
 */
export function openModal(modal, context, submit) {
  const problem = h("div", { class: "problem", role: "alert" });
  const fields = modal.components.map((each) => field(each, context));
  const send = h("button", { type: "submit", class: "button primary" }, "Submit");
  const dialog = h("dialog", { class: "modal", "aria-label": modal.title, onclose: () => dialog.remove() },
    h("form", { method: "dialog", onsubmit: async (event) => {
      event.preventDefault();
      send.disabled = true;
      problem.textContent = "";
      const refused = await Promise.all(fields.map((each) => each.answer()))
        .then((each) => submit(Object.assign({}, ...each)), () => "A file could not be sent. Try again.");
      send.disabled = false;
      if (refused) problem.textContent = refused;
      else dialog.close();
    } },
    h("header", {}, h("h2", {}, modal.title),
      h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
    h("div", { class: "fields" }, fields.map((each) => each.node), problem),
    h("footer", {}, h("button", { type: "button", class: "button secondary", onclick: () => dialog.close() }, "Cancel"), send)));
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("textarea, input, select")?.focus();
}

function field(holder, context) {
  if (holder.type === 10) return { node: h("div", { class: "text" }, markdown(holder.content, context)), answer: async () => ({}) };
  const inner = holder.component ?? holder.components[0];
  const words = holder.label ?? inner.label;
  const { node, value } = CONTROLS[inner.type](inner, context);
  const label = GROUPS.has(inner.type) ? h("fieldset", {}, h("legend", {}, words), hint(holder), node)
    : h("label", { class: "field" }, h("span", { class: "words" }, words, inner.required !== false && h("span", { class: "required", "aria-hidden": "true" }, " *")), hint(holder), node);
  return { node: label, answer: async () => ({ [inner.custom_id]: await value() }) };
}

function hint(holder) {
  return holder.description && h("small", {}, holder.description);
}

const GROUPS = new Set([21, 22]);
const CONTROLS = {
  3: chooser,
  4: textInput,
  5: chooser,
  6: chooser,
  7: chooser,
  8: chooser,
  19: upload,
  21: (one) => checks(one, "radio"),
  22: (one) => checks(one, "checkbox"),
  23: (one) => {
    const box = h("input", { type: "checkbox", checked: one.default });
    return { node: box, value: () => box.checked };
  },
};

function textInput(one) {
  const props = {
    placeholder: one.placeholder, required: one.required !== false, minlength: one.min_length, maxlength: one.max_length ?? 4000,
  };
  const input = one.style === SHORT ? h("input", { type: "text", ...props }) : h("textarea", { rows: 5, ...props });
  input.value = one.value ?? "";
  return { node: input, value: () => input.value };
}

function chooser(one, context) {
  const options = one.options ?? context.options(one.type);
  const multiple = (one.max_values ?? 1) > 1;
  const defaults = new Set((one.default_values ?? []).map((each) => each.id));
  const items = options.map((each) =>
    h("option", { value: each.value, selected: each.default || defaults.has(each.value) }, each.label));
  const none = !multiple && h("option", { value: "", selected: !items.some((each) => each.selected) }, one.placeholder ?? "—");
  const list = h("select", { multiple, required: one.required !== false }, none, items);
  return { node: list, value: () => [...list.selectedOptions].map((each) => each.value).filter(Boolean) };
}

function checks(one, type) {
  const boxes = one.options.map((each) =>
    h("input", { type, name: one.custom_id, value: each.value, checked: each.default }));
  const rows = boxes.map((box, at) => h("label", { class: "check" }, box, ` ${one.options[at].label}`,
    one.options[at].description && h("small", {}, one.options[at].description)));
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  return { node: h("div", {}, rows), value: type === "radio" ? () => chosen()[0] ?? null : chosen };
}

function upload(one, context) {
  const input = h("input", { type: "file", multiple: (one.max_values ?? 1) > 1, required: Boolean(one.required) && (one.min_values ?? 1) > 0 });
  return { node: input, value: () => Promise.all([...input.files].map(context.keep)) };
}
