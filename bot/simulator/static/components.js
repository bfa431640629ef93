// Components V2 of a message as elements. Source: Discord, components/reference.

import { h } from "./dom.js";
import { markdown } from "./markdown.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "primary" };

/**
 * Return the elements of a list of components. `context` has nameOf, channelOf, press(custom_id,
 * values) and options(type): the choices of a select of people, roles or channels.
 */
export function components(list, context) {
  return list.map((one) => (MAKERS[one.type] ?? unknown)(one, context));
}

const MAKERS = {
  1: (row, context) => h("div", { class: "row" }, components(row.components, context)),
  2: button,
  3: select,
  5: select,
  6: select,
  7: select,
  8: select,
  9: (section, context) =>
    h("div", { class: "section" },
      h("div", { class: "section-text" }, components(section.components, context)),
      section.accessory && components([section.accessory], context)),
  10: (text, context) => h("div", { class: "text" }, markdown(text.content, context)),
  11: (thumbnail) => h("img", {
    class: "thumbnail", src: local(thumbnail.media.url), alt: thumbnail.description ?? "", key: fileKey(thumbnail.media),
  }),
  12: (gallery) => h("div", { class: `gallery of-${Math.min(gallery.items.length, 4)}` }, gallery.items.map(medium)),
  13: (file) => attachment({ url: file.file.url, filename: nameIn(file.file.url), size: file.size }),
  14: (separator) => (separator.divider === false ? h("div", { class: "space" }) : h("hr", { class: separator.spacing === 2 && "large" })),
  17: (container, context) =>
    h("div", { class: "container", style: accent(container) }, components(container.components, context)),
};

function unknown(one) {
  return h("div", { class: "unknown" }, `Component ${one.type} is not shown in this demo.`);
}

function accent({ accent_color: color }) {
  return { borderInlineStartColor: color ? `#${color.toString(16).padStart(6, "0")}` : "" };
}

function button(one, context) {
  const face = [one.emoji?.name && h("span", { class: "emoji", "aria-hidden": "true" }, one.emoji.name), one.label];
  if (one.url) {
    return h("a", { class: "button link", href: one.url, target: "_blank", rel: "noreferrer noopener" }, face, " ↗");
  }
  return h("button", {
    class: `button ${STYLES[one.style]}`, type: "button", key: one.custom_id, disabled: one.disabled,
    "aria-label": one.label ? null : one.emoji?.name,
    onclick: (event) => context.press(one.custom_id, undefined, event.currentTarget),
  }, face);
}

function select(one, context) {
  const options = one.options ?? context.options(one.type);
  const multiple = (one.max_values ?? 1) > 1;
  const chosen = options.filter((each) => each.default).map((each) => each.value);
  const items = options.map((each) =>
    h("option", { value: each.value, selected: each.default, title: each.description },
      each.emoji?.name && !each.emoji.id ? `${each.emoji.name} ${each.label}` : each.label));
  const hint = h("option", { value: "", disabled: true, selected: chosen.length === 0, hidden: true },
    one.placeholder ?? "Make a selection");
  return h("select", {
    class: "select", key: one.custom_id, multiple, disabled: one.disabled, size: multiple && Math.min(options.length, 5),
    "aria-label": one.placeholder ?? "Make a selection",
    onchange: (event) => {
      const list = event.currentTarget;
      context.press(one.custom_id, [...list.selectedOptions].map((each) => each.value), list);
    },
  }, multiple ? items : [hint, ...items]);
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

function nameIn(url) {
  return decodeURIComponent(new URL(url).pathname.split("/").at(-1));
}

/** Return a file of a message that no component shows. */
export function attachment(file) {
  const kind = file.content_type ?? "";
  if (kind.startsWith("image/")) return h("img", { class: "attached", src: local(file.url), alt: file.description ?? file.filename, key: file.id });
  if (kind.startsWith("video/")) return h("video", { class: "attached", src: local(file.url), controls: true, preload: "auto", key: file.id, "aria-label": file.description ?? file.filename });
  return h("a", { class: "file", href: local(file.url), download: file.filename, key: file.id }, `📄 ${file.filename}`);
}
