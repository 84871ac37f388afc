// The form of one question: its rows and its preview change in place. Without script, its buttons load the page anew.
import { makeRow } from "../survey/rows.js";

const form = document.querySelector("[data-question-form]");
const parts = form.querySelector("[data-question-parts]");
const preview = document.querySelector("[data-question-preview]");
let timer = 0;
let sent = 0;

document.documentElement.classList.add("scripted");

// The page as the server makes it of what is typed; null if it cannot be had now.
async function pageAfter(button) {
  const data = new FormData(form);
  data.set("do", button);
  const number = ++sent;
  try {
    const response = await fetch(location.href, { method: "POST", body: data, redirect: "error" });
    if (!response.ok || number !== sent) return null;
    return new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return null;
  }
}

function takeFrom(page, place, selector) {
  const found = page.querySelector(selector);
  if (found) place.replaceChildren(...document.adoptNode(found).childNodes);
  drawRows();
  return Boolean(found);
}

// The preview's answers of a trial work as participants have them; nobody notes them.
function drawRows() {
  for (const asked of preview.querySelectorAll("[data-unset]")) {
    for (const row of asked.querySelectorAll("[data-row]:not([tabindex])")) {
      makeRow(row, asked.dataset.unset, Function.prototype, Function.prototype);
    }
  }
}

async function rearrange(button) {
  clearTimeout(timer);
  const name = button.value;
  parts.inert = true; // what is typed meanwhile would be lost
  const page = await pageAfter(name);
  parts.inert = false;
  // Away or signed out: the button is pressed as without script, and the browser says what is wrong.
  if (!page || !takeFrom(page, parts, "[data-question-parts]")) return form.requestSubmit(button);
  form.dataset.unsaved = ""; // what is typed stands in the fields as if it were stored
  form.dispatchEvent(new Event("change", { bubbles: true })); // to what keeps it
  takeFrom(page, preview, "[data-question-preview]");
  const next = parts.querySelector("[autofocus]") ?? parts.querySelector(`#add-${name.split("-")[1]}`);
  next?.focus();
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=do]");
  if (!button || !parts.contains(button)) return;
  event.preventDefault();
  rearrange(button);
});

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const page = await pageAfter("preview");
    if (page) takeFrom(page, preview, "[data-question-preview]");
  }, 500);
});

drawRows();
