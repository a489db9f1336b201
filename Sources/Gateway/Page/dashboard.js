// The dashboard: signs in, asks for figures once a second on one WebSocket, and runs the console on another.
"use strict";
(() => {
const $ = (id) => document.getElementById(id);
const span = 120000;
// Kept here alone, and sent in handshakes and in the Authorization field alone.
let token = null;
let waitAtLeast = 0;

function element(name, parent, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  parent.append(made);
  return made;
}

function show(id, text) {
  const target = $(id);
  target.hidden = !text;
  if (target.textContent !== text) target.textContent = text;
}

function setState(text, className) {
  const state = $("state");
  state.className = className || "";
  if (state.textContent !== text) state.textContent = text;
}

/// Keeps integers that a number does not hold; where the browser does not tell their text they are rounded.
function exact(_, value, context) {
  const source = context?.source;
  const isRounded = typeof value === "number" && !Number.isSafeInteger(value);
  return isRounded && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

// Connections

const seconds = (milliseconds) => `${Math.max(1, Math.round(milliseconds / 1000))} s`;

/// A WebSocket that is opened again when it is lost; `heard` gets what it is sent, `opened` is told each time.
class Link {
  constructor(title, opened, heard, lost) {
    Object.assign(this, { title, opened, heard, lost, tries: 0, timer: 0, socket: null });
  }

  start() {
    this.stop();
    const socket = new WebSocket(`wss://${location.host}/ws`, ["sallyport.v1", `bearer.${token}`]);
    this.socket = socket;
    let wasOpen = false;
    socket.onopen = () => {
      wasOpen = true;
      this.tries = 0;
      this.opened();
    };
    socket.onmessage = (event) => this.heard(JSON.parse(event.data, exact));
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.closed(wasOpen, event);
    };
  }

  async closed(wasOpen, event) {
    if (event.code === 3000) return leave(`The server has ended the session: ${event.reason}`);
    let reason = event.reason;
    let delay = Math.min(30000, 500 * 2 ** this.tries++) * (0.75 + Math.random() / 2);
    if (!wasOpen) {
      const known = token;
      const refusal = await explain();
      if (token !== known || this.socket) return;
      if (refusal.isFinal) return leave(refusal.text);
      reason = refusal.text;
      delay = Math.max(delay, refusal.delay);
    }
    delay = Math.max(delay, waitAtLeast);
    this.lost(reason ? ` (${reason})` : "", delay);
    this.timer = setTimeout(() => this.start(), delay);
  }

  stop() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    if (socket) socket.close();
  }

  get isOpen() { return this.socket !== null && this.socket.readyState === WebSocket.OPEN; }

  send(text) {
    if (this.isOpen) this.socket.send(text);
    return this.isOpen;
  }
}

/// Why no WebSocket was made: a browser does not tell, so the same token asks over HTTP.
async function explain() {
  try {
    const answer = await fetch("/v1/command", {
      method: "POST",
      headers: { "Authorization": `Bearer ${token}`, "Content-Type": "application/json" },
      body: '{"action":"PING"}',
      credentials: "omit",
    });
    const error = (await answer.json()).error || {};
    const text = error.message || "the server refused the WebSocket";
    if (answer.status === 401) return { isFinal: true, text: `The server refused this token: ${text}` };
    return { text, delay: error.retry_after_ms || 0 };
  } catch {
    return { text: "the server cannot be reached", delay: 0 };
  }
}

function shutdown(notice) {
  waitAtLeast = notice.reconnect_after_ms || 0;
  setState("Server is shutting down", "bad");
  show("trouble", `The server is shutting down: this connection ends within ${seconds(notice.grace_ms)}.`);
}

function enter(text) {
  token = text;
  show("trouble", "");
  setState("Connecting");
  try {
    figures.start();
  } catch {
    leave("This is not a token: it holds characters that no token has.");
  }
}

function leave(reason) {
  token = null;
  figures.stop();
  consoleLink.stop();
  stopPolling();
  $("inside").hidden = true;
  $("leave").hidden = true;
  $("enter").hidden = false;
  $("log").replaceChildren();
  $("server").textContent = "";
  history.length = 0;
  for (const plot of plots) plot.samples.length = 0;
  setState("Not signed in");
  show("trouble", reason);
  $("token").focus();
}

// Figures

const figures = new Link("figures", () => {
  const isFirst = $("inside").hidden;
  $("enter").hidden = true;
  $("inside").hidden = false;
  $("leave").hidden = false;
  show("trouble", "");
  show("figures-trouble", "");
  setState("Connected", "good");
  startPolling();
  if (!consoleLink.isOpen) consoleLink.start();
  if (isFirst) $("command").focus({ preventScroll: true });
}, (message) => {
  if (message.type === "shutdown") shutdown(message);
  else if (message.id === "ping") takePong();
  else if (message.id === "metrics") takeMetrics(message);
}, (why, delay) => {
  stopPolling();
  waitAtLeast = 0;
  setState("Disconnected", "bad");
  show("trouble", `Connection lost${why}. The next attempt is in ${seconds(delay)}.`);
});

const count = (value) => value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
const milliseconds = (value) => `${value.toLocaleString("en", { maximumSignificantDigits: 3 })} ms`;

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; value >= 1024 && unit < 4; unit++) value /= 1024;
  return `${value.toLocaleString("en", { maximumFractionDigits: value < 100 && unit > 0 ? 1 : 0 })} ${units[unit]}`;
}

/// One figure: its last two minutes as one line or two.
class Plot {
  constructor(key, title, names, format, note) {
    Object.assign(this, { format, names, note, title, samples: [] });
    const figure = element("figure", $("plots"));
    figure.dataset.key = key;
    const heading = element("h3", figure, title);
    heading.id = `plot-${key}`;
    figure.setAttribute("aria-labelledby", heading.id);
    const top = element("div", figure, undefined, "top");
    this.value = element("p", top, "–", "value");
    this.most = element("span", top, "", "most");
    this.svg = this.draw("svg", figure, { viewBox: "0 0 120 60", preserveAspectRatio: "none", role: "img" });
    this.draw("path", this.svg, { d: "M0 60H120M0 0H120", class: "axis" });
    this.lines = names.map((_, index) =>
      this.draw("path", this.svg, { class: index ? "second" : "first" }));
    const caption = element("figcaption", figure);
    this.captions = names.map((name, index) => element("span", caption, name, index ? "other" : ""));
    this.extra = element("div", caption, note ? note() : "");
  }

  draw(name, parent, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    parent.append(made);
    return made;
  }

  add(values) {
    const now = performance.now();
    this.samples.push([now, ...values]);
    while (this.samples.length && this.samples[0][0] < now - span) this.samples.shift();
    const top = Math.max(...this.samples.flatMap((sample) => sample.slice(1)));
    const scale = top > 0 ? 58 / top : 0;
    this.lines.forEach((line, index) => {
      let path = "";
      let last = -Infinity;
      for (const sample of this.samples) {
        // Where nothing was measured nothing is drawn.
        path += sample[0] - last > 5000 ? "M" : "L";
        path += `${(120 - (now - sample[0]) / 1000).toFixed(1)} ${(60 - sample[index + 1] * scale).toFixed(1)}`;
        last = sample[0];
      }
      line.setAttribute("d", path);
      this.captions[index].textContent = `${this.names[index]} ${this.format(values[index])}`;
    });
    this.value.textContent = this.format(values[0]);
    this.most.textContent = `most ${this.format(top)}`;
    this.svg.setAttribute("aria-label", `${this.title}: now ${this.format(values[0])}, at most ${this.format(top)}`);
    if (this.note) this.extra.textContent = this.note(this.samples);
  }
}

function percentiles(samples) {
  const sorted = (samples || []).map((sample) => sample[1]).sort((left, right) => left - right);
  if (!sorted.length) return "";
  const at = (share) => milliseconds(sorted[Math.ceil(share * sorted.length) - 1]);
  return `median ${at(0.5)}, 95% ${at(0.95)}, 99% ${at(0.99)}`;
}

let keyspaceBytes = 0;
const plots = [
  new Plot("requests", "Requests per second", ["answered"], count, () => "two of them are this page's"),
  new Plot("latency", "Round trip of this page's pings", ["latest"], milliseconds, percentiles),
  new Plot("clients", "Clients", ["open", "signed in"], count),
  new Plot("memory", "Memory", ["resident", "allocated"], bytes, () => `keys and values ${bytes(keyspaceBytes)}`),
  new Plot("keys", "Keys", ["all", "expiring"], count),
  new Plot("messages", "Messages per second", ["published", "delivered"], count),
];
const [requestPlot, latencyPlot, clientPlot, memoryPlot, keyPlot, messagePlot] = plots;

let poller = 0;
let asked = 0;
let isAsking = false;
let resumeAt = 0;
let before = null;

function startPolling() {
  stopPolling();
  poll();
  poller = setInterval(poll, 1000);
}

function stopPolling() {
  clearInterval(poller);
  isAsking = false;
  resumeAt = 0;
  before = null;
}

function poll() {
  const now = performance.now();
  if (isAsking) {
    if (now - asked > 5000) show("figures-trouble", `The server has not answered for ${seconds(now - asked)}.`);
    if (now - asked > 20000) figures.socket.close();
    return;
  }
  isAsking = true;
  asked = now;
  figures.send('{"type":"ping","id":"ping"}');
  if (now >= resumeAt) figures.send('{"action":"METRICS","id":"metrics"}');
}

function takePong() {
  isAsking = false;
  latencyPlot.add([performance.now() - asked]);
}

function takeMetrics(message) {
  if (message.error) {
    const error = message.error;
    const isForbidden = error.code === "forbidden";
    resumeAt = isForbidden ? Infinity : performance.now() + (error.retry_after_ms || 2000);
    show("figures-trouble", isForbidden
      ? `The figures need the command METRICS, and this token lacks the permission @information: ${error.message}.`
      : `No figures for ${seconds(resumeAt - performance.now())}: ${error.code}: ${error.message}.`);
    return;
  }
  show("figures-trouble", "");
  const all = message.result;
  const get = (name) => all[`sallyport_${name}`] || 0;
  const now = performance.now();
  const rate = (name) => Math.max(0, (get(name) - (before.all[`sallyport_${name}`] || 0)) * 1000 / (now - before.now));
  clientPlot.add([get("clients"), get("authenticated_clients")]);
  keyspaceBytes = get("keyspace_bytes");
  memoryPlot.add([get("memory_resident_bytes"), get("memory_allocated_bytes")]);
  keyPlot.add([get("keys"), get("expiring_keys")]);
  if (before) {
    requestPlot.add([rate("requests_total")]);
    messagePlot.add([rate("messages_published_total"), rate("messages_delivered_total")]);
  }
  const levels = ["normal", "handshakes slowed", "low priority refused", "established clients only"];
  const level = get("overload_level");
  const overload = level ? `, overload level ${level} (${levels[level] || "unknown"})` : "";
  $("server").textContent = `${location.host}, up ${duration(get("uptime_seconds"))}${overload}`;
  showLimits(all, now);
  before = { now, all };
}

function duration(total) {
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = Math.max(0, parts.findIndex(([size]) => total >= size));
  return parts.slice(total ? first : 3).slice(0, 2)
    .map(([size, name], index) => `${Math.floor((index ? total % parts[first][0] : total) / size)} ${name}`).join(" ");
}

function showLimits(all, now) {
  const refused = all.sallyport_limit_refusals_total || {};
  const shadowed = all.sallyport_limit_shadowed_total || {};
  const names = Object.keys(refused).filter((name) => refused[name] > 0 || shadowed[name] > 0);
  names.sort((left, right) => refused[right] - refused[left]);
  $("limits").hidden = names.length === 0;
  $("no-limits").hidden = names.length > 0;
  const body = $("limits").tBodies[0];
  body.replaceChildren();
  for (const name of names) {
    const earlier = before ? before.all.sallyport_limit_refusals_total[name] || 0 : refused[name];
    const rate = before ? (refused[name] - earlier) * 1000 / (now - before.now) : 0;
    const row = element("tr", body);
    element("td", row, name);
    for (const value of [refused[name], rate, shadowed[name] || 0]) element("td", row, count(value));
  }
}

// Console

let table = null;
const history = [];
let place = 0;

const consoleLink = new Link("console", () => {
  table = null;
  consoleLink.send('{"action":"COMMAND","subcommand":"DOCS","id":"page-table"}');
}, (message) => {
  if (message.id === "page-table") return takeTable(message);
  if (message.type === "shutdown") return write("told", "The server is shutting down.");
  if (message.type === "notification" && message.kind === "periodic" && !$("periodic").checked) return;
  if (message.event || message.type === "notification") return write("pushed", pushText(message));
  if (message.error) {
    const { code, message: text, retry_after_ms: retry } = message.error;
    return write("failed", `error ${code}: ${text}${retry ? ` (again in ${retry} ms)` : ""}`);
  }
  write("reply", plain("result" in message ? message.result : message));
}, (why) => write("told", `The console's connection has ended${why}, and its subscriptions with it.`));

function takeTable(message) {
  if (message.error) {
    const why = message.error.code === "forbidden"
      ? "this token lacks the permission @information, which COMMAND needs" : message.error.message;
    return write("told", `No command table: ${why}. JSON requests work: {"action":"GET","key":"k"}`);
  }
  table = new Map();
  for (const [name, row] of Object.entries(message.result)) table.set(name.toUpperCase(), row.arguments || []);
  $("console-title").dataset.ready = "true";
}

function plain(value) {
  if (value === null) return "(nil)";
  if (typeof value === "string" || typeof value === "bigint") return String(value);
  return JSON.stringify(value, (_, item) => typeof item === "bigint" ? JSON.rawJSON(String(item)) : item);
}

function pushText(push) {
  const kind = push.event || `notification ${push.kind}`;
  const from = push.from ? ` (from ${push.from})` : "";
  if (push.channel !== undefined && push.message !== undefined) {
    return `push ${kind} ${plain(push.channel)}: ${plain(push.message)}${from}`;
  }
  const { event, type, kind: _, ...rest } = push;
  return `push ${kind}: ${JSON.stringify(rest)}`;
}

function write(kind, text) {
  const log = $("log");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  const most = 20000;
  const rest = text.length - most;
  element("p", log, rest > 0 ? `${text.slice(0, most)} … and ${rest} characters` : text, kind);
  while (log.childElementCount > 300) log.firstElementChild.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

/// The words of a line; one in quotes may hold spaces, and in double quotes \n, \t, \" and \\.
function split(line) {
  const words = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s"']\S*))(?=\s|$)/y;
  const end = line.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(line);
    if (!match) throw new Error(`the quotes do not match from character ${at + 1} on`);
    const escapes = { n: "\n", t: "\t", r: "\r" };
    const quoted = match[1]?.replace(/\\(.)/g, (_, character) => escapes[character] || character);
    words.push(quoted ?? match[2] ?? match[3]);
  }
  return words;
}

/// What a line of words is as a JSON request: the command's arguments by the names that its row gives them.
function request(line) {
  const [first, ...words] = split(line);
  const name = first.toUpperCase();
  const fields = [`"action":${JSON.stringify(name)}`];
  const specs = table?.get(name);
  if (!specs) {
    if (words.length) throw new Error(table ? `no command is called ${name}` : "without the command table only JSON requests can have arguments");
    return `{${fields}}`;
  }
  const put = (spec, text) => fields.push(`${JSON.stringify(spec.name)}:${text}`);
  // Integers go as they are, for 64 bits are more than a number here holds.
  const value = (spec, word) => spec.type === "integer" && /^-?\d+$/.test(word) ? word : JSON.stringify(word);
  const has = (spec, flag) => (spec.flags || []).includes(flag);
  const options = specs.filter((spec) => spec.token);
  const takeOption = () => {
    const index = options.findIndex((spec) => spec.token === words[0]?.toUpperCase());
    if (index < 0) return false;
    const [spec] = options.splice(index, 1);
    words.shift();
    if (spec.type === "pure-token") put(spec, "true");
    else if (words.length) put(spec, value(spec, words.shift()));
    else throw new Error(`${spec.token} wants a value`);
    return true;
  };
  const positional = specs.filter((spec) => !spec.token);
  positional.forEach((spec, index) => {
    const isOptional = has(spec, "optional");
    if (isOptional) while (takeOption());
    const needed = positional.slice(index + 1).filter((other) => !has(other, "optional")).length;
    if (words.length <= (isOptional ? needed : 0)) {
      if (!isOptional) throw new Error(`${name} wants ${positional.map((other) => other.name).join(" ")}`);
    } else if (spec.name === "entries") {
      const pairs = [];
      while (words.length > 1) pairs.push(`${JSON.stringify(words.shift())}:${JSON.stringify(words.shift())}`);
      put(spec, `{${pairs}}`);
    } else if (has(spec, "multiple")) {
      put(spec, `[${words.splice(0, words.length - needed).map((word) => value(spec, word))}]`);
    } else if (name === "ECHO") {
      put(spec, JSON.stringify(words.splice(0).join(" ")));
    } else {
      put(spec, value(spec, words.shift()));
    }
  });
  while (takeOption());
  if (words.length) throw new Error(`${name} takes no '${words[0]}' here`);
  return `{${fields}}`;
}

function submit(line) {
  const isSecret = /^\s*(auth|hello)\b|"token"/i.test(line);
  write("sent", `> ${isSecret ? "(a line with a token)" : line}`);
  if (!isSecret && history.at(-1) !== line) history.push(line);
  place = history.length;
  try {
    const text = /^\s*[{[]/.test(line) ? line : request(line);
    if (!consoleLink.send(text)) write("failed", "not sent: the console is not connected");
  } catch (error) {
    write("failed", `not sent: ${error.message}`);
  }
}

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("token").value.trim();
  $("token").value = "";
  if (text) enter(text);
});
$("leave").addEventListener("click", () => leave(""));
$("clear").addEventListener("click", () => $("log").replaceChildren());
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const line = $("command").value.trim();
  $("command").value = "";
  if (line) submit(line);
});
$("command").addEventListener("keydown", (event) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || !history.length) return;
  event.preventDefault();
  place = Math.min(history.length, Math.max(0, place + step));
  $("command").value = history[place] || "";
});
$("token").focus();
})();
