// Discord's markdown as elements. Source: Discord, reference, message formatting.

import { h } from "./dom.js";

const INLINE = [
  [/^\\([^\w\s])/, (m) => m[1]],
  [/^``(.+?)``(?!`)|^`([^`\n]+)`/s, (m) => h("code", {}, m[1] ?? m[2])],
  [/^\*\*\*(.+?)\*\*\*/s, (m, c) => h("strong", {}, h("em", {}, inline(m[1], c)))],
  [/^\*\*(.+?)\*\*(?!\*)/s, (m, c) => h("strong", {}, inline(m[1], c))],
  [/^__(.+?)__(?!_)/s, (m, c) => h("u", {}, inline(m[1], c))],
  [/^~~(.+?)~~/s, (m, c) => h("s", {}, inline(m[1], c))],
  [/^\|\|(.+?)\|\|/s, (m, c) => spoiler(inline(m[1], c))],
  [/^\*(?!\s)(.+?)(?<!\s)\*(?!\*)/s, (m, c) => h("em", {}, inline(m[1], c))],
  [/^_(?!\s)(.+?)(?<!\s)_(?!\w)/s, (m, c) => h("em", {}, inline(m[1], c))],
  [/^\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/, (m, c) => link(m[2], inline(m[1], c), c)],
  [/^<(https?:\/\/[^\s>]+)>/, (m, c) => link(m[1], m[1], c)],
  [/^https?:\/\/[^\s<]+[^\s<.,:;"')\]]/, (m, c) => link(m[0], m[0], c)],
  [/^<@!?(\d+)>/, (m, c) => h("span", { class: "mention" }, "@" + c.nameOf(m[1]))],
  [/^<#(\d+)>/, (m, c) => h("span", { class: "mention" }, "#" + c.channelOf(m[1]))],
  [/^<\/([^:>]+):\d+>/, (m) => h("span", { class: "mention" }, "/" + m[1])],
  [/^<t:(-?\d+)(?::([a-zA-Z]))?>/, (m) => timestamp(Number(m[1]), m[2] ?? "f")],
  [/^<a?:(\w+):\d+>/, (m) => ":" + m[1] + ":"],
];

/** Return the nodes of a text; `context` names people and channels by their ids, and jumps to a message. */
export function markdown(text, context) {
  const nodes = [];
  const lines = text.split("\n");
  while (lines.length) nodes.push(block(lines, context));
  return nodes;
}

function block(lines, context) {
  const line = lines.shift();
  const fence = line.match(/^```(\w*)$/) && lines.indexOf("```");
  if (typeof fence === "number" && fence >= 0) {
    const code = lines.splice(0, fence + 1).slice(0, -1).join("\n");
    return h("pre", {}, h("code", {}, code));
  }
  const heading = line.match(/^(#{1,3}) (.+)/);
  if (heading) return h(`h${heading[1].length}`, {}, inline(heading[2], context));
  if (line.startsWith("-# ")) return h("small", {}, inline(line.slice(3), context));
  if (/^>>> /.test(line)) return quote([line.slice(4), ...lines.splice(0)], context);
  if (/^> /.test(line)) return quote([line, ...taken(lines, /^> /)].map((each) => each.slice(2)), context);
  if (/^\s*[-*] /.test(line)) return list("ul", [line, ...taken(lines, /^\s*[-*] /)], /^\s*[-*] /, context);
  if (/^\d+\. /.test(line)) return list("ol", [line, ...taken(lines, /^\d+\. /)], /^\d+\. /, context);
  return h("div", { class: line ? "line" : "line blank" }, inline(line, context));
}

function taken(lines, pattern) {
  const end = lines.findIndex((line) => !pattern.test(line));
  return lines.splice(0, end < 0 ? lines.length : end);
}

function quote(lines, context) {
  return h("blockquote", {}, markdown(lines.join("\n"), context));
}

function list(tag, lines, mark, context) {
  return h(tag, {}, lines.map((line) => h("li", {}, inline(line.replace(mark, ""), context))));
}

function inline(text, context) {
  const nodes = [];
  let plain = "";
  while (text) {
    const found = INLINE.map(([pattern, make]) => [text.match(pattern), make]).find(([m]) => m);
    if (!found) {
      plain += text[0];
      text = text.slice(1);
      continue;
    }
    if (plain) nodes.push(plain);
    plain = "";
    nodes.push(found[1](found[0], context));
    text = text.slice(found[0][0].length);
  }
  if (plain) nodes.push(plain);
  return nodes;
}

const MESSAGE = /^https:\/\/discord\.com\/channels\/[\w@]+\/(\d+)\/(\d+)$/;

/** Return a link; one to a message leads there in this page. */
function link(url, words, context) {
  const [, channel, message] = url.match(MESSAGE) ?? [];
  if (message) {
    const jump = (event) => (event.preventDefault(), context.jump(channel, message));
    return h("a", { href: `#m${message}`, onclick: jump }, words);
  }
  return h("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, words);
}

function spoiler(words) {
  const reveal = (event) => event.currentTarget.classList.add("shown");
  return h("span", { class: "spoiler", tabindex: 0, role: "button", "aria-label": "Spoiler", onclick: reveal }, words);
}

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};

function timestamp(seconds, style) {
  const date = new Date(seconds * 1000);
  const full = date.toLocaleString([], STYLES.F);
  const shown = style === "R" ? relative(seconds) : date.toLocaleString([], STYLES[style] ?? STYLES.f);
  return h("time", { datetime: date.toISOString(), title: full, "data-seconds": style === "R" && seconds }, shown);
}

const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** Say how long ago or from now a time is, as the browser's language does. */
export function relative(seconds) {
  const left = Math.round(seconds - Date.now() / 1000);
  const [unit, length] = UNITS.find(([, each]) => Math.abs(left) >= each) ?? ["second", 1];
  return new Intl.RelativeTimeFormat([], { numeric: "auto" }).format(Math.trunc(left / length), unit);
}
