// Sees that nothing typed into a form is lost: warns before the page is left, stays on the page until the server has
// saved, and keeps what is not saved in this window for the signed-in account, to be put back later. Without script the
// forms post, and the server returns what was typed with its errors.
import { isChanged, isTicked } from "./changed.js";
import { forgetAll, forgetOthers, recall, remember } from "./typed.js";

const texts = document.querySelector("[data-kept-notices]");
const forms = () => [...document.querySelectorAll("form[data-kept]")];
const sending = new Set();
const sentByBrowser = new Set();
let isLeaving = false;
let wasSaved = false;

// Fields without a value of their own that a person types: those are kept nowhere.
const NOT_KEPT = new Set(["hidden", "password", "file", "submit", "button", "reset", "fieldset", "output"]);
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && !NOT_KEPT.has(field.type));

const isUnsaved = (form) => "unsaved" in form.dataset || fieldsOf(form).some(isChanged);

const isInDanger = () => !isLeaving && forms().some(isUnsaved);

function warn(event) {
  if (isInDanger()) event.preventDefault(); // other scripts may have saved since
}

function arm() {
  window[isInDanger() ? "addEventListener" : "removeEventListener"]("beforeunload", warn);
}

// The name under which a form's text is kept: its page, where it is sent, and which of those it is.
function nameOf(form) {
  const to = (other) => new URL(other.getAttribute("action") ?? "", location.href).pathname;
  const alike = forms().filter((other) => to(other) === to(form));
  return `${texts.dataset.account}:${location.pathname}${location.search}:${to(form)}:${alike.indexOf(form)}`;
}

const isSentHere = (form) => form.dataset.kept === "script";
const version = (form) => form.querySelector('input[name="version-read"]');

// A form whose rows the server makes, kept as it would be sent: the value is the button by which the server shows it.
const isWhole = (form) => "keptWhole" in form.dataset;
const wholeOf = (form) => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");

function keep(form) {
  if (!isSentHere(form)) return;
  const isRefused = "unsaved" in form.dataset; // all that was typed stands in it as if it were stored
  const fields = isRefused ? fieldsOf(form) : fieldsOf(form).filter(isChanged);
  if (!fields.length) {
    remember(nameOf(form), null);
  } else if (isWhole(form)) {
    remember(nameOf(form), { whole: wholeOf(form) });
  } else {
    remember(nameOf(form), { version: version(form)?.value ?? null, fields: fields.map(typedInto) });
  }
}

const typedInto = (field) => ({
  name: field.name,
  value: field.value,
  ...(isTicked(field) && { checked: field.checked }),
});

function fieldOf(form, kept) {
  const isOfMany = kept.checked !== undefined;
  return fieldsOf(form).find((field) => field.name === kept.name && (!isOfMany || field.value === kept.value));
}

const differs = (form, kept) => {
  const field = fieldOf(form, kept);
  return field && (kept.checked === undefined ? field.value !== kept.value : field.checked !== kept.checked);
};

function offer(form) {
  const kept = recall(nameOf(form));
  if (!kept) return;
  if (isWhole(form)) {
    // A form that the server has sent back holds all of it.
    if (kept.whole && !("unsaved" in form.dataset)) ask(form, () => showAgain(form, kept.whole));
    return;
  }
  const missing = kept.fields.filter((one) => differs(form, one));
  if (!missing.length) {
    if (!("unsaved" in form.dataset)) remember(nameOf(form), null);
    return;
  }
  ask(form, () => {
    for (const one of missing) putBack(form, one);
    // It was typed over the values of that time: what others have saved since is asked about, not overwritten.
    if (kept.version !== null && version(form)) version(form).value = kept.version;
    keep(form);
    arm();
  });
}

function ask(form, putAllBack) {
  const notice = show(form, "found", form.firstElementChild);
  notice.querySelector("[data-put-back]").addEventListener("click", () => {
    notice.remove();
    putAllBack();
  });
  notice.querySelector("[data-forget]").addEventListener("click", () => {
    notice.remove();
    remember(nameOf(form), null);
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
  for (let part = field.parentElement; part; part = part.parentElement) if (part.matches("details")) part.open = true;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function show(form, which, before) {
  for (const old of form.querySelectorAll("[data-kept-notice]")) old.remove();
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
  remember(nameOf(form), null);
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
  const body = new FormData(form);
  if (submitter?.name) body.append(submitter.name, submitter.value);
  const address = new URL(form.getAttribute("action") ?? "", location.href);
  let response;
  try {
    response = await fetch(address, {
      method: "POST",
      body: new URLSearchParams(body),
      headers: { "X-Requested-With": "form" },
      signal: AbortSignal.timeout(60_000),
    });
    if (response.status >= 500 || response.status === 429) throw new Error(response.statusText);
    if (response.headers.get("Content-Type")?.startsWith("application/json")) {
      const answer = await response.json();
      if (answer.next) {
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
      sentByBrowser.add(form);
      form.requestSubmit(submitter);
    }
  } catch {
    tell(form, "away");
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if ("forgetsTyped" in form.dataset) forgetAll();
  if (!form.matches("form[data-kept]")) return;
  if (!isSentHere(form) || sentByBrowser.has(form)) {
    leave();
    return;
  }
  event.preventDefault();
  if (sending.has(form)) return;
  sending.add(form);
  form.setAttribute("aria-busy", "true");
  await send(form, event.submitter);
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

// A page that the browser kept from before a save: what is stored, not the old copy.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && wasSaved) location.reload();
});

forgetOthers(texts.dataset.account);
// Loading a page again on which a form was refused asks for the page, and sends nothing twice.
if (document.querySelector("form[data-unsaved]")) history.replaceState(null, "", location.href);
for (const form of forms()) if (isSentHere(form)) offer(form);
arm();
