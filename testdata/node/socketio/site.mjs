// What the scripts of this folder share. COACH_SOCKETIO_URL is where the Go test serves three paths:
// /socket.io/ (the application and the timings of the public suite), /lab/ (recovery on), /plain/ (recovery off).
import assert from "node:assert/strict";
import { io as io4 } from "socket.io-client";
import { io as io3 } from "socket.io-client-3";
import { WebSocket } from "ws";

export { WebSocket };

export const base = process.env.COACH_SOCKETIO_URL;
assert.ok(base, "COACH_SOCKETIO_URL says where the server is; the Go test TestConformanceNodeClients sets it");

export const clients = { "socket.io-client 4": io4, "socket.io-client 3": io3 };
export const io = io4;

const open = new Set();

// connect gives a client of its own connection, connected.
export async function connect(client, path, options = {}) {
  const socket = start(client, path, options);
  await once(socket, "connect");
  return socket;
}

export function start(client, path, options = {}) {
  const { namespace = "/", ...rest } = options;
  const socket = client(base + namespace, { path, forceNew: true, reconnectionDelay: 10, reconnectionDelayMax: 50, ...rest });
  open.add(socket);
  return socket;
}

export function closeAll() {
  for (const socket of open) {
    socket.io.reconnection(false);
    socket.close();
    socket.io.engine?.close(); // another namespace may hold the connection
  }
  open.clear();
}

// once is the arguments of the next event; an event that must come and does not is an error, not a hang.
export function once(emitter, event, patience = 8000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within ${patience} ms`)), patience);
    emitter.once(event, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
}

// until waits for a condition that events bring about.
export async function until(emitter, event, condition) {
  while (!condition()) await once(emitter, event);
}

// ask emits with an ack, for clients that have no emitWithAck.
export function ask(socket, event, ...args) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ack of ${event}`)), 8000);
    socket.emit(event, ...args, (...answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
