// Sends answers. Each stays in the browser's storage until the server confirms that it is saved, and has a key, so
// that the server stores an answer that arrives twice only once.
const RETRY_AFTER_MS = [1000, 2000, 4000, 8000, 15000];
const REQUEST_TIMEOUT_MS = 20000;

export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const hex = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

// Seconds since the answer was given. The monotonic clock cannot be set back but may stop while the device sleeps, and
// begins anew with each page; the device's own clock covers both.
function ageOf(item) {
  const monotonic = item.page === performance.timeOrigin ? performance.now() - item.since : 0;
  return Math.max(0, monotonic, Date.now() - item.at) / 1000;
}

export function makeOutbox(handle) {
  const name = `earsight-outbox:${handle}`;
  const counter = `earsight-count:${handle}`;
  const listeners = [];
  let memory = [];
  let given = { browser: newKey(), count: 0 };
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
  // This browser's random name, and how many answers it has given: the order of its own answers, whatever clocks do.
  function countAnswer() {
    try {
      const stored = JSON.parse(localStorage.getItem(counter));
      if (stored?.browser === given.browser) given.count = Math.max(given.count, stored.count);
      else if (stored?.browser) given = stored;
    } catch {
      // Without storage, the name and the count are those of this page.
    }
    given = { browser: given.browser, count: given.count + 1 };
    try {
      localStorage.setItem(counter, JSON.stringify(given));
    } catch {
      // As above.
    }
    return given;
  }
  const notify = (event) => listeners.forEach((listener) => listener(event));

  async function post(item) {
    const data = new FormData();
    for (const [key, value] of item.fields) data.append(key, value);
    data.append("age", String(ageOf(item)));
    data.append("browser", item.browser);
    data.append("count", String(item.count));
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
    add(answer) {
      const item = {
        ...answer,
        ...countAnswer(),
        at: Date.now(),
        page: performance.timeOrigin,
        since: performance.now(),
      };
      write([...read().filter((other) => other.key !== item.key), item]);
      return flush();
    },
  };
}
