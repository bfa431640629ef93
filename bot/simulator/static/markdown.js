// Discord's markdown as elements. Source: Discord, reference, message formatting.

import { h } from "./dom.js";

/** What begins with one of the marks, most specific first: [pattern at a place, its node]. */
const INLINE = [
  [/\\([^\w\s])/y, (m) => m[1]],
  [/``(.+?)``(?!`)|`([^`\n]+)`/sy, (m) => h("code", {}, m[1] ?? m[2])],
  [/\*\*\*(.+?)\*\*\*/sy, (m, c) => h("strong", {}, h("em", {}, inline(m[1], c)))],
  [/\*\*(.+?)\*\*(?!\*)/sy, (m, c) => h("strong", {}, inline(m[1], c))],
  [/__(.+?)__(?!_)/sy, (m, c) => h("u", {}, inline(m[1], c))],
  [/~~(.+?)~~/sy, (m, c) => h("s", {}, inline(m[1], c))],
  [/\*(?![\s*])(.+?)(?<!\s)\*(?!\*)/sy, (m, c) => h("em", {}, inline(m[1], c))],
  [/_(?!\s)(.+?)(?<!\s)_(?!\w)/sy, (m, c) => h("em", {}, inline(m[1], c))],
  [/\[([^\]\n]+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/y, (m, c) => link(m[2], inline(m[1], c), c)],
  [/<(https?:\/\/[^\s>]+)>/y, (m, c) => link(m[1], m[1], c)],
  [/https?:\/\/[^\s<]+[^\s<.,:;"')\]]/y, (m, c) => link(m[0], m[0], c)],
  [/<@!?(\d+)>/y, (m, c) => h("span", { class: "mention" }, "@" + c.nameOf(m[1]))],
  [/<@&(\d+)>/y, (m, c) => h("span", { class: "mention" }, "@" + c.roleOf(m[1]))],
  [/<#(\d+)>/y, (m, c) => h("span", { class: "mention" }, "#" + c.channelOf(m[1]))],
  [/<t:(-?\d+)(?::([a-zA-Z]))?>/y, (m) => timestamp(Number(m[1]), m[2] ?? "f")],
];
const MARKS = /[\\`*_~[<]|https?:\/\//g;

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
  let shown = 0; // everything before it is in `nodes`
  for (let at = search(MARKS, text, 0)?.index; at !== undefined; at = search(MARKS, text, at)?.index) {
    const [found, make] = marked(text, at) ?? [];
    if (found) {
      nodes.push(text.slice(shown, at), make(found, context));
      shown = at + found[0].length;
    }
    at = Math.max(shown, at + 1);
  }
  return [...nodes, text.slice(shown)].filter((node) => node !== "");
}

function search(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Return the first match of INLINE at a place and what makes its node. */
function marked(text, at) {
  for (const [pattern, make] of INLINE) {
    const found = search(pattern, text, at);
    if (found) return [found, make];
  }
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
