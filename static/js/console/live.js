// Keeps a part of the page as the server has it now. The server answers 304 while nothing has changed, at almost no
// cost, so it is asked every few seconds while somebody looks; without script the page has a link to load it again.
import { patchChildren } from "./patch.js";

const EVERY = 3; // seconds
const QUIET = 6; // when nothing has changed for a while
const AFTER = 100; // requests
const LOST = 2; // failures in a row until the page says so
const LONGEST = 30;
const SAY_EVERY = 30; // seconds: who listens to the page is not to be interrupted by each answer

const part = document.querySelector("[data-live]");
const note = (name) => document.querySelector(`[data-live-${name}]`);
const show = (name, visible) => {
  if (note(name)) note(name).hidden = !visible;
};

let tag = part?.dataset.liveTag;
let unchanged = 0;
let failures = 0;
let updated = new Date();
let said = part?.querySelector("[data-live-says]")?.textContent;
let saidAt = 0;
let turn = 0;
let isAsking = false;
let hasEnded = false;

const isTyping = () =>
  part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");

function say() {
  const text = part.querySelector("[data-live-says]")?.textContent;
  if (!text || text === said || Date.now() - saidAt < 1000 * SAY_EVERY) return;
  [said, saidAt] = [text, Date.now()];
  note("status").textContent = text;
}

// Rows of people by what they are and how many answers they have, so that those that move stand out until the next
// change.
const statesOf = (list) => new Map([...list.querySelectorAll("[data-state]")].map((row) => [row, row.dataset.state]));

function replace(html) {
  const fresh = document.createElement("div");
  fresh.innerHTML = html;
  const focused = document.activeElement;
  const before = statesOf(part);
  patchChildren(part, fresh);
  const now = statesOf(part);
  for (const [row, state] of now) row.toggleAttribute("data-moved", before.get(row) !== state);
  // A row that moves loses the focus.
  if (focused !== document.activeElement && part.contains(focused)) focused.focus({ preventScroll: true });
}

function end() {
  hasEnded = true;
  show("mark", false);
  show("lost", false);
  show("ended", true);
}

async function ask() {
  const headers = { "X-Requested-With": "fetch", "If-None-Match": tag };
  const response = await fetch(part.dataset.live, { headers, redirect: "manual", signal: AbortSignal.timeout(20_000) });
  if (response.type === "opaqueredirect" || response.status === 403 || response.status === 404) return end();
  if (response.status !== 304 && !response.ok) throw new Error(`status ${response.status}`);
  updated = new Date();
  if (response.status === 304) {
    unchanged += 1;
    return;
  }
  const html = await response.text();
  if (isTyping()) return; // the tag stays, so that the part comes again
  unchanged = 0;
  replace(html);
  tag = response.headers.get("ETag");
}

async function refresh() {
  clearTimeout(turn);
  if (isAsking || hasEnded || document.hidden) return;
  isAsking = true;
  const began = Date.now();
  try {
    await ask();
    failures = 0;
  } catch {
    failures += 1;
  }
  isAsking = false;
  if (hasEnded) return;
  show("lost", failures >= LOST);
  show("mark", failures < LOST);
  if (failures === LOST) note("since").textContent = updated.toLocaleTimeString(document.documentElement.lang);
  if (!failures) say();
  const quiet = unchanged < AFTER ? EVERY : QUIET;
  // A page that takes the server long is asked for less often.
  const wait = failures ? Math.min(EVERY * 2 ** failures, LONGEST) : Math.max(quiet, (Date.now() - began) / 100);
  turn = setTimeout(refresh, 1000 * wait);
}

if (part) {
  show("mark", true);
  turn = setTimeout(refresh, 1000 * EVERY);
  document.addEventListener("visibilitychange", refresh);
  window.addEventListener("online", refresh);
}
