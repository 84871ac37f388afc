// The trial page with script. Without this file the same page is a plain form and works as well.
import { isReady, prepare, takePage } from "./ahead.js";
import { makeChoices } from "./choices.js";
import { makeEnlarge } from "./enlarge.js";
import { imagesLoaded, noteSize, watchImages } from "./images.js";
import { makeNotes } from "./notes.js";
import { makeOutbox, newKey } from "./outbox.js";
import { makePlayer } from "./player.js";
import { makeStatus } from "./status.js";

// After this time a prepared next trial is shown, although the server has not confirmed the answer yet.
const ADVANCE_AFTER_MS = 1500;
// Only studies with an instrument of their own have such rows, on all of their trials.
const { makeQuestions } = document.querySelector("[data-row]") ? await import("./questions.js") : {};
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
const barSize = new ResizeObserver(([entry]) => {
  document.documentElement.style.setProperty("--bar", `${entry.target.offsetHeight}px`);
});

function reserveBar(bar) {
  barSize.disconnect(); // the bar of the page before
  barSize.observe(bar);
}

function makeTrial(form) {
  const next = form.querySelector(".next");
  const messages = readMessages();
  const initialText = form.querySelector(".state").textContent.trim();
  const status = makeStatus(form.querySelector(".state"));
  let refusal = takeRefusal(location.pathname);
  const shownAt = performance.now();
  const minimum = "answered" in form.dataset ? 0 : Number(form.dataset.minimum);
  const player = makePlayer(form.querySelector("#player"), Number(form.dataset.duration), notes.note);
  const choices = makeChoices(form, notes.note);
  const reason = form.querySelector("[name=reason]");
  const questions = makeQuestions?.(form, choices, status, notes.note, () => changed());
  makeEnlarge(document.querySelector("dialog.enlarged"), form, choices, notes.note);
  const imagesSeen = watchImages(form, () => draw());
  const trial = {
    form,
    player,
    choices,
    questions,
    typing: reason && takenAsTyped(reason),
    messages,
    status,
    key: newKey(),
    busy: false,
    moved: false,
    over: false,
    draw,
  };

  // A prepared page was made before the answers that are saved by now.
  const isLater = Number(form.dataset.trial) > 1 || "answered" in form.dataset;
  const ready = isLater ? `${messages.ready} ${messages.kept}` : messages.ready;
  const secondsLeft = () => minimum - player.heard();

  // The name of the message about what is still missing from the answer; empty if it can be sent.
  function missing() {
    if (player.failed()) return "failed";
    if (secondsLeft() > 0.05) return player.heard() > 0 || player.isPlaying() ? "listen" : "play";
    if (!imagesSeen()) return "look";
    return (choices.none() ? "" : choices.missing()) || (questions?.missing() ? "question" : "");
  }

  function showMissing(name) {
    if (name === "question") return questions.showMissing();
    if (name !== "listen") return status.show(messages[name]);
    const withSeconds = (text) => text.replace("{n}", String(Math.ceil(secondsLeft())));
    return status.count(withSeconds(messages.listen), withSeconds(messages.listening));
  }

  function changed() {
    refusal = "";
    draw();
  }

  function draw() {
    if (trial.busy || trial.over) return;
    const gap = missing();
    next.setAttribute("aria-disabled", String(Boolean(gap)));
    const begun = player.isPlaying() || player.heard() > 0 || choices.any() || questions?.any() || player.failed();
    const waits = outbox.waiting() > 0;
    if (refusal) status.show(refusal);
    else if (waits && outbox.problem() && (!begun || isUrgent())) status.show(waitingText(messages));
    else if (gap && (begun || gap === "play")) showMissing(gap);
    else if (waits) status.show(waitingText(messages));
    else status.show(gap ? initialText : ready);
  }

  async function submit() {
    if (trial.over) {
      location.assign(form.dataset.resume);
      return;
    }
    const gap = missing();
    if (gap) {
      showMissing(gap);
      questions?.lead(gap);
      return;
    }
    if (questions?.goOn()) return draw();
    if (trial.busy) return;
    trial.busy = true;
    next.setAttribute("aria-disabled", "true");
    form.querySelector("[name=key]").value = trial.key;
    form.querySelector("[name=seconds]").value = ((performance.now() - shownAt) / 1000).toFixed(1);
    form.querySelector("[name=listened]").value = player.heard().toFixed(1);
    const typed = form.querySelector("[name=typing]");
    if (typed) typed.value = trial.typing.counts();
    status.show(messages.saving);
    const fields = [...new FormData(form).entries()].map(([name, value]) => [name, String(value)]);
    outbox.add({ key: trial.key, url: location.pathname, fields });
    setTimeout(() => {
      if (trial.busy && !trial.over && !isUrgent() && isReady(form.dataset.ahead)) goTo(form.dataset.ahead);
    }, ADVANCE_AFTER_MS);
  }

  trial.submit = submit;
  if (reason) {
    const page = location.pathname;
    import("./typing.js")
      .then(({ watchTyping }) => {
        trial.typing = watchTyping(reason, page);
      })
      .catch(() => {}); // without a network: the text stays taken as typed
  }
  player.onHeard(draw);
  choices.onChange(() => changed());
  form.addEventListener("change", draw);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  player.audio.addEventListener("ended", draw);
  draw();
  return trial;
}

// Until typing.js is there, which only studies that ask for reasons load: nothing speaks against the text.
function takenAsTyped(field) {
  return {
    counts: () => JSON.stringify({ pastes: 0, inputs: field.value.length, largest: 1, seconds: 0 }),
    forget() {},
  };
}

// The texts of the status line, by name; the page holds them in the language of the participant. `lost` has a link.
function readMessages() {
  const templates = [...document.querySelectorAll("#trial-messages, #asked-messages")];
  const texts = templates.flatMap((one) => [...one.content.querySelectorAll("[data-message]")]);
  const messages = Object.fromEntries(texts.map((text) => [text.dataset.message, text.textContent.trim()]));
  const lost = texts.find((text) => text.dataset.message === "lost");
  messages.lost = () => {
    const nodes = [...lost.cloneNode(true).childNodes];
    // If only this page has the answer, it has to stay open.
    if (!outbox.stores()) nodes.forEach((node) => node.setAttribute?.("target", "_blank"));
    return nodes;
  };
  return messages;
}

// Whether the participant has to do something, or the answers that wait are lost.
const isUrgent = () => outbox.problem()?.reason === "lost" || !outbox.stores();

// Why answers wait; `isOfThisTrial`: the answer of the trial that is shown is among them.
function waitingText(messages, isOfThisTrial = false) {
  const problem = outbox.problem();
  if (!problem) return messages.saving;
  if (problem.reason === "lost") return messages.lost;
  if (!outbox.stores()) return messages.unkept;
  if (problem.reason === "offline") return isOfThisTrial ? messages.waiting : messages.offline;
  return problem.text || messages[problem.reason];
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
    current.questions?.forget();
    current.typing?.forget();
    current.status.show(current.messages.saved);
    goTo(event.next || current.form.dataset.resume);
  } else if (event.item.url === location.pathname) {
    // The answer to this trial was kept from an earlier visit and has been sent only now.
    location.assign(event.next || current.form.dataset.resume);
  } else if (!current.busy) {
    current.draw();
  }
}

const refusalName = (path) => `earsight-refused:${path}`;

// Why the answer of this trial was refused after the page had gone on; empty if it was not.
function takeRefusal(path) {
  try {
    const text = sessionStorage.getItem(refusalName(path)) || "";
    sessionStorage.removeItem(refusalName(path));
    return text;
  } catch {
    return "";
  }
}

function onRefused(event, isOfThisTrial) {
  if (isOfThisTrial) {
    current.busy = false;
    current.key = newKey();
    current.draw();
    current.status.show(event.error);
    return;
  }
  // The page has gone on since: back to the trial whose answer is not stored, with the reason.
  try {
    sessionStorage.setItem(refusalName(event.item.url), event.error);
  } catch {
    // Without storage the trial is shown without the reason.
  }
  location.assign(event.item.url);
}

// The server takes no more answers: say so here, because the next page does not know of this answer.
function onOver(event) {
  current.over = true;
  current.form.querySelector(".next").setAttribute("aria-disabled", "false");
  current.status.show(`${event.error} ${current.messages.over}`);
}

function onWaiting(isOfThisTrial) {
  const { ahead } = current.form.dataset;
  if (isOfThisTrial && !isUrgent() && isReady(ahead)) {
    goTo(ahead);
    current.draw();
  } else {
    current.status.show(waitingText(current.messages, isOfThisTrial));
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
      onRefused(event, isOfThisTrial);
      break;
    case "over":
      onOver(event);
      break;
    case "waiting":
      onWaiting(isOfThisTrial);
      break;
  }
});

document.addEventListener("keydown", (event) => {
  if (
    !current ||
    event.isComposing ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    document.querySelector("dialog[open]")
  )
    return;
  const target = event.target;
  if (target.matches("input[type=text], input[type=number], textarea, select")) return;
  const letter = /^Key[A-F]$/.test(event.code) ? event.code[3] : event.key.toUpperCase();
  const onControl = target.closest("button, a, summary, input, label, .wave");
  const isFree = !target.matches("input") || target.closest(".tie");
  if (current.questions?.key(event, letter) || (isFree && current.choices.pairKey(event.key))) current.draw();
  else if (current.choices.letters.includes(letter)) current.choices.pick(letter, event.isTrusted);
  else if (event.key === " " && !onControl) current.player.toggle();
  else if (event.key === "Enter" && (!onControl || target.closest(".pick"))) current.submit();
  else return;
  event.preventDefault();
});

addEventListener("popstate", () => location.reload());
start();
if (outbox.waiting()) outbox.flush();
