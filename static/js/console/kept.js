// Sees that nothing typed into a form is lost: warns before the page is left, stays on the page until the server has
// saved, and keeps what is not saved in this window for the signed-in account, to be put back later. Without script the
// forms post, and the server returns what was typed with its errors.
import {
  differs,
  fieldOf,
  fieldsOf,
  forms,
  isLost,
  isRefused,
  isUnsaved,
  nameOf,
  pageName,
  typedIn,
  withOffered,
} from "./kept_fields.js";
import { renewToken } from "./token.js";
import { forgetAll, forgetOthers, namesFrom, recall, remember } from "./typed.js";

const texts = document.querySelector("[data-kept-notices]");
const sending = new Set();
const sentByBrowser = new Set();
// By the name of the form, since another script may replace the form itself:
const lostFrom = new Map(); // what was typed into fields that it no longer has
const offered = new Map(); // what a notice offers to put back
let isLeaving = false;
let wasSaved = false;

const isInDanger = () => !isLeaving && forms().some(isUnsaved);

function warn(event) {
  if (isInDanger()) event.preventDefault(); // other scripts may have saved since
}

function arm() {
  window[isInDanger() ? "addEventListener" : "removeEventListener"]("beforeunload", warn);
}

const isSentHere = (form) => form.dataset.kept === "script";
const isOfFile = (form) => form.dataset.kept === "file"; // which nothing is kept of
const version = (form) => form.querySelector('input[name="version-read"]');

// A form whose rows the server makes, kept as it would be sent: the value is the button by which the server shows it.
const isWhole = (form) => "keptWhole" in form.dataset;
const wholeOf = (form) => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");

function keep(form) {
  if (isOfFile(form)) return;
  const name = nameOf(form);
  const typed = typedIn(form);
  const fields = [...(lostFrom.get(name) ?? []), ...typed];
  const whole = isWhole(form) && typed.length ? wholeOf(form) : null;
  const kept = fields.length ? { version: version(form)?.value ?? null, fields, whole } : null;
  remember(name, offered.has(name) ? withOffered(offered.get(name), kept) : kept);
}

function offer(form) {
  const name = nameOf(form);
  const kept = recall(name);
  if (!kept) return;
  const lost = kept.fields.filter((one) => isLost(form, one));
  if (kept.whole) {
    // A form that the server has sent back holds all of it that it has fields for.
    if (isRefused(form)) showLost(form, lost);
    else ask(form, kept, () => showAgain(form, recall(name)?.whole ?? kept.whole));
    return;
  }
  const missing = kept.fields.filter((one) => differs(form, one));
  if (!missing.length) {
    offered.delete(name);
    showLost(form, lost);
    if (!isRefused(form)) keep(form);
    return;
  }
  ask(form, kept, () => {
    for (const one of missing) putBack(form, one);
    offered.delete(name);
    // It was typed over the values of that time: what others have saved since is asked about, not overwritten.
    if (kept.version !== null && version(form)) version(form).value = kept.version;
    showLost(form, lost);
    keep(form);
    arm();
  });
}

function ask(form, kept, putAllBack) {
  offered.set(nameOf(form), kept);
  openAround(form);
  const notice = show(form, "found", form.firstElementChild);
  notice.querySelector("[data-put-back]").addEventListener("click", () => {
    notice.remove();
    putAllBack();
  });
  notice.querySelector("[data-forget]").addEventListener("click", () => {
    notice.remove();
    offered.delete(nameOf(form));
    keep(form);
  });
}

// Shows what was typed into fields that are gone, to be copied, until it is forgotten or the form is saved.
function showLost(form, lost) {
  if (!lost.length) return;
  openAround(form);
  lostFrom.set(nameOf(form), lost);
  listLost(show(form, "lost", form.firstElementChild), lost, () => {
    lostFrom.delete(nameOf(form));
    keep(form);
  });
}

// The same of a form that is gone as a whole.
function showLostForms() {
  const there = new Set(forms().map(nameOf));
  for (const name of namesFrom(pageName())) {
    const lost = there.has(name) ? [] : (recall(name)?.fields ?? []).filter((one) => isLost(null, one));
    if (!lost.length) continue;
    const main = document.querySelector("main");
    listLost(show(main, "lost", main.firstElementChild), lost, () => remember(name, null));
  }
}

function listLost(notice, lost, forget) {
  const list = notice.querySelector("dl");
  for (const { label, shown } of lost) {
    const [term, value] = ["dt", "dd"].map((tag) => document.createElement(tag));
    term.textContent = label;
    value.textContent = shown;
    list.append(term, value);
  }
  notice.querySelector("[data-forget]").addEventListener("click", () => {
    notice.remove();
    forget();
  });
}

// The server shows the form with what was typed; it saves nothing.
function showAgain(form, whole) {
  const sent = document.createElement("form");
  sent.method = "post";
  sent.hidden = true;
  const token = ["csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value];
  for (const [name, value] of [token, ...whole, ["do", form.dataset.keptWhole]]) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    sent.append(field);
  }
  document.body.append(sent);
  leave();
  sent.submit();
}

function putBack(form, kept) {
  const field = fieldOf(form, kept);
  if (kept.checked === undefined) field.value = kept.value;
  else field.checked = kept.checked;
  openAround(field);
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function openAround(field) {
  for (let part = field.parentElement; part; part = part.parentElement) if (part.matches("details")) part.open = true;
}

function show(form, which, before) {
  const isPassing = '[data-kept-notice]:not([data-kept-notice="found"], [data-kept-notice="lost"])';
  if (which !== "lost") for (const old of form.querySelectorAll(isPassing)) old.remove();
  const notice = texts.content.querySelector(`[data-kept-notice="${which}"]`).cloneNode(true);
  form.insertBefore(notice, before);
  return notice;
}

function tell(form, which, problem = "", signInAt = "") {
  const actions = [...form.querySelectorAll(":scope .actions")].pop();
  let before = actions ?? null;
  while (before && before.parentElement !== form) before = before.parentElement;
  const notice = show(form, which, before);
  if (problem) notice.querySelector("[data-problem]").textContent = problem;
  const here = encodeURIComponent(location.pathname + location.search);
  const signIn = notice.querySelector("[data-to-sign-in]");
  if (signIn) signIn.href = `${signInAt}?next=${here}`;
  notice.querySelector("[data-load-again]")?.addEventListener("click", () => {
    leave();
    location.reload();
  });
  signIn?.addEventListener("click", leave);
  notice.scrollIntoView({ block: "nearest" });
}

// What is typed is kept, or saved: no warning any more.
function leave() {
  isLeaving = true;
  arm();
}

function saved(form) {
  const name = nameOf(form);
  for (const held of [lostFrom, offered]) held.delete(name);
  remember(name, null);
  delete form.dataset.unsaved;
  wasSaved = true;
}

function goTo(address) {
  leave();
  const target = new URL(address, location.href);
  if (target.hash && target.pathname === location.pathname && target.search === location.search) {
    history.replaceState(null, "", target);
    location.reload();
  } else {
    location.assign(target);
  }
}

async function download(response) {
  const link = document.createElement("a");
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition"));
  link.href = URL.createObjectURL(await response.blob());
  link.download = name ? name[1] : "";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function send(form, submitter) {
  const body = new FormData(form, submitter);
  const hasFiles = form.enctype === "multipart/form-data";
  const address = new URL(form.getAttribute("action") ?? "", location.href);
  let response;
  try {
    response = await fetch(address, {
      method: "POST",
      body: hasFiles ? body : new URLSearchParams(body),
      headers: { "X-Requested-With": "form", ...("takesAnswer" in form.dataset && { Accept: "application/json" }) },
      signal: AbortSignal.timeout(hasFiles ? 600_000 : 60_000),
    });
    if (response.status >= 500 || response.status === 429) throw new Error(response.statusText);
    if (isJson(response)) {
      const answer = await response.json();
      if ("ok" in answer) {
        if (answer.ok) saved(form);
        form.dispatchEvent(new CustomEvent("answered", { detail: answer }));
      } else if (answer.next) {
        saved(form);
        goTo(answer.next);
      } else if (answer.sign_in) {
        tell(form, "signed-out", "", answer.sign_in);
      } else if (answer.is_old) {
        tell(form, "old");
      } else {
        tell(form, "refused", answer.problem || answer.error);
      }
    } else if (response.headers.get("Content-Disposition")?.startsWith("attachment")) {
      await download(response);
      saved(form);
      for (const field of fieldsOf(form)) field.defaultValue = field.value;
      arm();
    } else {
      // A page, which says what is wrong or shows rows in another order: nothing was saved. The browser sends the form
      // once more, and shows it.
      sendByBrowser(form, submitter);
    }
  } catch {
    tell(form, "away");
  }
}

const isJson = (response) => response.headers.get("Content-Type")?.startsWith("application/json");

function sendByBrowser(form, submitter) {
  sentByBrowser.add(form);
  form.requestSubmit(submitter);
  sentByBrowser.delete(form); // the browser sends nothing if a field has become wrong meanwhile
}

// A form that the browser sends leaves its page, also for a page that says there is no connection: so it is sent only
// once the server answers to this account.
async function isServed(form) {
  try {
    const response = await fetch(location.href, {
      headers: { "X-Requested-With": "form" },
      signal: AbortSignal.timeout(60_000),
    });
    if (response.status >= 500 || response.status === 429) throw new Error(response.statusText);
    const signInAt = isJson(response) && (await response.json()).sign_in;
    if (signInAt) tell(form, isOfFile(form) ? "signed-out-of-file" : "signed-out", "", signInAt);
    return !signInAt;
  } catch {
    tell(form, "away");
    return false;
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if ("forgetsTyped" in form.dataset) forgetAll();
  if (!form.matches("form[data-kept]")) return;
  if (sentByBrowser.has(form)) {
    leave();
    return;
  }
  event.preventDefault();
  if (sending.has(form)) return;
  sending.add(form);
  form.setAttribute("aria-busy", "true");
  renewToken(form);
  if (isSentHere(form)) await send(form, event.submitter);
  else if (await isServed(form)) sendByBrowser(form, event.submitter);
  form.removeAttribute("aria-busy");
  sending.delete(form);
});

for (const kind of ["input", "change"])
  document.addEventListener(kind, (event) => {
    const form = event.target.form ?? event.target.closest?.("form");
    if (!form?.matches("form[data-kept]")) return;
    isLeaving = false;
    keep(form);
    arm();
  });

// Another script has saved the form.
document.addEventListener("kept-saved", (event) => {
  if (event.target.matches("form[data-kept]")) saved(event.target);
});

// Another script has put a part of the page in place anew, with what was typed: what was offered there still is.
document.addEventListener("put-in-place", ({ target }) => {
  for (const form of target.querySelectorAll("form[data-kept]")) {
    const name = nameOf(form);
    keep(form);
    if (offered.has(name)) offer(form);
    else showLost(form, lostFrom.get(name) ?? []);
  }
  arm();
});

// A page that the browser kept from before a save: what is stored, not the old copy.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && wasSaved) location.reload();
});

forgetOthers(texts.dataset.account);
// Loading a page again on which a form was refused asks for the page, and sends nothing twice.
if (document.querySelector("form[data-unsaved]")) history.replaceState(null, "", location.href);
for (const form of forms()) offer(form);
showLostForms();
arm();
