// The REST side of coach. Each call gives the reply's data, or throws a Refusal.
//
//	await api.get('/api/limits')
//	await api.post('/api/trades', {...})
//	await api.upload('/api/uploads', formData, {onProgress: (part) => …, signal})
//	const response = await api.raw('GET', '/api/trades/export')   // a download: the Response as it is
//
// The token is renewed when three quarters of its time are over, before the next call if nothing else did. A reply that
// only signing in again can mend ends the session everywhere.

import { session } from './session.js';

export class Refusal extends Error {
  constructor(body, status) {
    super(body?.error || 'The server cannot be reached. Try again in a moment.');
    this.name = 'Refusal';
    this.status = status; // 0: no reply
    this.code = body?.code || 'UNREACHABLE';
    this.details = body?.details || []; // [{field, message}]
    this.findings = body?.findings || []; // of a plan: [{rule, line, why}]
    this.retryable = body ? Boolean(body.retryable) : true;
    this.retryAfterMs = 0;
  }

  // sentences is the reason and what is wrong with each field, each said once.
  get sentences() {
    return [...new Set([this.message, ...this.details.map((d) => d.message)])].join(' ');
  }
}

// What only signing in again can mend; anything else may pass.
export const ended = new Set(['TOKEN_MISSING', 'TOKEN_INVALID', 'TOKEN_EXPIRED', 'SESSION_REVOKED', 'ACCOUNT_DISABLED']);

function headers(body, token) {
  const given = {};
  if (token) given.Authorization = `Bearer ${token}`;
  if (body !== undefined && !(body instanceof FormData)) given['Content-Type'] = typeof body === 'string' ? 'text/plain' : 'application/json';
  return given;
}

function refuse(body, status, token, retryAfter) {
  const refusal = new Refusal(body, status);
  refusal.retryAfterMs = Number(retryAfter || 0) * 1000;
  // A call that was made with a token which has been replaced since says nothing about the new one.
  if (token && token === session.current?.token && ended.has(refusal.code)) session.end(refusal.message);
  return refusal;
}

async function raw(method, path, body, more = {}) {
  if (path !== '/api/auth/refresh') await renewIfDue();
  const token = session.current?.token;
  const encoded = body === undefined || body instanceof FormData || typeof body === 'string' ? body : JSON.stringify(body);
  let reply;
  try {
    reply = await fetch(path, { method, body: encoded, signal: more.signal, headers: { ...headers(body, token), ...more.headers } });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Refusal(null, 0);
  }
  if (reply.ok) return reply;
  throw refuse(await reply.json().catch(() => null), reply.status, token, reply.headers.get('Retry-After'));
}

async function call(method, path, body, more) {
  const reply = await raw(method, path, body, more);
  return (await reply.json().catch(() => ({}))).data;
}

// upload is the one call that fetch cannot do: it tells how far it has come, as a part of 1.
function upload(path, form, { onProgress, signal } = {}) {
  return new Promise((resolve, reject) => {
    const token = session.current?.token;
    const request = new XMLHttpRequest();
    request.open('POST', path);
    for (const [name, value] of Object.entries(headers(form, token))) request.setRequestHeader(name, value);
    request.responseType = 'json';
    request.upload.onprogress = (event) => event.lengthComputable && onProgress?.(event.loaded / event.total);
    request.onload = () => {
      if (request.response?.success) resolve(request.response.data);
      else reject(refuse(request.response, request.status, token, request.getResponseHeader('Retry-After')));
    };
    request.onerror = () => reject(new Refusal(null, 0));
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'));
    signal?.addEventListener('abort', () => request.abort());
    request.send(form);
  });
}

export const api = {
  raw,
  upload,
  get: (path, more) => call('GET', path, undefined, more),
  post: (path, body, more) => call('POST', path, body, more),
  put: (path, body, more) => call('PUT', path, body, more),
  patch: (path, body, more) => call('PATCH', path, body, more),
  del: (path, body, more) => call('DELETE', path, body, more),
};

// ---- Renewing the token

const patience = 30_000; // between two tries
let timer = 0;
let renewing = null;
let tried = 0;

const dueAt = ({ takenAt, expiresAt }) => takenAt + (Date.parse(expiresAt) - takenAt) * 0.75;

async function renewIfDue() {
  if (!session.current || Date.now() < dueAt(session.current) || Date.now() < tried + patience) return;
  renewing ||= renew().finally(() => (renewing = null));
  await renewing;
}

async function renew() {
  tried = Date.now();
  try {
    const { token } = session.current;
    const renewed = await call('POST', '/api/auth/refresh', undefined, { signal: AbortSignal.timeout(10_000) }); // all others wait for it
    if (session.current?.token === token) session.keep(renewed); // not for who has signed out meanwhile
  } catch {
    schedule(); // the old one may still do; if not, its call will say so
  }
}

// A hidden tab's timers may be late; the next call looks again.
function schedule() {
  clearTimeout(timer);
  if (!session.current) return;
  const wait = Math.max(dueAt(session.current) - Date.now(), tried + patience - Date.now(), 1_000);
  timer = setTimeout(renewIfDue, Math.min(wait, 2_000_000_000));
}

session.changed.on(schedule);
session.renewed.on(schedule);
schedule();
