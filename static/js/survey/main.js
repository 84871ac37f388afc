// The trial page with script. Without this file the same page is a plain form and works as well.
import { isReady, prepare, takePage } from "./ahead.js";
import { makeChoices } from "./choices.js";
import { makeEnlarge } from "./enlarge.js";
import { imagesLoaded, noteSize } from "./images.js";
import { makeNotes } from "./notes.js";
import { makeOutbox, newKey } from "./outbox.js";
import { makePlayer } from "./player.js";
import { watchTyping } from "./typing.js";

// After this time a prepared next trial is shown, although the server has not confirmed the answer yet.
const ADVANCE_AFTER_MS = 1500;
const handle = location.pathname.split("/")[2];
const outbox = makeOutbox(handle);
let notes = null;
let current = null;

function start() {
  const form = document.querySelector("#trial");
  if (!form) return;
  document.documentElement.classList.add("script");
  notes ??= makeNotes(form.dataset.events, form.querySelector("[name=csrfmiddlewaretoken]").value);
  notes.setTrial(Number(form.dataset.trial));
  current?.player.audio.pause();
  current = makeTrial(form);
  reserveBar(form.querySelector(".bottom"));
  notes.note("shown");
  loadInOrder(form, current.player.audio);
}

// The page's own images first, then its sound, then the next trials: on a slow line they would hold each other up.
async function loadInOrder(form, audio) {
  await imagesLoaded(form);
  noteSize(form);
  audio.preload = "auto";
  await prepare(form.dataset.ahead);
  form.dataset.aheadReady = "";
}

// A long message makes the bar higher: the images make room for it, instead of being covered.
function reserveBar(bar) {
  const reserve = () => document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`);
  new ResizeObserver(reserve).observe(bar);
}

function makeTrial(form) {
  const state = form.querySelector(".state");
  const next = form.querySelector(".next");
  const messages = readMessages();
  const initialText = state.textContent.trim();
  const shownAt = performance.now();
  const minimum = "answered" in form.dataset ? 0 : Number(form.dataset.minimum);
  const player = makePlayer(form.querySelector("#player"), Number(form.dataset.duration), notes.note);
  const choices = makeChoices(form, notes.note);
  const typing = watchTyping(form.querySelector("[name=reason]"), location.pathname);
  makeEnlarge(document.querySelector("dialog.enlarged"), form, choices, notes.note);
  const imagesSeen = watchImages(form, () => draw());
  const trial = { form, player, choices, messages, key: newKey(), busy: false, moved: false, draw, showState, typing };

  function showState(text) {
    if (state.textContent !== text) state.textContent = text;
  }

  // The message about what is still missing from the answer; empty if it can be sent.
  function missing() {
    if (player.failed()) return messages.failed;
    const left = minimum - player.heard();
    if (left > 0.05) return messages.listen.replace("{n}", String(Math.ceil(left)));
    if (!imagesSeen()) return messages.look;
    if (choices.none()) return "";
    if (!choices.first()) return messages.first;
    if ("second" in form.dataset && !choices.second()) return messages.second;
    return "";
  }

  function draw() {
    if (trial.busy) return;
    const problem = missing();
    next.setAttribute("aria-disabled", String(Boolean(problem)));
    const begun = player.heard() > 0 || choices.first() || player.failed();
    if (problem && begun) showState(problem);
    else showState(outbox.waiting() ? messages.offline : initialText);
  }

  async function submit() {
    const problem = missing();
    if (problem) {
      showState(problem);
      return;
    }
    if (trial.busy) return;
    trial.busy = true;
    next.setAttribute("aria-disabled", "true");
    form.querySelector("[name=key]").value = trial.key;
    form.querySelector("[name=seconds]").value = ((performance.now() - shownAt) / 1000).toFixed(1);
    form.querySelector("[name=listened]").value = player.heard().toFixed(1);
    const typed = form.querySelector("[name=typing]");
    if (typed) typed.value = typing.counts();
    showState(messages.saving);
    const fields = [...new FormData(form).entries()].map(([name, value]) => [name, String(value)]);
    outbox.add({ key: trial.key, url: location.pathname, fields });
    setTimeout(() => {
      if (!trial.moved && isReady(form.dataset.ahead)) goTo(form.dataset.ahead);
    }, ADVANCE_AFTER_MS);
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

// The texts of the status line, by name; the page holds them in the language of the participant.
function readMessages() {
  const texts = document.querySelector("#trial-messages").content.querySelectorAll("[data-message]");
  return Object.fromEntries([...texts].map((text) => [text.dataset.message, text.textContent.trim()]));
}

// Returns a function: whether every image has loaded and been on the screen.
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

// Show another page: at once if it is prepared, otherwise load it.
function goTo(address) {
  if (!current || current.moved) return;
  current.moved = true;
  const prepared = takePage(address);
  if (!prepared) {
    location.assign(address);
    return;
  }
  const oldUrls = [...document.querySelectorAll("#trial [src^='blob:']")].map((element) => element.src);
  document.title = prepared.title;
  document.querySelector(".survey-top").replaceWith(document.adoptNode(prepared.querySelector(".survey-top")));
  document.querySelector("main").replaceWith(document.adoptNode(prepared.querySelector("main")));
  document.querySelector("#trial audio").load(); // an audio element does not load while it is in no shown page
  history.pushState(null, "", address);
  oldUrls.forEach((url) => URL.revokeObjectURL(url));
  scrollTo(0, 0);
  start();
  const heading = document.querySelector("#trial h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function onSaved(event, isOfThisTrial) {
  if (isOfThisTrial) {
    current.choices.forget();
    current.typing.forget();
    current.showState(current.messages.saved);
    goTo(event.next);
  } else if (event.item.url === location.pathname) {
    // The answer to this trial was kept from an earlier visit and has been sent only now.
    location.assign(event.next || current.form.dataset.resume);
  } else if (!current.busy) {
    current.draw();
  }
}

function onRefused(event) {
  current.busy = false;
  current.key = newKey();
  current.draw();
  current.showState(event.error);
}

function onOffline(isOfThisTrial) {
  const { ahead } = current.form.dataset;
  if (isOfThisTrial && isReady(ahead)) {
    goTo(ahead);
    current.draw();
  } else {
    current.showState(isOfThisTrial ? current.messages.waiting : current.messages.offline);
  }
}

outbox.onEvent((event) => {
  if (!current) return;
  const isOfThisTrial = event.item.key === current.key;
  switch (event.kind) {
    case "saved":
      onSaved(event, isOfThisTrial);
      break;
    case "refused":
      if (isOfThisTrial) onRefused(event);
      break;
    case "over":
      location.assign(current.form.dataset.resume);
      break;
    case "offline":
      onOffline(isOfThisTrial);
      break;
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
