// Sends answers. Each stays in the browser's storage until the server confirms that it is saved, and has a key, so
// that the server stores an answer that arrives twice only once. Nothing else removes an answer but the server's final
// refusal, which the page shows.
const RETRY_AFTER_MS = [1000, 2000, 4000, 8000, 15000];
const LONGEST_WAIT_MS = 120000;
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

// Milliseconds that the server asks to wait, undefined if it does not say.
function askedWait(response) {
  const value = response.headers.get("Retry-After");
  if (!value) return undefined;
  const wait = /^\d+$/.test(value) ? 1000 * Number(value) : Date.parse(value) - Date.now();
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 1000), LONGEST_WAIT_MS) : undefined;
}

// Why an answer has to wait, from a response that neither takes nor refuses it.
function reasonOf(response, body) {
  if (body?.state === "nolink") return "lost"; // the cookie is gone
  if (response.status === 503 || response.status === 429 || body?.retry) return "busy";
  return response.ok ? "offline" : "trouble"; // a page of the network's own instead of an answer, or a fault
}

export function makeOutbox(handle) {
  const name = `earsight-outbox:${handle}`;
  const counter = `earsight-count:${handle}`;
  const listeners = [];
  let own = []; // the answers given in this page that wait: the storage may be refused, full or emptied
  let stores = true;
  let problem = null;
  let given = { browser: newKey(), count: 0 };
  let sending = null;
  let tries = 0;
  let timer = null;

  function stored() {
    try {
      const items = JSON.parse(localStorage.getItem(name) || "[]");
      return Array.isArray(items) ? items : [];
    } catch {
      return [];
    }
  }
  function read() {
    const items = stored();
    const keys = new Set(items.map((item) => item.key));
    return [...items, ...own.filter((item) => !keys.has(item.key))];
  }
  function write(items) {
    try {
      if (items.length) localStorage.setItem(name, JSON.stringify(items));
      else localStorage.removeItem(name);
      stores = true;
    } catch {
      stores = false;
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
    const token = /(?:^|; )(?:__Host-)?csrftoken=([^;]+)/.exec(document.cookie)?.[1];
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

  function drop(item) {
    own = own.filter((other) => other.key !== item.key);
    write(stored().filter((other) => other.key !== item.key));
  }

  // Sends an answer and removes it if the server has decided about it; else returns why it waits, and how long.
  async function sendOne(item) {
    let response;
    try {
      response = await post(item);
    } catch {
      return { reason: "offline" };
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
      return null;
    }
    if (response.status === 422 && body?.error) {
      drop(item);
      notify({ kind: "refused", item, error: body.error });
      return null;
    }
    if (body?.final) {
      drop(item);
      notify({ kind: "over", item, error: body.error || "" });
      return null;
    }
    return { reason: reasonOf(response, body), text: body?.message, wait: askedWait(response) };
  }

  async function run() {
    for (let items = read(); items.length; items = read()) {
      problem = await sendOne(items[0]);
      if (problem) {
        const backoff = RETRY_AFTER_MS[Math.min(tries++, RETRY_AFTER_MS.length - 1)];
        timer = setTimeout(flush, problem.wait ?? backoff);
        notify({ kind: "waiting", item: items[0] });
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
  addEventListener("beforeunload", (event) => {
    if (!stores && own.length) event.preventDefault(); // only this page has the answer: the browser asks before leaving
  });
  return {
    flush,
    waiting: () => read().length,
    // Why the answers wait, null until a try has failed: `reason` is "offline", "busy", "lost" or "trouble"; `text` is
    // the server's own words.
    problem: () => problem,
    stores: () => stores,
    onEvent: (listener) => listeners.push(listener),
    add(answer) {
      const item = {
        ...answer,
        ...countAnswer(),
        at: Date.now(),
        page: performance.timeOrigin,
        since: performance.now(),
      };
      own = [...own.filter((other) => other.key !== item.key), item];
      write(read());
      return flush();
    },
  };
}
