// A modal form of the bot. Source: Discord, components/reference, label and its components.

import { h } from "./dom.js";

const SHORT = 1;
const LABEL = 18;

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
      if (refused && dialog.open) problem.textContent = refused;
      else if (refused) context.fail(refused);
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

function field({ type, label, description, component }, context) {
  const make = type === LABEL && CONTROLS[component.type];
  if (!make) return { node: h("small", {}, `Component ${component?.type ?? type} is not shown in this demo.`), answer: async () => ({}) };
  const { node, value } = make(component, context);
  const words = h("span", { class: "words" }, label, component.required !== false && h("span", { class: "required", "aria-hidden": "true" }, " *"));
  return {
    node: h("label", { class: "field" }, words, description && h("small", {}, description), node),
    answer: async () => ({ [component.custom_id]: await value() }),
  };
}

const CONTROLS = { 3: select, 4: textInput, 19: upload };

function textInput(one) {
  const props = {
    placeholder: one.placeholder, required: one.required !== false, minlength: one.min_length, maxlength: one.max_length ?? 4000,
  };
  const input = one.style === SHORT ? h("input", { type: "text", ...props }) : h("textarea", { rows: 5, ...props });
  input.value = one.value ?? "";
  return { node: input, value: () => input.value };
}

function select(one) {
  const list = h("select", { required: one.required !== false }, one.options.map((each) =>
    h("option", { value: each.value, selected: each.default }, each.label)));
  return { node: list, value: () => [list.value] };
}

function upload(one, context) {
  const input = h("input", { type: "file", required: one.required !== false });
  return { node: input, value: () => Promise.all([...input.files].map(context.keep)) };
}
