// A raw TCP proxy that breaks HTTP on purpose. It serves one request a connection, so that no fault reaches into
// the next request: what the origin hears is exactly what the plan let through.
import net from "node:net";
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";

/** More than an answer may have: the package reads 2 MiB of one. */
const TOO_MUCH = 2 * 1024 * 1024 + 1;
const DRIP_MILLIS = 2;
const DRIP_PIECES = 100;
const PAGE = "<!DOCTYPE html><html><head><title>Log in</title></head><body><form>Please log in.</form></body></html>";
const GARBAGE = Buffer.concat([Buffer.from("SSH-2.0-OpenSSH_9.6\r\n"), Buffer.from([0, 255, 13, 10, 13, 10, 128, 7])]);

const reply = (type, body) => Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);

/** Puts other headers into a head; `undefined` leaves one out. */
function withHeaders(head, changes) {
  const names = Object.keys(changes);
  const kept = head.split("\r\n").filter((line) => !names.includes(line.split(":")[0].toLowerCase()));
  const added = names.filter((name) => changes[name] !== undefined).map((name) => `${name}: ${changes[name]}`);
  return Buffer.from(`${[...kept, ...added].join("\r\n")}\r\n\r\n`);
}

/** Splits a message after its head. */
function split(bytes) {
  const end = bytes.indexOf("\r\n\r\n");
  return end < 0 ? undefined : { head: bytes.subarray(0, end).toString("latin1"), body: bytes.subarray(end + 4) };
}

function requestOf(head) {
  const [first, ...lines] = head.split("\r\n");
  const [method, path] = first.split(" ");
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
  if (headers["transfer-encoding"] !== undefined) throw new Error("the proxy reads requests of a known length only");
  return { method, path, headers, head, length: Number(headers["content-length"] ?? 0) };
}

/** Reads a request, or as much of its body as the fault chosen at its head lets through. */
function receive(socket, choose) {
  return new Promise((done) => {
    let bytes = Buffer.alloc(0);
    let request;
    let fault;
    socket.on("data", (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      const parts = split(bytes);
      if (parts === undefined) return;
      if (request === undefined) {
        request = requestOf(parts.head);
        fault = choose(request);
      }
      const wanted = fault.kind === "upload-reset" ? Math.min(fault.after ?? 0, request.length) : request.length;
      if (parts.body.length >= wanted) done({ request, fault, body: parts.body });
    });
    socket.on("close", () => done(undefined));
  });
}

/** Asks the origin on a connection of its own, and reads its answer to the end. */
function ask(origin, request, body) {
  return new Promise((done, fail) => {
    const parts = [];
    const socket = net.connect(Number(origin.port), origin.hostname);
    socket.on("data", (chunk) => parts.push(chunk)).on("error", fail);
    socket.on("end", () => done(split(Buffer.concat(parts))));
    socket.write(withHeaders(request.head, { connection: "close", "keep-alive": undefined }));
    socket.write(body);
  });
}

async function drip(socket, bytes, size) {
  for (let at = 0; at < bytes.length && !socket.destroyed; at += size) {
    socket.write(bytes.subarray(at, at + size));
    await pause(DRIP_MILLIS);
  }
}

const whole = (answer) => Buffer.concat([Buffer.from(`${answer.head}\r\n\r\n`), answer.body]);
const half = (answer) => answer.body.subarray(0, answer.body.length >> 1);

/** What each fault does with the answer. Those that need one cannot be `unapplied`. */
const ANSWERS = {
  none: (socket, { answer }) => socket.end(whole(answer)),
  lost: (socket, { fault }) => (fault.by === "close" ? socket.end() : socket.resetAndDestroy()),
  // The head promises more than comes.
  truncated: (socket, { answer }) => socket.end(Buffer.concat([withHeaders(answer.head, { "content-length": answer.body.length + 100 }), answer.body])),
  // Nothing but the body's own form tells that it is cut.
  cut: (socket, { answer }) => socket.end(Buffer.concat([withHeaders(answer.head, { "content-length": undefined }), half(answer)])),
  empty: (socket) => socket.end(reply("application/json", "")),
  html: (socket) => socket.end(reply("text/html", PAGE)),
  garbage: (socket) => socket.end(GARBAGE),
  // Blanks after the JSON change nothing but its size: whoever reads it all would take it for a good answer.
  oversize: (socket, { answer }) => socket.end(Buffer.concat([withHeaders(answer.head, { "content-length": TOO_MUCH }), answer.body, Buffer.alloc(TOO_MUCH - answer.body.length, " ")])),
  async drip(socket, { answer }) {
    socket.write(`${answer.head}\r\n\r\n`);
    await drip(socket, answer.body, Math.ceil(answer.body.length / DRIP_PIECES));
    socket.end();
  },
  async endless(socket, { answer, request, hold }) {
    socket.write(withHeaders(answer.head, { "content-length": TOO_MUCH - 1 }));
    await drip(socket, answer.body.subarray(0, 10), 1);
    void hold(request, Infinity);
    await drip(socket, Buffer.alloc(TOO_MUCH, " "), 1);
  },
  silent: (socket, { request, hold }) => void hold(request, Infinity),
  async delay(socket, { answer, fault, request, hold }) {
    await hold(request, fault.millis);
    socket.end(whole(answer));
  },
};
ANSWERS.late = ANSWERS.none;

/** A port outside the range from which systems take those of outgoing connections: while it is closed, nobody gets it. */
async function listen(server, port) {
  for (;;) {
    const chosen = port ?? 20_000 + Math.floor(Math.random() * 12_000);
    const error = await new Promise((done) => server.once("error", done).listen(chosen, "127.0.0.1", () => done(undefined)));
    if (error === undefined) return chosen;
    if (port !== undefined || error.code !== "EADDRINUSE") throw error;
  }
}

/** A port that can be closed for a while; `serve(socket)` gets each connection. */
async function door(serve) {
  const sockets = new Set();
  const idle = new Set();
  let server;
  let port;
  const welcome = (socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    idle.add(socket);
    socket.once("data", () => idle.delete(socket));
    // The other side may go at any time; what it missed is what the test is about.
    socket.on("error", () => undefined).on("close", () => [sockets, idle].forEach((all) => all.delete(socket)));
    serve(socket).catch((error) => {
      // A defect of the proxy fails the test, and must not hang it as well.
      socket.destroy();
      throw error;
    });
  };
  const open = async () => {
    port = await listen((server = net.createServer(welcome)), port);
  };
  // A server is closed for newcomers at once, and for good when its last connection ends: that is not waited for.
  // Node's client connects again after it gave a request up: the next one must not get through on that connection.
  const shut = async () => {
    server.close();
    for (const socket of idle) socket.resetAndDestroy();
    for (let turns = 0; turns < 4; turns += 1) await turn();
  };
  // Several may want it closed at a time, and one after the other: each change waits for the one before.
  let closedBy = 0;
  let changed = open();
  const change = (by, wanted, make) => {
    closedBy += by;
    if (closedBy === wanted) changed = changed.then(make);
    return changed;
  };
  await changed;
  return {
    url: `http://127.0.0.1:${port}`,
    /** Connections are refused until `up` was called as often as `down`. */
    down: () => change(1, 1, shut),
    up: () => change(-1, 0, open),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/**
 * Stands before `origin`. `plan(request)` chooses a fault when the head of a request is there: `{ kind, ... }` with a
 * kind of `ANSWERS`, or `upload-reset` after so many bytes of the body, or nothing. With `unapplied` the origin is
 * not asked. `hold(request, millis)` is told that the proxy waits now, and resolves when it shall go on;
 * `served(request)` is told that the proxy has done its part. `log` has every request in the order of arrival: what
 * became of it, and whether the origin got it.
 */
export async function faultProxy(origin, { plan = () => undefined, hold = (_, millis) => pause(millis), served = () => undefined } = {}) {
  const log = [];
  async function treat(socket, { request, fault, body }) {
    const entry = { method: request.method, path: request.path, headers: request.headers, fault, applied: false };
    log.push(entry);
    if (fault.kind === "upload-reset") return void socket.resetAndDestroy();
    // The request lingers on its way: by the time it arrives nobody may wait for the answer any more.
    if (fault.kind === "late") await hold(request, fault.millis);
    const answer = fault.unapplied ? undefined : await ask(new URL(origin), request, body);
    entry.applied = answer !== undefined;
    await ANSWERS[fault.kind](socket, { answer, fault, request, hold });
  }

  const opened = await door(async (socket) => {
    const received = await receive(socket, (request) => plan(request) ?? { kind: "none" });
    if (received === undefined) return;
    await treat(socket, received);
    served(received.request);
  });
  return { ...opened, log };
}
