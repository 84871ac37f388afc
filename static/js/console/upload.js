// Uploads each file in a request of its own, so that each has its own progress and its own error.
import { renewToken } from "./token.js";

for (const form of document.querySelectorAll("[data-upload]")) setUpUpload(form);

function setUpUpload(form) {
  const input = form.querySelector('input[type="file"]');
  const drop = form.querySelector("[data-drop]");
  const list = form.querySelector("[data-upload-list]");
  const status = form.querySelector("[data-upload-status]");
  const text = form.dataset;
  const waiting = [];
  let busy = false;
  const counts = { done: 0, failed: 0 };
  form.classList.add("scripted");
  input.required = false;
  input.addEventListener("change", () => {
    enqueue([...input.files]);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    enqueue([...event.dataTransfer.files]);
  });
  window.addEventListener("beforeunload", (event) => {
    if (busy) event.preventDefault();
  });

  function enqueue(files) {
    list.hidden = false;
    for (const file of files) {
      const row = document.createElement("li");
      const name = document.createElement("span");
      const state = document.createElement("span");
      const progress = document.createElement("progress");
      name.textContent = file.name;
      state.className = "state";
      state.textContent = text.textWaiting;
      progress.max = 1;
      progress.value = 0;
      progress.setAttribute("aria-label", file.name);
      row.append(name, state, progress);
      list.append(row);
      waiting.push({ file, row, state, progress, again: 30 });
    }
    if (!busy) uploadNext();
  }

  function finish(item, problem) {
    item.progress.remove();
    item.row.className = problem ? "failed" : "done";
    item.state.textContent = problem || text.textDone;
    counts[problem ? "failed" : "done"] += 1;
    uploadNext();
  }

  function uploadNext() {
    const item = waiting.shift();
    busy = Boolean(item);
    if (!item) {
      form.querySelector("[data-upload-after]").hidden = false;
      status.textContent = text.textSummary.replace("{done}", counts.done).replace("{failed}", counts.failed);
      const nextStep = form.querySelector("[data-upload-next]");
      if (nextStep && counts.done) nextStep.hidden = false;
      // Reload for the new counts and the next step, unless there are errors to read.
      if (counts.done && !counts.failed) window.location.reload();
      return;
    }
    if (item.file.size > Number(text.maximum)) {
      finish(item, `${item.file.name} ${text.textLarge}`);
      return;
    }
    send(item);
  }

  function send(item) {
    const body = new FormData();
    body.append("files", item.file);
    const request = new XMLHttpRequest(); // fetch reports no upload progress
    request.open("POST", form.action || window.location.href);
    request.setRequestHeader("Accept", "application/json");
    renewToken(form);
    request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) item.progress.value = event.loaded / event.total;
    });
    request.upload.addEventListener("load", () => {
      item.progress.removeAttribute("value");
      item.state.textContent = text.textChecking;
    });
    request.addEventListener("load", () => {
      // Other files are being checked, or something is away for a moment: the server names the seconds to wait.
      if (request.status === 503 && item.again > 0) {
        item.again -= 1;
        item.state.textContent = text.textWaiting;
        setTimeout(send, 1000 * (Number(request.getResponseHeader("Retry-After")) || 10), item);
        return;
      }
      if (request.response?.job) {
        waitFor(item, request.response.job);
        return;
      }
      const answer = request.response?.files?.[0];
      if (answer?.ok) addRow(answer.row);
      finish(item, answer?.ok ? "" : answer?.problem || request.response?.problem || text.textFailed);
    });
    request.addEventListener("error", () => finish(item, text.textFailed));
    request.send(body);
  }

  // A large file is checked by a worker: ask how far it is until it has ended.
  async function waitFor(item, address) {
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      if (response.redirected || response.status === 403 || response.status === 404) {
        finish(item, text.textFailed); // signed out, or the study is gone
        return;
      }
      const job = await response.json();
      if (job.state === "waiting" || job.state === "running") {
        setTimeout(waitFor, 2000, item, address);
      } else {
        finish(item, job.state === "ready" ? "" : job.faults[0] || job.error || text.textFailed);
      }
    } catch {
      setTimeout(waitFor, 5000, item, address); // offline: the worker goes on
    }
  }

  function addRow(html) {
    const rows = document.querySelector("[data-clip-list]");
    rows.insertAdjacentHTML("beforeend", html);
    rows.closest("[hidden]")?.removeAttribute("hidden");
    document.querySelector("[data-empty]")?.remove();
  }
}
