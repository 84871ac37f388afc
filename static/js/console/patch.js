// Makes a part of the page equal to another, and leaves every node that stays as it is: what is focused, selected,
// scrolled or folded out remains so. Rows that come, go or move are known by `data-key` or `id`.

const keyOf = (node) => node.dataset?.key || node.id || "";
const isSame = (a, b) => a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
// A form is the reader's while it is on the page: what was typed into it is not in the server's.
const isTheReaders = (node, fresh) =>
  node.nodeName === "FORM" && node.getAttribute("action") === fresh.getAttribute("action");

export function patch(node, fresh) {
  if (node.isEqualNode(fresh) || isTheReaders(node, fresh)) return;
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.nodeValue !== fresh.nodeValue) node.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...node.attributes])
    if (name !== "open" && !fresh.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (name !== "open" && node.getAttribute(name) !== value) node.setAttribute(name, value);
  patchChildren(node, fresh);
}

export function patchChildren(node, fresh) {
  const keyed = new Map();
  for (const child of node.childNodes) if (keyOf(child)) keyed.set(keyOf(child), child);
  const wanted = new Set([...fresh.childNodes].map(keyOf));
  let place = node.firstChild;
  for (const next of [...fresh.childNodes]) {
    while (place && keyOf(place) && !wanted.has(keyOf(place))) {
      const gone = place;
      place = place.nextSibling;
      gone.remove();
    }
    const moved = keyOf(next) ? keyed.get(keyOf(next)) : null;
    if (place && isSame(place, next)) {
      const here = place;
      place = place.nextSibling;
      patch(here, next);
    } else if (moved && isSame(moved, next)) {
      node.insertBefore(moved, place);
      patch(moved, next);
    } else node.insertBefore(next, place);
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}
