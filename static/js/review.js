// The review of images: decisions without leaving the page, keys, and images in full size.
// Without script each decision is a form that leads back to the page, and an image a link to a page of its own.

import { isChanged, isTicked } from "./console/changed.js";
import { renewToken } from "./console/token.js";

const keys = document.querySelector("[data-keys]");
const words = keys?.dataset ?? {};
const messages = document.querySelector("[data-review-messages]");
const cards = () => [...document.querySelectorAll("[data-card]")];
let current = null; // the card that keys act on
let sending = null; // one decision at a time, so that each names what the one before left
let sent = 0; // decisions since the page was loaded

function cardOf(number) {
  return document.querySelector(`[data-card="${CSS.escape(number)}"]`);
}

function goTo(card) {
  if (!card) return;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "start" });
}

document.addEventListener("focusin", (event) => {
  current = event.target.closest("[data-card]")?.dataset.card ?? current;
});

// Decisions.

function say(text) {
  const notice = document.createElement("div");
  notice.className = "notice error";
  notice.setAttribute("role", "alert");
  const line = document.createElement("p");
  line.textContent = text;
  notice.append(line);
  messages.replaceChildren(notice);
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-decision]");
  if (!form || !keys) return;
  event.preventDefault();
  if (!sending) decide(form, event.submitter);
});

window.addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});

async function decide(form, submitter) {
  const card = form.closest("[data-card]");
  renewToken(form);
  const body = new FormData(form, submitter);
  const last = cards().at(-1);
  if (last) body.set("after", last.dataset.card);
  sending = form;
  sent += 1;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
    if (answer.redirected) say(words.textSignedOut);
    else if (!answer.ok) say(words.textRefused);
    else show(await answer.text(), card, form);
  } catch {
    say(words.textFailed);
  } finally {
    sending = null;
    form.removeAttribute("aria-busy");
  }
}

// Puts the bar and the card in place as the server has rendered them. An approved clip is done: the next one follows.
function show(text, card, sent = null) {
  const parts = new DOMParser().parseFromString(text, "text/html");
  const fresh = parts.querySelector("[data-card]");
  const notices = [...parts.querySelector("[data-messages]").children];
  const isRefused = notices.some((notice) => notice.matches(".error"));
  messages.replaceChildren(...notices);
  putBar(parts);
  if (!isRefused) sent?.dispatchEvent(new CustomEvent("kept-saved", { bubbles: true }));
  const old = fresh && cardOf(fresh.dataset.card);
  if (!old) return;
  keepTyped(old, fresh, isRefused ? null : sent);
  old.replaceWith(fresh);
  tidy(fresh);
  goTo((card && !isRefused && fresh.hasAttribute("data-approved") && nextOf(fresh)) || fresh);
}

// What was typed and chosen stays, but in a form that has been saved.
const KEPT = ":is(.decision, .tag-questions) :is(select, input:not([type=hidden]))";
function keepTyped(old, fresh, saved = null) {
  for (const field of old.querySelectorAll(KEPT)) {
    if (field.form === saved || !isChanged(field)) continue;
    const name = `[name="${CSS.escape(field.name)}"]`;
    const same = field.id
      ? fresh.querySelector(`#${CSS.escape(field.id)}`)
      : fresh.querySelector(`${KEPT}${name}[value="${CSS.escape(field.value)}"]`);
    const decided = (card) => card.querySelector(`${name}[checked]`)?.value;
    if (!same || (field.type === "radio" && decided(old) !== decided(fresh))) continue; // somebody else has decided it
    if (isTicked(field)) same.checked = field.checked;
    else same.value = field.value;
    same.closest("details").open ||= field.closest("details").open;
  }
}

function putBar(parts) {
  const [bar, old] = [parts, document].map((page) => page.getElementById("review-bar"));
  if (!bar) return;
  const focused = old.contains(document.activeElement) && document.activeElement.closest("[href], [data-key]");
  old.replaceWith(bar);
  if (focused)
    [...bar.querySelectorAll("[href], [data-key]")].find((part) => part.outerHTML === focused.outerHTML)?.focus();
}

// What belongs to a card that was put in place: the form for the whole page names what the card shows, and kept.js
// looks again at the card's forms, since the old ones are gone.
function tidy(card) {
  card.dispatchEvent(new CustomEvent("put-in-place", { bubbles: true }));
  const field = document.querySelector(`[data-approve-page] [name="seen-${card.dataset.card}"]`);
  const shown = card.querySelector(`[name="seen-${card.dataset.card}"]`);
  if (field && shown) field.value = shown.value;
  else field?.remove();
  const form = document.querySelector("[data-approve-page]");
  if (form && !form.querySelector('[name^="seen-"]')) form.hidden = true;
}

// Images that were painted again appear by themselves, while nobody decides on them.
async function refresh() {
  if (document.hidden || sending || !document.querySelector("[data-being-made]")) return;
  const before = sent;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok || answer.redirected) return;
    const parts = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (sent !== before) return; // it may be from before the decision
    putBar(parts);
    for (const card of document.querySelectorAll("[data-being-made]")) {
      const fresh = parts.getElementById(card.id);
      if (!fresh || fresh.hasAttribute("data-being-made") || card.querySelector(":focus")) continue;
      const isFocused = card === document.activeElement;
      keepTyped(card, fresh);
      card.replaceWith(fresh);
      tidy(fresh);
      if (isFocused) fresh.focus({ preventScroll: true });
    }
  } catch {
    // Offline: the next turn tries again.
  }
}
if (keys) setInterval(refresh, 4000);

function nextOf(card, step = 1) {
  const all = cards();
  return all[all.indexOf(card) + step];
}

// Keys. A page's single keys can be switched off: they disturb who speaks to the machine (WCAG 2.1.4).

if (keys) {
  keys.hidden = false;
  const box = keys.querySelector("[data-keys-on]");
  box.checked = localStorage.getItem("review-keys") !== "off";
  box.addEventListener("change", () => localStorage.setItem("review-keys", box.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.repeat || dialog.open) return; // a key that is held decides once, and nothing behind the large image
    if (event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea, dialog, .decision form")) {
      if (event.key === "Escape") closeDecision(event.target);
      return;
    }
    if (event.key === "?") {
      keys.open = !keys.open;
      keys.querySelector("summary").focus();
    } else if (event.key === "Escape") closeDecision(event.target);
    else if (box.checked && press(event.code)) event.preventDefault();
  });
}

// By the key's place, not its letter: it is the same with a Korean keyboard.
function press(code) {
  const card = cardOf(current ?? "") ?? null;
  if (code === "KeyJ") goTo(card ? nextOf(card) : cards()[0]);
  else if (code === "KeyK") goTo(card ? nextOf(card, -1) : cards()[0]);
  else if (code === "KeyN") nextUndecided(card);
  else if (code === "KeyZ") document.querySelector('[data-undo] [data-key="z"]')?.click();
  else if (code === "KeyV") card?.querySelector("[data-large]")?.click();
  else if (code === "KeyP") play(card?.querySelector("[data-player]"));
  else if (code === "KeyA") approve(card);
  else if (code === "KeyU") card?.querySelector('[data-key="u"]')?.click();
  else if (["KeyR", "KeyL", "KeyT"].includes(code))
    openPart(card?.querySelector(`[data-key="${code.at(-1).toLowerCase()}"]`));
  else return false;
  return true;
}

// Images that nobody can have seen, since they are not loaded or out of view, are shown instead.
function approve(card) {
  const button = card?.querySelector('[data-key="a"]');
  if (!button) return;
  const images = [...card.querySelectorAll(".pictures img")];
  const areLoaded = images.every((image) => image.complete && image.naturalWidth > 0);
  if (areLoaded && images.some(isInView)) button.click();
  else {
    goTo(card);
    if (!images.some(isInView)) images[0]?.scrollIntoView({ block: "center" });
  }
}

function isInView(part) {
  const { top, bottom } = part.getBoundingClientRect();
  const middle = (top + bottom) / 2;
  return middle > 0 && middle < window.innerHeight;
}

function nextUndecided(card) {
  const all = cards();
  const from = card ? all.indexOf(card) + 1 : 0;
  const next = all.slice(from).find((other) => !other.hasAttribute("data-approved"));
  if (next) goTo(next);
  else document.querySelector("[data-following]")?.click();
}

function play(player) {
  if (!player) return;
  if (player.paused) player.play().catch(() => {});
  else player.pause();
}

function openPart(summary) {
  if (!summary) return;
  summary.parentElement.open = true;
  summary.parentElement.querySelector("select, input:not([type=hidden])")?.focus();
}

function closeDecision(target) {
  const details = target.closest("details.decision[open]");
  if (!details) return;
  details.open = false;
  details.querySelector("summary").focus();
}

// One player at a time.
document.addEventListener(
  "play",
  (event) => {
    for (const player of document.querySelectorAll("[data-player]")) if (player !== event.target) player.pause();
  },
  true,
);

// Images in full size, beside the clip's others.

const dialog = document.querySelector("[data-large-dialog]");
const large = document.createElement("img");
const others = dialog.querySelector(".large-others");

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-large]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const links = [...link.closest("[data-card]").querySelectorAll("[data-large]")];
  others.replaceChildren(...links.map((other) => thumb(other)));
  enlarge(links.indexOf(link));
  dialog.showModal();
});

function thumb(link) {
  const button = document.createElement("button");
  const image = link.querySelector("img").cloneNode();
  image.removeAttribute("loading");
  button.type = "button";
  button.dataset.address = link.dataset.large;
  button.append(image);
  button.addEventListener("click", () => enlarge([...others.children].indexOf(button)));
  return button;
}

function enlarge(place) {
  const all = [...others.children];
  const chosen = all[(place + all.length) % all.length];
  for (const button of all) button.toggleAttribute("aria-current", button === chosen);
  dialog.prepend(large);
  large.src = chosen.dataset.address;
  large.alt = chosen.querySelector("img").alt;
}

dialog.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  enlarge([...others.children].findIndex((button) => button.hasAttribute("aria-current")) + step);
});

// The address names the clip to go on with; keys act on it at once.
if (location.hash.startsWith("#clip-")) goTo(document.getElementById(location.hash.slice(1)));
