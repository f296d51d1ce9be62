// The plain page of coach: sign in, write, watch the answer being written.
//
// What is shown is kept in one object, `state`, and changes only through the functions below "Records". A row that the
// server has is known by its rev: the higher one wins, so that it does not matter whether it came by an event, an
// acknowledgement or a page. What the user has sent and nobody has acknowledged lies in localStorage under its
// clientMessageId and is sent again until an answer comes; the server stores it once.

const byId = (id) => document.getElementById(id);

const state = {
  session: null, // {token, expiresAt, takenAt, user}
  socket: null,
  conversations: new Map(), // id → {id, title, rows, rev, synced, opened}
  current: null, // id of the conversation that is shown; null is a new one
  answers: new Map(), // id of an answer → {attempt, text}, while it is written
};

// ---- Small things

const store = {
  read(key, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(key)) ?? otherwise;
    } catch {
      return otherwise;
    }
  },
  write(key, value) {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  },
};

const sessionKey = 'coach.session';
const outboxKey = () => `coach.outbox.${state.session.user.id}`;

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function show(node, text) {
  node.textContent = text;
  node.hidden = text === '';
}

// crypto.randomUUID is there only over TLS and on localhost; this is there on any address.
function newClientId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

// ---- HTTP

class Refusal extends Error {
  constructor(body, status) {
    super(body?.error || 'The server cannot be reached. Try again in a moment.');
    this.code = body?.code || 'UNREACHABLE';
    this.details = body?.details || [];
    this.status = status;
  }
}

// What only signing in again can mend; anything else may pass.
const ended = new Set(['TOKEN_MISSING', 'TOKEN_INVALID', 'TOKEN_EXPIRED', 'SESSION_REVOKED', 'ACCOUNT_DISABLED']);

async function api(method, path, body) {
  const headers = {};
  if (state.session) headers.Authorization = `Bearer ${state.session.token}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let reply, json;
  try {
    reply = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    json = await reply.json();
  } catch {
    throw new Refusal(null, 0);
  }
  if (json.success) return json.data;
  const refusal = new Refusal(json, reply.status);
  if (state.session && ended.has(refusal.code)) signOut(refusal.message);
  throw refusal;
}

// ---- Signing in

let registering = true;
let refreshTimer = 0;

function showSignIn(message) {
  byId('app').hidden = true;
  byId('signin').hidden = false;
  show(byId('signin-error'), message || '');
  setRegistering(registering);
}

function setRegistering(yes) {
  registering = yes;
  const words = yes ? 'Sign up' : 'Sign in';
  byId('signin-legend').textContent = words;
  byId('signin-submit').textContent = words;
  byId('signin-switch').textContent = yes ? 'I have an account' : 'I am new here';
  byId('signin-form').elements.password.autocomplete = yes ? 'new-password' : 'current-password';
  for (const node of document.querySelectorAll('.only-register')) node.hidden = !yes;
  for (const node of document.querySelectorAll('.only-login')) node.hidden = yes;
}

byId('signin-switch').addEventListener('click', () => {
  show(byId('signin-error'), '');
  setRegistering(!registering);
});

byId('signin-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { email, username, identifier, password } = event.target.elements;
  const submit = byId('signin-submit');
  submit.disabled = true;
  show(byId('signin-error'), '');
  try {
    const data = registering
      ? await api('POST', '/api/auth/register', { email: email.value.trim(), username: username.value.trim(), password: password.value })
      : await api('POST', '/api/auth/login', { identifier: identifier.value.trim(), password: password.value });
    event.target.reset();
    keepSession(data);
    begin();
  } catch (refusal) {
    const sentences = new Set([refusal.message, ...(refusal.details || []).map((d) => d.message)]);
    show(byId('signin-error'), [...sentences].join(' '));
  } finally {
    submit.disabled = false;
  }
});

function keepSession({ user, token, expiresAt }) {
  state.session = { user: user || state.session.user, token, expiresAt, takenAt: Date.now() };
  store.write(sessionKey, state.session);
  scheduleRefresh();
}

// The token is renewed when three quarters of its time are over, on the open socket too.
function scheduleRefresh() {
  clearTimeout(refreshTimer);
  const { takenAt, expiresAt } = state.session;
  const due = takenAt + (Date.parse(expiresAt) - takenAt) * 0.75 - Date.now();
  refreshTimer = setTimeout(refresh, Math.min(Math.max(due, 5_000), 2_000_000_000));
}

async function refresh() {
  try {
    keepSession(await api('POST', '/api/auth/refresh'));
    state.socket?.emit('refresh_auth', { token: state.session.token });
  } catch {
    if (state.session) refreshTimer = setTimeout(refresh, 60_000);
  }
}

function signOut(message) {
  clearTimeout(refreshTimer);
  state.socket?.disconnect();
  Object.assign(state, { session: null, socket: null, current: null });
  state.conversations.clear();
  state.answers.clear();
  store.write(sessionKey, null);
  show(byId('banner'), '');
  registering = false;
  showSignIn(message);
}

byId('sign-out').addEventListener('click', async () => {
  await api('POST', '/api/auth/logout').catch(() => {});
  if (state.session) signOut();
});

// Another tab signed out.
addEventListener('storage', (event) => {
  if (event.key === sessionKey && event.newValue === null && state.session) signOut();
});

function begin() {
  byId('signin').hidden = true;
  byId('app').hidden = false;
  byId('who').textContent = state.session.user.displayName || state.session.user.username;
  connect();
}

// ---- The socket

function connect() {
  const socket = io({ auth: (give) => give({ token: state.session?.token }) });
  state.socket = socket;

  socket.on('connect', () => {
    show(byId('banner'), '');
    catchUp();
  });
  socket.on('disconnect', (reason) => {
    for (const c of state.conversations.values()) c.synced = false;
    if (state.session) show(byId('banner'), 'The connection is lost; trying again. What you write is kept and sent later.');
    // After this reason the client does not try by itself. Who is signed out has left already.
    if (reason === 'io server disconnect' && state.session) setTimeout(() => state.session && socket.connect(), 1_000);
  });
  socket.on('connect_error', (error) => {
    if (ended.has(error.data?.code)) return signOut(error.message);
    show(byId('banner'), 'The server cannot be reached; trying again. What you write is kept and sent later.');
    // A refusal by the server, unlike a broken connection, ends the client's own attempts.
    if (!socket.active) setTimeout(() => state.session && socket.connect(), 2_000);
  });
  socket.on('session_expired', () => signOut('You were signed out. Sign in to go on.'));
  socket.on('system_message', ({ message }) => show(byId('banner'), message));

  socket.on('message_sent', (message) => keepRow(message));
  for (const name of ['new_message', 'message_updated', 'ai_thinking', 'ai_response']) {
    socket.on(name, ({ message }) => {
      keepRow(message);
      advance(message.conversationId, message.rev);
    });
  }
  socket.on('message_deleted', ({ messageId, conversationId, rev }) => {
    const row = state.conversations.get(conversationId)?.rows.get(messageId);
    if (row) keepRow({ ...row, rev, content: '', deletedAt: row.deletedAt || new Date().toISOString() });
    advance(conversationId, rev);
  });
  socket.on('ai_delta', applyDelta);
  socket.on('conversation_updated', ({ conversation }) => keepConversation(conversation));
  socket.on('conversation_deleted', ({ conversationId }) => {
    state.conversations.delete(conversationId);
    renderConversations();
    if (state.current === conversationId) open(null);
  });
}

// ask emits an event and returns its acknowledgement; null when none came in time.
function ask(event, payload) {
  return new Promise((resolve) => {
    state.socket.timeout(10_000).emit(event, payload, (error, ack) => resolve(error ? null : ack));
  });
}

// catchUp lists the conversations, brings every one that was opened here up to date, and sends what waits. It is the
// only way in: the first connection of a page has nothing to catch up on, that is all.
async function catchUp() {
  const socket = state.socket;
  try {
    await loadConversations();
  } catch (refusal) {
    if (state.session) show(byId('banner'), refusal.message);
    return again(socket);
  }
  const wanted = location.hash.slice(1);
  if (!state.current) await open(state.conversations.has(wanted) ? wanted : null);
  let behind = [...state.conversations.values()].filter((c) => c.opened);
  while (behind.length && socket.connected) {
    const batch = behind.slice(0, 50);
    const ack = await ask('sync', { conversations: batch.map((c) => ({ id: c.id, afterRev: c.rev })) });
    if (!ack?.success) return again(socket);
    for (const changes of ack.conversations) {
      if (changes.error) state.conversations.delete(changes.id); // gone, or not ours any more
      else keepChanges(changes.id, changes);
    }
    behind = behind.filter((c) => state.conversations.has(c.id) && !c.synced);
  }
  show(byId('banner'), '');
  flush();
}

function again(socket) {
  setTimeout(() => socket === state.socket && socket.connected && catchUp(), 3_000);
}

// join enters a room; the coach's unfinished answer then comes as one delta at offset 0.
async function join(id) {
  const c = state.conversations.get(id);
  if (!c || !state.socket?.connected) return;
  const ack = await ask('join_conversation', c.opened ? { conversationId: id, afterRev: c.rev } : { conversationId: id });
  if (!ack?.success) return;
  c.opened = true;
  keepConversation(ack.conversation);
  keepChanges(id, ack);
  if (!ack.complete) await join(id);
}

// ---- Records

async function loadConversations() {
  const page = await api('GET', '/api/conversations?limit=100');
  for (const conversation of page.items) keepConversation(conversation);
}

function keepConversation(conversation) {
  const known = state.conversations.get(conversation.id) || { rows: new Map(), rev: 0, synced: false, opened: false };
  state.conversations.set(conversation.id, Object.assign(known, conversation));
  renderConversations();
  if (state.current === conversation.id) renderTitle();
}

function keepChanges(id, { messages, lastRev, complete }) {
  const c = state.conversations.get(id);
  for (const message of messages) keepRow(message);
  c.rev = Math.max(c.rev, complete ? lastRev : messages.at(-1)?.rev ?? 0);
  c.synced = complete;
}

function keepRow(message) {
  const c = state.conversations.get(message.conversationId);
  if (!c) return;
  const known = c.rows.get(message.id);
  if (known && known.rev > message.rev) return;
  c.rows.set(message.id, message);
  if (!writing(message)) state.answers.delete(message.id);
  if (message.clientMessageId) dropFromOutbox(message.clientMessageId);
  if (c.id === state.current) renderRow(message);
}

// advance notes that everything up to rev is known. While a conversation is not in step, later events may arrive
// before the rows that were missed, and must not hide them from the next sync.
function advance(id, rev) {
  const c = state.conversations.get(id);
  if (!c?.synced) return;
  c.rev = Math.max(c.rev, rev);
  if (id === state.current) markRead(c);
}

const writing = (message) => message.status === 'pending' || message.status === 'streaming';

// applyDelta replaces everything from offset by text. Offsets count UTF-16 units, and so do JavaScript's strings.
function applyDelta({ conversationId, messageId, attempt, offset, text }) {
  const row = state.conversations.get(conversationId)?.rows.get(messageId);
  if (row && !writing(row)) return;
  const answer = state.answers.get(messageId) || { attempt: 0, text: '' };
  if (attempt < answer.attempt) return;
  if (offset > answer.text.length) {
    // Something before it was lost; joining again brings the whole text. One such wish is enough.
    if (!answer.asked) join(conversationId);
    state.answers.set(messageId, { ...answer, asked: true });
    return;
  }
  state.answers.set(messageId, { attempt, text: answer.text.slice(0, offset) + text });
  if (row && conversationId === state.current) renderRow(row);
}

function markRead(c) {
  if (document.hidden || !state.socket.connected) return;
  const seq = Math.max(0, ...[...c.rows.values()].map((m) => m.seq));
  if (seq <= (c.lastReadSeq || 0)) return;
  c.lastReadSeq = seq;
  state.socket.emit('mark_read', { conversationId: c.id, seq });
}

// ---- Sending

const outbox = () => store.read(outboxKey(), []);

function dropFromOutbox(clientMessageId) {
  const kept = outbox().filter((d) => d.clientMessageId !== clientMessageId);
  if (kept.length !== outbox().length) store.write(outboxKey(), kept);
  document.querySelector(`[data-draft="${CSS.escape(clientMessageId)}"]`)?.remove();
}

function markDraft(clientMessageId, change) {
  store.write(outboxKey(), outbox().map((d) => (d.clientMessageId === clientMessageId ? { ...d, ...change } : d)));
  renderDrafts();
}

let flushing = false;

// flush sends what waits, oldest first, one after the other so that the order is the one it was written in.
async function flush() {
  if (flushing) return;
  flushing = true;
  try {
    for (let draft; (draft = state.session && outbox().find((d) => !d.refused)) && state.socket?.connected; ) {
      const { conversationId, content, clientMessageId } = draft;
      const ack = await ask('send_message', { conversationId, content, clientMessageId });
      if (!state.session) return;
      if (ack?.success) {
        dropFromOutbox(clientMessageId);
        keepRow(ack.message);
        nameConversation(conversationId);
      } else if (ack && !ack.retryable) {
        if (state.conversations.has(conversationId)) markDraft(clientMessageId, { refused: ack.error });
        else dropFromOutbox(clientMessageId); // its conversation is gone, and with it the place to show it
      } else {
        if (ack) show(byId('composer-error'), ack.error);
        await new Promise((resolve) => setTimeout(resolve, ack?.retryAfterMs || 1_500));
        show(byId('composer-error'), '');
      }
    }
  } finally {
    flushing = false;
  }
}

// The first message names a conversation. A socket that has it open is not told of every change to its row, so it asks.
async function nameConversation(id) {
  if (state.conversations.get(id)?.title !== '') return;
  await api('GET', `/api/conversations/${id}`).then(keepConversation, () => {});
}

byId('composer').addEventListener('submit', async (event) => {
  event.preventDefault();
  const content = byId('text').value.trim();
  if (content === '') return;
  show(byId('composer-error'), '');
  try {
    if (!state.current) {
      const conversation = await api('POST', '/api/conversations', {});
      keepConversation(conversation);
      await open(conversation.id);
    }
  } catch (refusal) {
    return show(byId('composer-error'), refusal.message);
  }
  byId('text').value = '';
  store.write(outboxKey(), [...outbox(), { conversationId: state.current, content, clientMessageId: newClientId() }]);
  renderDrafts();
  scrollDown();
  flush();
});

byId('text').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId('composer').requestSubmit();
});

// Both go over whichever way is open; the finished row follows as an event.
async function actOn(message, verb, event) {
  try {
    const ack = state.socket?.connected ? await ask(event, { messageId: message.id }) : null;
    if (ack && !ack.success) throw new Error(ack.error);
    keepRow(ack ? ack.message : await api('POST', `/api/messages/${message.id}/${verb}`));
  } catch (refusal) {
    show(byId('composer-error'), refusal.message);
  }
}

// ---- What is seen

async function open(id) {
  state.current = id;
  history.replaceState(null, '', id ? `#${id}` : location.pathname);
  byId('messages').replaceChildren();
  renderConversations();
  renderTitle();
  renderAll();
  if (id) await join(id);
  if (state.current === id) byId('text').focus();
}

byId('new-conversation').addEventListener('click', () => open(null));
byId('example').addEventListener('click', (event) => {
  byId('text').value = event.target.textContent;
  byId('text').focus();
});
byId('earlier').addEventListener('click', async () => {
  const c = state.conversations.get(state.current);
  const before = Math.min(...[...c.rows.values()].map((m) => m.seq));
  try {
    const page = await api('GET', `/api/conversations/${c.id}/messages?limit=50&before=${before}`);
    for (const message of page.messages) keepRow(message);
  } catch (refusal) {
    show(byId('composer-error'), refusal.message);
  }
});

function renderTitle() {
  byId('title').textContent = state.current ? state.conversations.get(state.current)?.title || 'Untitled' : 'New conversation';
}

function renderConversations() {
  const at = (c) => c.lastMessageAt || c.createdAt;
  const list = [...state.conversations.values()].filter((c) => !c.archived).sort((a, b) => (at(a) < at(b) ? 1 : -1));
  byId('conversations').replaceChildren(
    ...list.map((c) => {
      const button = make('button', { type: 'button', textContent: c.title || 'Untitled', onclick: () => open(c.id) });
      if (c.id === state.current) button.setAttribute('aria-current', 'true');
      return make('li', {}, button);
    }),
  );
}

function renderAll() {
  const c = state.conversations.get(state.current);
  for (const message of c ? c.rows.values() : []) renderRow(message);
  renderDrafts();
  scrollDown();
}

function nearEnd() {
  const { scrollHeight, scrollTop, clientHeight } = byId('scroll');
  return scrollHeight - scrollTop - clientHeight < 80;
}

function scrollDown() {
  byId('scroll').scrollTop = byId('scroll').scrollHeight;
}

function renderRow(message) {
  const follow = nearEnd();
  const list = byId('messages');
  const old = list.querySelector(`[data-id="${message.id}"]`);
  // While an answer is written only its text changes; the buttons beside it keep their focus.
  if (old && writing(message) && old.dataset.status === 'writing') {
    old.querySelector('.text').textContent = textOf(message);
  } else {
    const item = rowNode(message);
    if (old) old.replaceWith(item);
    else list.insertBefore(item, [...list.children].find((n) => !n.dataset.seq || Number(n.dataset.seq) > message.seq) || null);
    if (old?.dataset.status === 'writing') announce(message);
  }
  const first = list.querySelector('[data-seq]');
  byId('earlier').hidden = !first || Number(first.dataset.seq) <= 1;
  byId('hint').hidden = true;
  if (follow) scrollDown();
}

function textOf(message) {
  if (message.deletedAt) return 'This message was deleted.';
  const live = writing(message) && state.answers.get(message.id);
  return (live ? live.text : message.content) || (writing(message) ? '…' : '');
}

function rowNode(message) {
  const item = make('li', { className: `message ${message.type}${message.deletedAt ? ' gone' : ''}` });
  Object.assign(item.dataset, { id: message.id, seq: message.seq, status: writing(message) ? 'writing' : message.status });
  const who = message.type === 'ai' ? 'Coach' : message.userId === state.session.user.id ? 'You' : 'Member';
  const about = make('div', { className: 'about' }, make('strong', { textContent: who }));
  about.append(make('time', { dateTime: message.createdAt, textContent: new Date(message.createdAt).toLocaleTimeString() }));
  if (message.editedAt) about.append('edited');
  if (message.status === 'stopped') about.append('stopped');
  if (message.type === 'ai' && writing(message)) about.append(button('Stop', () => actOn(message, 'stop', 'stop_ai')));
  else if (message.type === 'ai') about.append(button('Answer again', () => actOn(message, 'regenerate', 'regenerate')));
  item.append(about, make('div', { className: 'text', textContent: textOf(message) }));
  if (message.error) item.append(make('p', { className: 'error', textContent: message.error.message }));
  if (message.type === 'ai' && !message.deletedAt) item.append(...verdictNodes(message));
  return item;
}

function button(text, onclick) {
  return make('button', { type: 'button', className: 'plain', textContent: text, onclick });
}

const verdicts = {
  diamond: '💎 Diamond: fits your plan',
  fire: '🔥 Fire: one thing does not fit your plan',
  skull: '💀 Skull: does not fit your plan',
};

function verdictNodes(message) {
  const nodes = [];
  if (message.verdict) {
    const line = make('p', { className: 'verdict', textContent: verdicts[message.verdict] || message.verdict });
    line.dataset.verdict = message.verdict;
    nodes.push(line);
  }
  for (const idea of message.analysis?.ideas || []) if (idea.checks?.length) nodes.push(checksTable(idea));
  if (message.confidence !== null && message.analysis) {
    nodes.push(make('small', { textContent: `Checked: ${message.confidence} % of what your plan asks for.` }));
  }
  return nodes;
}

function checksTable(idea) {
  const head = make('tr', {}, ...['Rule', 'Expected', 'Actual', 'Result'].map((t) => make('th', { scope: 'col', textContent: t })));
  const rows = idea.checks.map((check) => {
    const result = check.passed === null ? 'open' : check.passed ? 'met' : check.critical ? 'missed, critical' : 'missed';
    const last = make('td', { textContent: result, className: check.passed === false ? 'missed' : '' });
    return make('tr', {}, ...[ruleInWords(check.rule), check.expected, check.actual].map((v) => make('td', { textContent: inWords(v) })), last);
  });
  return make('table', {}, make('caption', { className: 'hidden-text', textContent: 'Checks against your plan' }), make('thead', {}, head), make('tbody', {}, ...rows));
}

// perTradePct → per trade pct
const ruleInWords = (rule) => rule.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

function inWords(value) {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object') return Object.entries(value).map(([k, v]) => `${k} ${inWords(v)}`).join(', ');
  return String(value);
}

function announce(message) {
  byId('announce').textContent = `The coach has answered. ${verdicts[message.verdict] || ''} ${message.content}`;
}

// What is not acknowledged yet stands at the end, after everything that has a place.
function renderDrafts() {
  const list = byId('messages');
  for (const node of list.querySelectorAll('[data-draft]')) node.remove();
  const drafts = outbox().filter((d) => d.conversationId === state.current);
  for (const draft of drafts) {
    const about = make('div', { className: 'about' }, make('strong', { textContent: 'You' }), draft.refused ? 'not sent' : 'sending…');
    const item = make('li', { className: 'message user' }, about, make('div', { className: 'text', textContent: draft.content }));
    item.dataset.draft = draft.clientMessageId;
    if (draft.refused) {
      item.append(make('p', { className: 'error', textContent: draft.refused }));
      about.append(
        button('Try again', () => {
          markDraft(draft.clientMessageId, { refused: undefined });
          flush();
        }),
        button('Remove', () => dropFromOutbox(draft.clientMessageId)),
      );
    }
    list.append(item);
  }
  byId('hint').hidden = list.children.length > 0;
}

// ---- A one-time link that sets a new password: /#reset=<code>

const resetMark = '#reset=';

function showReset() {
  byId('signin').hidden = true;
  byId('app').hidden = true;
  byId('reset').hidden = false;
}

byId('reset-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const submit = byId('reset-submit');
  submit.disabled = true;
  show(byId('reset-error'), '');
  try {
    const code = location.hash.slice(resetMark.length);
    await api('POST', '/api/auth/reset', { code, newPassword: event.target.elements.password.value });
    event.target.reset();
    history.replaceState(null, '', location.pathname); // the code is used up
    byId('reset').hidden = true;
    signOut('Your password is set. Sign in with it.');
  } catch (refusal) {
    show(byId('reset-error'), refusal.message);
  } finally {
    submit.disabled = false;
  }
});

addEventListener('hashchange', () => {
  if (location.hash.startsWith(resetMark)) showReset();
});

// ---- Start

document.addEventListener('visibilitychange', () => {
  const c = state.conversations.get(state.current);
  if (c && state.socket) markRead(c);
});

state.session = store.read(sessionKey, null);
if (location.hash.startsWith(resetMark)) {
  showReset();
} else if (state.session) {
  scheduleRefresh();
  begin();
} else {
  showSignIn();
}
