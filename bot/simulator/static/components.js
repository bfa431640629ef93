// Components V2 of a message as elements. Source: Discord, components/reference.

import { h } from "./dom.js";
import { markdown } from "./markdown.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger" };

/**
 * Return the elements of a list of components. `context` has nameOf, channelOf, jump,
 * press(custom_id) and isPending(custom_id): whether a press is not answered yet.
 */
export function components(list, context) {
  return list.map((one) => (MAKERS[one.type] ?? unknown)(one, context));
}

const MAKERS = {
  1: (row, context) => h("div", { class: "row" }, components(row.components, context)),
  2: button,
  3: menu,
  5: menu,
  6: menu,
  8: menu,
  9: (section, context) =>
    h("div", { class: "section" },
      h("div", { class: "section-text" }, components(section.components, context)),
      section.accessory && components([section.accessory], context)),
  10: (text, context) => h("div", { class: "text" }, markdown(text.content, context)),
  11: (thumbnail) => h("img", {
    class: "thumbnail", src: local(thumbnail.media.url), alt: thumbnail.description ?? "", key: fileKey(thumbnail.media),
  }),
  12: (gallery) => h("div", { class: `gallery of-${Math.min(gallery.items.length, 4)}` }, gallery.items.map(medium)),
  14: (separator) => (separator.divider === false ? h("div", { class: "space" }) : h("hr", { class: separator.spacing === 2 && "large" })),
  17: (container, context) =>
    h("div", { class: "container", style: accent(container) }, components(container.components, context)),
};

function unknown(one) {
  return h("small", {}, `Component ${one.type} is not shown in this demo.`);
}

function accent({ accent_color: color }) {
  return { borderInlineStartColor: color ? `#${color.toString(16).padStart(6, "0")}` : "" };
}

function button(one, context) {
  const face = [one.emoji?.name && h("span", { "aria-hidden": "true" }, one.emoji.name), one.label];
  if (one.url) {
    return h("a", { class: "button link", href: one.url, target: "_blank", rel: "noreferrer noopener" }, face, " ↗");
  }
  const pending = context.isPending(one.custom_id);
  return h("button", {
    // One that is `disabled` would lose the focus.
    class: `button ${STYLES[one.style]}`, type: "button", key: one.custom_id, disabled: one.disabled, "aria-disabled": pending && "true",
    onclick: () => context.press(one.custom_id),
  }, face);
}

/** A menu, whose choice is sent when it is closed; `options` holds all that can be chosen. */
function menu(one, context) {
  const isSingle = (one.max_values ?? 1) === 1;
  const chosen = one.options.filter((each) => each.default);
  const none = isSingle && one.min_values === 0 ? [{ label: one.placeholder, value: "", default: !chosen.length }] : [];
  const choice = (each) => h("label", {}, h("input", {
    type: isSingle ? "radio" : "checkbox", name: one.custom_id, value: each.value, checked: each.default,
    onchange: (event) => isSingle && (event.currentTarget.closest("details").open = false),
  }), " ", each.label);
  return h("details", { class: "choice", key: `${one.custom_id} ${chosen.map((each) => each.value)}`, ontoggle: ({ currentTarget }) => close(currentTarget, one, context) },
    h("summary", {}, chosen.map((each) => each.label).join(", ") || one.placeholder || "Choose"),
    h("div", { class: "choices", role: "group", "aria-label": one.placeholder }, [...none, ...one.options].map(choice)));
}

/** Send what is ticked in a menu that was closed, if that is another choice. */
function close(details, one, context) {
  const inputs = [...details.querySelectorAll("input")];
  if (details.open || inputs.every((each) => each.checked === each.defaultChecked)) return;
  context.press(one.custom_id, inputs.filter((each) => each.checked && each.value).map((each) => each.value));
}

function medium(item) {
  const { media, description } = item;
  const key = fileKey(media);
  const kind = media.content_type ?? "";
  if (kind.startsWith("video/")) {
    return h("video", { src: local(media.url), controls: true, preload: "auto", playsinline: true, loop: false, key, "aria-label": description ?? "Video" });
  }
  return h("img", { src: local(media.url), alt: description ?? "", key, loading: "lazy" });
}

/** Name a file by what does not change when its address is renewed. */
function fileKey(media) {
  return media.attachment_id ?? media.url;
}

/** Return a file's address as this page reaches it, under whatever name it was opened. */
function local(url) {
  const { pathname, search } = new URL(url, location.href);
  return pathname.startsWith("/attachments/") ? pathname + search : url;
}

/** Return a file of a message that no component shows. */
export function attachment(file) {
  const kind = file.content_type ?? "";
  if (kind.startsWith("image/")) return h("img", { class: "attached", src: local(file.url), alt: file.description ?? file.filename, key: file.id });
  if (kind.startsWith("video/")) return h("video", { class: "attached", src: local(file.url), controls: true, preload: "auto", key: file.id, "aria-label": file.description ?? file.filename });
  return h("a", { class: "file", href: local(file.url), download: file.filename, key: file.id }, `📄 ${file.filename}`);
}
