"use strict";
/* The console's niceties. Every page works without them: forms post, links lead somewhere. */

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// The path, folded away on phones.
for (const button of all("[data-nav-toggle]")) {
  button.addEventListener("click", () => {
    const open = document.getElementById(button.getAttribute("aria-controls")).classList.toggle("expanded");
    button.setAttribute("aria-expanded", String(open));
  });
}

// On a low window the path scrolls: the step that one is at is in sight.
document.querySelector(".nav-steps [aria-current]")?.scrollIntoView({ block: "nearest" });

// After a refusal the reader starts at what was refused.
document.querySelector("[data-focus]")?.focus();

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

// A link or a field of text is copied by a button beside it.
for (const button of all("[data-copy]")) {
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const field = document.querySelector(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // without https there is no clipboard but this one
    }
    button.textContent = button.dataset.textCopied;
    const status = document.querySelector("[data-copy-status]");
    if (status) status.textContent = button.dataset.textCopied;
    setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
}

// One player for the whole list: a second clip stops the first.
const player = new Audio();
let playing = null;

function stopPlaying() {
  player.pause();
  playing?.classList.remove("playing");
  playing = null;
}

player.addEventListener("timeupdate", () => {
  if (playing && player.duration) playing.style.setProperty("--played", (100 * player.currentTime) / player.duration);
});
player.addEventListener("ended", () => {
  playing?.style.removeProperty("--played");
  stopPlaying();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-play]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (playing === link) {
    stopPlaying();
    return;
  }
  stopPlaying();
  if (player.src !== link.href) player.src = link.href;
  playing = link;
  link.classList.add("playing");
  player.play().catch(stopPlaying);
});

// A row's menu closes by Escape and by a click elsewhere.
function closeMenus(except) {
  for (const menu of all(".row-menu[open]")) if (menu !== except) menu.open = false;
}
document.addEventListener("click", (event) => closeMenus(event.target.closest(".row-menu")));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(".row-menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Find one among many.
for (const field of all("[data-filter]")) {
  const list = document.querySelector(field.dataset.filter);
  const none = list.parentElement.querySelector("[data-filter-empty]");
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of list.children) {
      row.hidden = !row.dataset.name.includes(wanted);
      shown += !row.hidden;
    }
    if (none) none.hidden = shown > 0;
  });
}

// Uploads: one request a file, so that each has its progress and its own answer.
for (const form of all("[data-upload]")) setUpUpload(form);

function setUpUpload(form) {
  const input = form.querySelector('input[type="file"]');
  const drop = form.querySelector("[data-drop]");
  const list = form.querySelector("[data-upload-list]");
  const status = form.querySelector("[data-upload-status]");
  const text = form.dataset;
  const waiting = [];
  let busy = false;
  let counts = { done: 0, failed: 0 };
  form.classList.add("scripted");
  input.required = false;
  input.addEventListener("change", () => {
    take([...input.files]);
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
    take([...event.dataTransfer.files]);
  });
  window.addEventListener("beforeunload", (event) => {
    if (busy) event.preventDefault();
  });

  function take(files) {
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
      waiting.push({ file, row, state, progress });
    }
    if (!busy) next();
  }

  function settle(item, problem) {
    item.progress.remove();
    item.row.className = problem ? "failed" : "done";
    item.state.textContent = problem || text.textDone;
    counts[problem ? "failed" : "done"] += 1;
    next();
  }

  function next() {
    const item = waiting.shift();
    busy = Boolean(item);
    if (!item) {
      form.querySelector("[data-upload-after]").hidden = false;
      status.textContent = text.textSummary.replace("{done}", counts.done).replace("{failed}", counts.failed);
      const onward = form.querySelector("[data-upload-next]");
      if (onward && counts.done) onward.hidden = false;
      // The page's own counts and next step follow, unless there are refusals to read.
      if (counts.done && !counts.failed) window.location.reload();
      return;
    }
    if (item.file.size > Number(text.maximum)) {
      settle(item, `${item.file.name} ${text.textLarge}`);
      return;
    }
    const body = new FormData();
    body.append("files", item.file);
    const request = new XMLHttpRequest(); // fetch cannot tell how much has gone up
    request.open("POST", form.action || window.location.href);
    request.setRequestHeader("Accept", "application/json");
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
      const answer = request.response?.files?.[0];
      if (answer?.ok) addRow(answer.row);
      settle(item, answer?.ok ? "" : answer?.problem || request.response?.problem || text.textFailed);
    });
    request.addEventListener("error", () => settle(item, text.textFailed));
    request.send(body);
  }

  function addRow(html) {
    const rows = document.querySelector("[data-clip-list]");
    rows.insertAdjacentHTML("beforeend", html);
    rows.closest("[hidden]")?.removeAttribute("hidden");
    document.querySelector("[data-empty]")?.remove();
  }
}

// One clip's tags as chips: type and press Enter, remove with the cross or Backspace; Save sends them.
for (const form of all("[data-tag-editor]")) {
  const details = form.closest("details");
  let typed = null;
  // Opened here, not by the browser, whose "toggle" comes later: what is typed meanwhile would go to the summary.
  details.querySelector("summary").addEventListener("click", (event) => {
    if (details.open) return;
    event.preventDefault();
    details.open = true;
    typed ??= setUpTagEditor(form);
    typed.focus();
  });
}

function setUpTagEditor(form) {
  const field = form.elements.tags;
  const text = form.dataset;
  const split = (value) =>
    value
      .split(";")
      .map((tag) => tag.trim().replace(/\s+/g, " "))
      .filter(Boolean);
  const tags = split(field.value);
  const editor = document.createElement("div");
  const typed = document.createElement("input");
  editor.className = "chip-editor";
  typed.type = "text";
  typed.id = field.id;
  typed.autocomplete = "off";
  typed.placeholder = text.textAdd;
  field.type = "hidden";
  field.removeAttribute("id");
  editor.append(typed);
  field.after(editor);
  draw();

  function draw() {
    all(".chip", editor).forEach((chip) => chip.remove());
    tags.forEach((tag, at) => {
      const chip = document.createElement("span");
      const cross = document.createElement("button");
      chip.className = "chip";
      chip.append(tag);
      cross.type = "button";
      cross.textContent = "×";
      cross.setAttribute("aria-label", text.textRemove.replace("{tag}", tag));
      cross.addEventListener("click", () => {
        tags.splice(at, 1);
        draw();
        typed.focus();
      });
      chip.append(cross);
      editor.insertBefore(chip, typed);
    });
    field.value = tags.join("; ");
  }

  function take() {
    tags.push(...split(typed.value));
    typed.value = "";
    draw();
  }

  typed.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" && typed.value.trim()) || event.key === ";") {
      event.preventDefault();
      take();
    } else if (event.key === "Backspace" && !typed.value && tags.length) {
      tags.pop();
      draw();
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    take();
    const problem = form.querySelector("[data-editor-problem]");
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" },
      });
      const answer = await response.json();
      if (!answer.ok) throw new Error(answer.problem);
      showChips(form, answer.tags);
      problem.textContent = "";
      form.closest("details").open = false;
      form.closest("details").querySelector("summary").focus();
    } catch (error) {
      problem.textContent = error.message;
    }
  });
  return typed;
}

function showChips(form, tags) {
  const chips = form.closest(".tag-cell").querySelector("[data-chips]");
  chips.replaceChildren(
    ...(tags.length ? tags : [form.dataset.textNone]).map((tag) => {
      const chip = document.createElement("li");
      chip.className = tags.length ? "chip" : "quiet small no-tags";
      chip.textContent = tag;
      return chip;
    }),
  );
}

// The monitor keeps itself current while somebody looks.
for (const part of all("[data-refresh]")) {
  const every = Number(part.dataset.every);
  const refresh = async () => {
    try {
      const response = await fetch(part.dataset.refresh, { headers: { "X-Requested-With": "fetch" } });
      if (!response.ok || response.redirected) return;
      part.innerHTML = await response.text();
      if (part.querySelector("[data-reload]")) location.reload(); // what it told of has ended: the page is another
    } catch {
      /* offline: the next turn tries again */
    }
  };
  if (every)
    setInterval(() => {
      if (!document.hidden && !part.contains(document.activeElement)) refresh();
    }, 1000 * every);
}
