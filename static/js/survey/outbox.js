// Sends answers. Each stays in the browser's storage until the server confirms that it is saved, and has a key, so
// that the server stores an answer that arrives twice only once.
const RETRY_AFTER_MS = [1000, 2000, 4000, 8000, 15000];
const REQUEST_TIMEOUT_MS = 20000;

export function makeOutbox(handle) {
  const name = `earsight-outbox:${handle}`;
  const listeners = [];
  let memory = [];
  let sending = null;
  let tries = 0;
  let timer = null;

  function read() {
    try {
      return JSON.parse(localStorage.getItem(name) || "[]");
    } catch {
      return memory;
    }
  }
  function write(items) {
    memory = items;
    try {
      if (items.length) localStorage.setItem(name, JSON.stringify(items));
      else localStorage.removeItem(name);
    } catch {
      // Without storage the answers wait in this page.
    }
  }
  const notify = (event) => listeners.forEach((listener) => listener(event));

  async function post(item) {
    const data = new FormData();
    for (const [key, value] of item.fields) data.append(key, value);
    data.append("age", String(Math.max(0, (Date.now() - item.at) / 1000)));
    // A sign-in in another tab replaces the CSRF token of the page; the cookie has the current one.
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
    if (token) data.set("csrfmiddlewaretoken", token);
    const control = new AbortController();
    const limit = setTimeout(() => control.abort(), REQUEST_TIMEOUT_MS);
    try {
      return await fetch(item.url, {
        method: "POST",
        body: data,
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        redirect: "error",
        signal: control.signal,
      });
    } finally {
      clearTimeout(limit);
    }
  }

  const drop = (item) => write(read().filter((other) => other.key !== item.key));

  async function sendOne(item) {
    let response;
    try {
      response = await post(item);
    } catch {
      return "offline";
    }
    let body = null;
    try {
      body = await response.json();
    } catch {
      // An HTML page, of a proxy for instance: not an answer of the survey.
    }
    if (response.ok && body?.saved) {
      drop(item);
      notify({ kind: "saved", item, next: body.next });
      return "ok";
    }
    if (response.status === 422 && body) {
      drop(item);
      notify({ kind: "refused", item, error: body.error });
      return "ok";
    }
    if (body?.final) {
      drop(item);
      notify({ kind: "over", item, error: body?.error || "" });
      return "ok";
    }
    return "offline";
  }

  async function run() {
    for (let items = read(); items.length; items = read()) {
      if ((await sendOne(items[0])) === "offline") {
        notify({ kind: "offline", item: items[0] });
        timer = setTimeout(flush, RETRY_AFTER_MS[Math.min(tries++, RETRY_AFTER_MS.length - 1)]);
        return;
      }
      tries = 0;
    }
  }

  function flush() {
    clearTimeout(timer);
    sending ??= run().finally(() => {
      sending = null;
    });
    return sending;
  }

  addEventListener("online", () => {
    tries = 0;
    flush();
  });
  return {
    flush,
    waiting: () => read().length,
    onEvent: (listener) => listeners.push(listener),
    add(item) {
      write([...read().filter((other) => other.key !== item.key), item]);
      return flush();
    },
  };
}
