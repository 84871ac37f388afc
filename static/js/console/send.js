// Shows how much of a large form's files is sent. Without script the form is sent by the browser itself.
for (const form of document.querySelectorAll("form[data-send]")) setUp(form);

function setUp(form) {
  const text = form.dataset;
  const box = form.querySelector("[data-send-progress]");
  const bar = box.querySelector("progress");
  const status = box.querySelector("[data-send-status]");
  const button = form.querySelector("button:not([type])");
  const results = document.querySelector("[data-send-result]");
  let request = null;

  box.querySelector("[data-send-stop]").addEventListener("click", () => request?.abort());
  window.addEventListener("beforeunload", (event) => {
    if (request) event.preventDefault();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!request) send();
  });

  function send() {
    request = new XMLHttpRequest(); // fetch reports no upload progress
    request.open("POST", form.action || window.location.pathname);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      bar.value = event.loaded / event.total;
      const [done, total] = [event.loaded, event.total].map((bytes) => Math.round(bytes / 1e6));
      if (total) status.textContent = text.textSending.replace("{done}", done).replace("{total}", total);
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      status.textContent = text.textReading;
    });
    request.addEventListener("load", () => end(request.response));
    request.addEventListener("error", () => end(null));
    request.addEventListener("abort", () => end({ html: "" }));
    request.send(new FormData(form));
    results.replaceChildren();
    bar.value = 0;
    box.hidden = false;
    button.disabled = true;
  }

  function end(answer) {
    request = null;
    if (answer?.next) {
      window.location.assign(answer.next);
      return;
    }
    box.hidden = true;
    button.disabled = false;
    if (answer?.html === undefined) {
      const notice = document.createElement("div");
      notice.className = "notice error";
      notice.setAttribute("role", "alert");
      notice.textContent = answer?.problem || answer?.error || text.textFailed;
      results.replaceChildren(notice);
    } else {
      results.innerHTML = answer.html; // rendered and escaped by the server
    }
    results.scrollIntoView({ block: "nearest" });
  }
}
