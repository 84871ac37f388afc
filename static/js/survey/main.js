// The trial page made pleasant. Without this file the same page is a plain form and works as well.
import { isReady, prepare, take } from "./ahead.js";
import { makeChoices } from "./choices.js";
import { makeEnlarge } from "./enlarge.js";
import { makeNotes } from "./notes.js";
import { makeOutbox } from "./outbox.js";
import { makePlayer } from "./player.js";

const PATIENCE = 1500; // how long a slow server keeps somebody waiting when the next trial is ready
const handle = location.pathname.split("/")[2];
const outbox = makeOutbox(handle);
let notes = null;
let current = null;

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

function start() {
  const form = document.querySelector("#trial");
  if (!form) return;
  document.documentElement.classList.add("script");
  notes ??= makeNotes(form.dataset.events, form.querySelector("[name=csrfmiddlewaretoken]").value);
  notes.at(Number(form.dataset.trial));
  current?.player.audio.pause();
  current = makeTrial(form);
  notes.note("shown");
  prepare(form.dataset.ahead).then(() => {
    form.dataset.aheadReady = "";
  });
}

function makeTrial(form) {
  const state = form.querySelector(".state");
  const next = form.querySelector(".next");
  const kept = state.textContent.trim();
  const shown = performance.now();
  const minimum = "answered" in form.dataset ? 0 : Number(form.dataset.minimum);
  const player = makePlayer(form.querySelector("#player"), Number(form.dataset.duration), notes.note);
  const choices = makeChoices(form, notes.note);
  makeEnlarge(document.querySelector("dialog.enlarged"), form, choices, notes.note);
  const seen = watchImages(form, () => draw());
  const trial = { form, player, choices, key: newKey(), busy: false, moved: false, draw, say };

  function say(text) {
    if (state.textContent !== text) state.textContent = text;
  }

  // What is left to do, or nothing.
  function missing() {
    if (player.failed()) return state.dataset.failed;
    const left = minimum - player.heard();
    if (left > 0.05) return state.dataset.listen.replace("{n}", String(Math.ceil(left)));
    if (!seen()) return state.dataset.look;
    if (choices.none()) return "";
    if (!choices.first()) return state.dataset.first;
    if ("second" in form.dataset && !choices.second()) return state.dataset.second;
    return "";
  }

  function draw() {
    if (trial.busy) return;
    const what = missing();
    next.setAttribute("aria-disabled", String(Boolean(what)));
    const begun = player.heard() > 0 || choices.first() || player.failed();
    say(what && begun ? what : outbox.waiting() ? state.dataset.offline : kept);
  }

  async function submit() {
    const what = missing();
    if (what) {
      say(what);
      return;
    }
    if (trial.busy) return;
    trial.busy = true;
    next.setAttribute("aria-disabled", "true");
    form.querySelector("[name=key]").value = trial.key;
    form.querySelector("[name=seconds]").value = ((performance.now() - shown) / 1000).toFixed(1);
    form.querySelector("[name=listened]").value = player.heard().toFixed(1);
    say(state.dataset.saving);
    const fields = [...new FormData(form).entries()].map(([name, value]) => [name, String(value)]);
    outbox.add({ key: trial.key, url: location.pathname, fields, at: Date.now() });
    if (form.dataset.ahead)
      setTimeout(() => {
        if (!trial.moved && isReady(form.dataset.ahead)) go(form.dataset.ahead);
      }, PATIENCE);
  }

  trial.submit = submit;
  player.onHeard(draw);
  choices.onChange(draw);
  form.addEventListener("change", draw);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  player.audio.addEventListener("ended", draw);
  draw();
  return trial;
}

// Whether every image has loaded and been on the screen.
function watchImages(form, changed) {
  const images = [...form.querySelectorAll(".picture img")];
  const waiting = new Set(images);
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const image = entry.target;
        if (!entry.isIntersecting) continue;
        observer.unobserve(image);
        const done = () => {
          waiting.delete(image);
          changed();
        };
        if (image.complete && image.naturalWidth) done();
        else image.addEventListener("load", done, { once: true });
      }
    },
    { threshold: 0.5 },
  );
  images.forEach((image) => observer.observe(image));
  return () => waiting.size === 0;
}

// To another page: at once where it is ready, else by the browser.
function go(address) {
  if (!current || current.moved) return;
  current.moved = true;
  const ready = take(address);
  if (!ready) {
    location.assign(address);
    return;
  }
  const old = [...document.querySelectorAll("#trial [src^='blob:']")].map((element) => element.src);
  document.title = ready.page.title;
  document.querySelector(".survey-top").replaceWith(document.adoptNode(ready.page.querySelector(".survey-top")));
  document.querySelector("main").replaceWith(document.adoptNode(ready.page.querySelector("main")));
  document.querySelector("#trial audio").load(); // what it was given while it stood in no page is not loaded
  history.pushState(null, "", address);
  old.forEach((url) => URL.revokeObjectURL(url));
  scrollTo(0, 0);
  start();
  const heading = document.querySelector("#trial h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

outbox.on((event) => {
  if (!current) return;
  const { form, say } = current;
  const mine = event.item.key === current.key;
  const words = form.querySelector(".state").dataset;
  if (event.kind === "saved") {
    if (mine) {
      current.choices.forget();
      say(words.saved);
      go(event.next);
    } else if (event.item.url === location.pathname) location.assign(event.next || form.dataset.resume); // sent from an earlier visit
    else if (!current.busy) current.draw();
  } else if (event.kind === "refused") {
    if (mine) {
      current.busy = false;
      current.key = newKey();
      current.draw();
      say(event.error);
    }
  } else if (event.kind === "over") {
    location.assign(form.dataset.resume);
  } else if (event.kind === "offline") {
    if (mine && form.dataset.ahead && isReady(form.dataset.ahead)) go(form.dataset.ahead);
    else say(mine ? words.waiting : words.offline);
    if (current.form !== form) current.draw();
  }
});

document.addEventListener("keydown", (event) => {
  if (!current || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const target = event.target;
  if (target.matches("input[type=text], textarea, select")) return;
  const letter = /^Key[A-F]$/.test(event.code) ? event.code[3] : event.key.toUpperCase();
  const onControl = target.closest("button, a, summary, input, label, .wave");
  if (current.choices.letters.includes(letter)) current.choices.pick(letter, event.isTrusted);
  else if (event.key === " " && !onControl) current.player.toggle();
  else if (event.key === "Enter" && (!onControl || target.closest(".pick"))) current.submit();
  else return;
  event.preventDefault();
});

addEventListener("popstate", () => location.reload());
start();
if (outbox.waiting()) outbox.flush();
