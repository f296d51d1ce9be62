// What the scripts of this folder share. COACH_E2E_URL is where the Go test serves coach, COACH_E2E_STAGE where it takes
// stage directions: what the coach says next, and when the server ends and begins.
import assert from "node:assert/strict";
import { io as io4 } from "socket.io-client";
import { io as io3 } from "socket.io-client-3";

export const base = process.env.COACH_E2E_URL;
const stage = process.env.COACH_E2E_STAGE;
assert.ok(base && stage, "COACH_E2E_URL and COACH_E2E_STAGE are set by the Go test TestRealClients");

export const clients = { "socket.io-client 4": io4, "socket.io-client 3": io3 };
export const io = io4;
export const ways = { default: undefined, polling: ["polling"], websocket: ["websocket"] };
export const sentence = "long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%";
export const slowBeginning = "Let me see 💎 – ";

const patience = 15_000;
const open = new Set();

// direct gives a stage direction: "say <text>", "end", "stop" or "start".
export async function direct(what, text = "") {
  const reply = await fetch(`${stage}/${what}`, { method: "POST", body: text, signal: AbortSignal.timeout(patience) });
  assert.equal(reply.status, 200, await reply.text());
}

let people = 0;

// A Person has an account, and speaks REST.
export class Person {
  static async register() {
    const person = new Person();
    person.name = `trader_${process.pid}_${++people}`;
    const data = await person.api("POST", "/api/auth/register", { email: `${person.name}@example.org`, username: person.name, password: "Correct-Horse-9" });
    person.token = data.token;
    person.id = data.user.id;
    return person;
  }

  async call(method, path, body) {
    const headers = { "content-type": "application/json" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const reply = await fetch(base + path, { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(patience) });
    return { status: reply.status, ...(await reply.json()) };
  }

  async api(method, path, body) {
    const reply = await this.call(method, path, body);
    assert.ok(reply.success, `${method} ${path}: ${JSON.stringify(reply)}`);
    return reply.data;
  }

  async conversation(options = {}) {
    return (await this.api("POST", "/api/conversations", options)).id;
  }

  // start makes a socket that is on its way.
  start(client, options = {}) {
    return new Line(client, { auth: { token: this.token }, ...options });
  }

  // connect makes one that has been greeted.
  async connect(client, options = {}) {
    const line = this.start(client, options);
    line.greeting = (await line.next("connected"))[0];
    return line;
  }
}

// A Line is a socket and all that came over it, in order, from its first moment.
export class Line {
  constructor(client, { transports, ...options }) {
    this.socket = client(base, { forceNew: true, reconnectionDelay: 10, reconnectionDelayMax: 50, ...(transports && { transports }), ...options });
    this.events = [];
    this.read = 0;
    this.waiting = null;
    this.socket.onAny((name, ...args) => this.#take(name, args));
    for (const name of ["connect", "disconnect", "connect_error"]) this.socket.on(name, (...args) => this.#take(name, args));
    open.add(this.socket);
  }

  #take(name, args) {
    this.events.push({ name, args });
    this.waiting?.();
  }

  // next reads on to an event of this name that passes the test, and gives its arguments.
  async next(name, passes = () => true) {
    const deadline = Date.now() + patience;
    for (;;) {
      while (this.read < this.events.length) {
        const event = this.events[this.read++];
        if (event.name === name && passes(...event.args)) return event.args;
      }
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ${name}; saw ${this.events.map((e) => e.name)}`)), deadline - Date.now());
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  // ask emits and waits for the acknowledgement.
  ask(event, ...args) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ack of ${event}`)), patience);
      this.socket.emit(event, ...args, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  async must(event, ...args) {
    const answer = await this.ask(event, ...args);
    assert.equal(answer.success, true, `${event}: ${JSON.stringify(answer)}`);
    return answer;
  }

  // upgraded waits until the socket has left polling behind.
  async upgraded() {
    const { engine } = this.socket.io;
    if (engine.transport.name === "websocket") return;
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no upgrade")), patience);
      engine.once("upgrade", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  // drop loses the transport, as a tunnel does.
  async drop() {
    const gone = this.next("disconnect");
    this.socket.io.engine.close();
    await gone;
  }

  close() {
    this.socket.io.reconnection(false);
    this.socket.close();
    this.socket.io.engine?.close();
  }
}

export function closeAll() {
  for (const socket of open) {
    socket.io.reconnection(false);
    socket.close();
    socket.io.engine?.close();
  }
  open.clear();
}

// apply puts an ai_delta into a text; JavaScript counts in UTF-16 units, as the contract does.
export const apply = (text, { offset, text: piece }) => text.slice(0, offset) + piece;

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
