// Edits the tags of a clip as chips: Enter, a comma or a semicolon adds what was typed, a pasted list becomes several,
// the cross or Backspace removes; Save sends them.
const SEPARATORS = /[,;|，、；\t\r\n]/;

for (const form of document.querySelectorAll("[data-tag-editor]")) {
  const details = form.closest("details");
  let input = null;
  const setUp = () => (input ??= setUpTagEditor(form));
  details.addEventListener("toggle", setUp); // opened by what puts back what was typed
  if (details.open) setUp();
  // Open the editor on the click: the browser's "toggle" event comes later, and keys typed until then would be lost.
  details.querySelector("summary").addEventListener("click", (event) => {
    if (details.open) return;
    event.preventDefault();
    details.open = true;
    setUp().focus();
  });
}

function setUpTagEditor(form) {
  const field = form.elements.tags;
  const text = form.dataset;
  const split = (value, separators) =>
    value
      .split(separators)
      .map((tag) => tag.trim().replace(/\s+/g, " "))
      .filter(Boolean);
  let tags = split(field.value, ";");
  const editor = document.createElement("div");
  const input = document.createElement("input");
  editor.className = "chip-editor";
  input.type = "text";
  input.id = field.id;
  input.autocomplete = "off";
  input.placeholder = text.textAdd;
  field.hidden = true; // and of its own kind still: kept.js keeps it
  field.removeAttribute("id");
  editor.append(input);
  field.after(editor);
  const shown = field.value;
  field.defaultValue = split(field.defaultValue, ";").join("; ");
  field.value = shown;
  draw();
  field.addEventListener("change", () => {
    tags = split(field.value, ";");
    draw();
  });

  function draw() {
    editor.querySelectorAll(".chip").forEach((chip) => chip.remove());
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
        input.focus();
      });
      chip.append(cross);
      editor.insertBefore(chip, input);
    });
    noteTyped();
  }

  // To kept.js, which warns before it is left: the tags, and what is not one yet.
  function noteTyped() {
    field.value = [...tags, ...split(input.value, SEPARATORS)].join("; ");
    form.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function addTyped() {
    for (const tag of split(input.value, SEPARATORS)) if (!tags.includes(tag)) tags.push(tag);
    input.value = "";
    draw();
  }

  function addComplete(event) {
    if (!event.isComposing && SEPARATORS.test(input.value)) addTyped();
    else noteTyped();
  }

  input.addEventListener("input", addComplete);
  input.addEventListener("compositionend", addComplete);
  input.addEventListener("paste", (event) => {
    const pasted = event.clipboardData.getData("text/plain");
    if (!SEPARATORS.test(pasted.trim())) return;
    event.preventDefault(); // the field would drop the ends of lines
    input.setRangeText(pasted.replace(/[\t\r\n]+/g, ";"), input.selectionStart, input.selectionEnd, "end");
    addTyped();
  });
  input.addEventListener("keydown", (event) => {
    // A key that ends a Korean, Japanese or Chinese syllable; Safari sends it after the composition, with the code 229.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && input.value.trim()) {
      event.preventDefault();
      addTyped();
    } else if (event.key === "Backspace" && !input.value && tags.length) {
      tags.pop();
      draw();
    }
  });
  // kept.js sends the form, and says so if it cannot.
  form.addEventListener("submit", addTyped);
  form.addEventListener("answered", ({ detail: answer }) => {
    form.querySelector("[data-editor-problem]").textContent = answer.problem ?? "";
    // Rendered and escaped by the server.
    form.querySelector("[data-editor-question]").innerHTML = answer.question ?? "";
    if (!answer.ok) return;
    showChips(form, answer.tags);
    field.defaultValue = answer.tags.join("; ");
    field.value = field.defaultValue;
    field.dispatchEvent(new Event("change"));
    form.elements["version-read"].value = answer.version;
    for (const notice of form.querySelectorAll("[data-kept-notice]")) notice.remove();
    form.closest("details").open = false;
    form.closest("details").querySelector("summary").focus();
  });
  return input;
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
