// Shows the guess and the ballots in place, so that the chosen file stays chosen. Without script the form posts.
const form = document.querySelector("[data-form-answers]");
const rest = () => form.querySelector("[data-form-answers-rest]");
let running = null;
form.classList.add("scripted");

form.elements.file.addEventListener("change", () => {
  form.elements.encoding.value = ""; // the choice was made for another file
  if (form.elements.file.files.length) show("guess");
});
form.addEventListener("submit", (event) => {
  const name = event.submitter?.name || (form.elements.columns ? "show" : "guess");
  if (name.endsWith("_file")) return; // a download leaves the page as it is
  event.preventDefault();
  show(name);
});

async function show(name) {
  running?.abort();
  const request = new AbortController();
  running = request;
  const body = new FormData(form);
  body.set(name, "1");
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(window.location.href, { method: "POST", body, signal: request.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-form-answers-rest]");
    if (!fresh || running !== request) throw new Error(answer.statusText);
    const errors = page.querySelector(".errorlist");
    rest().replaceWith(fresh);
    form.elements.guess.classList.toggle("primary", !form.elements.columns);
    if (errors && !fresh.contains(errors)) fresh.prepend(errors);
    const sections = fresh.querySelectorAll("[data-focus], section.card");
    (fresh.querySelector("[data-focus]") ?? sections[sections.length - 1])?.scrollIntoView({ block: "start" });
  } catch {
    if (running === request) sayFailed();
  } finally {
    if (running === request) form.removeAttribute("aria-busy");
  }
}

// What was typed into the parts below stays.
function sayFailed() {
  const notice = document.createElement("p");
  notice.className = "notice error";
  notice.setAttribute("role", "alert");
  notice.textContent = rest().dataset.textFailed;
  rest().querySelector(":scope > p.notice")?.remove();
  rest().prepend(notice);
  notice.scrollIntoView({ block: "nearest" });
}
