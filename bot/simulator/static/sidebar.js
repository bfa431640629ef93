// Places and people: which channel is open, who somebody is, light or dark.

import { h, morphChildren } from "./dom.js";
import { avatar } from "./messages.js";

const SIGNS = { 1: "@", 11: "└", 15: "▤" };
const FORUM = 15;

/** Draw the sidebar. `state` is the app's; `open`, `be` and `turn` act. */
export function drawSidebar(root, state, { open, be, turn }) {
  morphChildren(root, [
    h("h1", { key: "title" }, "Rushes", h("span", { class: `presence ${state.online ? "on" : ""}`, title: state.online ? "The bot is online" : "The bot is starting" })),
    h("div", { class: "places", key: "places" }, state.places.filter((place) => place.channels.length).map((place) => h("section", { key: place.id },
      h("h2", {}, place.name), h("ul", {}, ordered(place.channels).map((channel) => entry(channel, state, open)))))),
    h("div", { class: "self", key: "self" },
      avatar(state.me, false),
      h("label", {}, h("span", { class: "hidden" }, "You are"),
        h("select", { id: "person", onchange: (event) => be(event.currentTarget.value) }, state.people.map((each) =>
          h("option", { value: each.id, selected: each.id === state.me.id }, describe(each))))),
      h("button", { type: "button", class: "plain", "aria-label": "Light or dark", title: "Light or dark", onclick: turn }, "◐")),
  ]);
}

function entry(channel, state, open) {
  const unread = state.unread.get(channel.id);
  const classes = [channel.id === state.channel?.id && "open", unread && "unread", channel.parent && "nested"];
  const words = [h("span", { class: "sign", "aria-hidden": "true" }, channel.nsfw ? "⚠" : SIGNS[channel.type] ?? "#"), ` ${channel.name}`,
    channel.nsfw && h("small", {}, " 18+"), unread?.pings > 0 && h("span", { class: "count", "aria-label": `${unread.pings} mentions` }, String(unread.pings))];
  if (channel.type === FORUM) return h("li", { key: channel.id, class: "forum" }, words);
  return h("li", { key: channel.id }, h("button", {
    type: "button", class: classes.filter(Boolean).join(" "), "aria-current": channel.id === state.channel?.id ? "page" : null,
    onclick: () => open(channel.id),
  }, words));
}

function ordered(channels) {
  return channels.filter((each) => !each.parent).flatMap((each) => [each, ...channels.filter((other) => other.parent === each.id)]);
}

function describe(person) {
  const role = person.roles[0]?.name ?? (person.locale === "en-US" ? null : new Intl.DisplayNames("en", { type: "language" }).of(person.locale));
  return role ? `${person.name} (${role})` : person.name;
}
