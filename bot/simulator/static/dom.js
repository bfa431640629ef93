// Builds elements, and changes a shown element into a new one without replacing what stays.

/**
 * Create an element. `props` are attributes; functions named on… are event handlers, `key` tells
 * siblings apart when they are morphed, and false, null and undefined leave an attribute out.
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  node.handlers = {};
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "key") node.key = String(value);
    else if (name.startsWith("on")) listen(node, name.slice(2), value);
    else if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function listen(node, type, handler) {
  if (!(type in node.handlers)) node.addEventListener(type, (event) => node.handlers[type]?.(event));
  node.handlers[type] = handler;
}

/** Change `shown` into `wanted`; nodes of the same tag and key stay, with their state. */
function morph(shown, wanted) {
  morphAttributes(shown, wanted);
  for (const [type, handler] of Object.entries(wanted.handlers ?? {})) {
    shown.handlers ??= {};
    listen(shown, type, handler);
  }
  for (const type of Object.keys(shown.handlers ?? {}))
    if (!(type in (wanted.handlers ?? {}))) delete shown.handlers[type];
  morphChildren(shown, [...wanted.childNodes]);
  return shown;
}

function morphAttributes(shown, wanted) {
  for (const { name } of [...shown.attributes])
    if (!wanted.hasAttribute(name) && name !== "open" && name !== "style") shown.removeAttribute(name);
  for (const { name, value } of [...wanted.attributes])
    if (name !== "style" && shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  // A style attribute that is set as text is refused by the page's content security policy.
  if (shown.style && shown.style.cssText !== wanted.style.cssText) shown.style.cssText = wanted.style.cssText;
}

/** Make `children` the content of `parent`, keeping the nodes that match. */
export function morphChildren(parent, children) {
  const old = [...parent.childNodes];
  const keyed = new Map(old.filter((node) => node.key).map((node) => [node.key, node]));
  const loose = old.filter((node) => !node.key);
  const kept = children.map((child) => {
    const match = child.key ? keyed.get(child.key) : loose.find((node) => isAlike(node, child));
    if (!match || !isAlike(match, child)) return child;
    if (!child.key) loose.splice(loose.indexOf(match), 1);
    if (match === child) return child;
    if (match.nodeType === Node.TEXT_NODE) match.data = child.data;
    else morph(match, child);
    return match;
  });
  const staying = new Set(kept);
  for (const node of old) if (!staying.has(node)) node.remove();
  kept.forEach((node, at) => {
    const there = parent.childNodes[at];
    if (there !== node) parent.insertBefore(node, there ?? null);
  });
}

function isAlike(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && one.key === other.key;
}
