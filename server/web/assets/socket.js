// The connection: it comes back by itself, and then brings everything up to date before it says that it is there.

import { api, ended } from './api.js';
import { session } from './session.js';
import { signal } from './signal.js';
import { t } from './text.js';

const patience = 10_000; // for an acknowledgement
const longest = 10_000; // for the list; a request on a dead line would keep everything waiting for minutes
const hiddenFor = 60_000; // a hidden tab gives its socket back: one user may have few of them

export class Connection {
  state = 'connecting'; // connecting, live, lost, offline
  changed = signal(); // (state)
  notice = signal(); // (text, level): a notice of the operators
  further = { active: null, archived: null }; // where the lists of conversations go on
  #again = 0;
  #hide = 0;
  #list = 0;
  #left = [];

  constructor(store) {
    this.store = store;
    this.socket = io({ auth: (give) => give({ token: session.current?.token }), reconnectionDelay: 500, reconnectionDelayMax: 4_000 });
    this.#life();
    this.#events();
    const hear = (target, name, listener) => {
      target.addEventListener(name, listener);
      this.#left.push(() => target.removeEventListener(name, listener));
    };
    hear(document, 'visibilitychange', () => this.#visibility());
    hear(window, 'offline', () => this.#offline());
    hear(window, 'online', () => this.#retry(0));
    this.#left.push(session.renewed.on(() => this.socket.connected && this.socket.emit('refresh_auth', { token: session.current.token })));
  }

  close() {
    for (const leave of this.#left) leave();
    clearTimeout(this.#again);
    clearTimeout(this.#hide);
    clearTimeout(this.#list);
    this.closed = true;
    this.socket.disconnect();
  }

  get live() {
    return this.state === 'live';
  }

  #become(state) {
    if (this.closed || state === this.state) return;
    this.state = state;
    this.changed.tell(state);
  }

  // Without a network a server on this very machine is still there, if it answers.
  async #offline() {
    this.#become('offline');
    if (this.socket.connected && (await this.ask('ping', 1)) && this.state === 'offline') this.#retry(0);
  }

  #retry(delay) {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => {
      if (this.closed) return;
      if (this.socket.connected) this.catchUp();
      else this.socket.connect();
    }, delay);
  }

  #life() {
    const { socket } = this;
    socket.on('connect', () => this.catchUp());
    socket.on('disconnect', (reason) => {
      for (const c of this.store.conversations.values()) c.synced = false;
      this.#become(navigator.onLine ? 'lost' : 'offline');
      // After this reason the client does not try by itself. Who is signed out has left already.
      if (reason === 'io server disconnect') this.#retry(1_000);
    });
    socket.on('connect_error', (error) => {
      if (ended.has(error.data?.code)) return session.end(error.message);
      this.#become(navigator.onLine ? 'lost' : 'offline');
      // A refusal by the server, unlike a broken connection, ends the client's own attempts.
      if (!socket.active) this.#retry(2_000);
    });
    socket.on('session_expired', () => session.end(t('You were signed out. Sign in to go on.')));
  }

  #events() {
    const { socket, store } = this;
    socket.on('message_sent', (message) => store.keepRow(message));
    for (const name of ['new_message', 'message_updated', 'ai_thinking', 'ai_response']) {
      socket.on(name, ({ message }) => {
        store.keepRow(message);
        store.advance(message.conversationId, message.rev);
        if (name === 'new_message') store.setTyping(message, false);
      });
    }
    socket.on('message_deleted', (event) => {
      store.dropText(event);
      store.advance(event.conversationId, event.rev);
    });
    socket.on('ai_delta', (delta) => store.applyDelta(delta) || this.join(delta.conversationId));
    socket.on('conversation_updated', ({ conversation }) => store.keepConversation(conversation));
    socket.on('conversation_deleted', ({ conversationId }) => store.drop(conversationId));
    socket.on('member_added', ({ conversationId }) => this.#membersChanged(conversationId));
    socket.on('member_removed', ({ conversationId, member }) => {
      if (member.userId === session.current?.user.id) store.drop(conversationId);
      else this.#membersChanged(conversationId);
    });
    socket.on('user_typing_start', (event) => store.setTyping(event, true));
    socket.on('user_typing_stop', (event) => store.setTyping(event, false));
    for (const name of ['user_online', 'user_offline', 'user_status_changed']) socket.on(name, (event) => store.setPresence(event));
    socket.on('read_updated', ({ conversationId, seq }) => {
      const c = store.conversations.get(conversationId);
      if (c) store.keepConversation({ id: conversationId, lastReadSeq: Math.max(c.lastReadSeq || 0, seq) });
    });
    socket.on('system_message', ({ message, level }) => this.notice.tell(message, level));
  }

  #membersChanged(id) {
    const c = this.store.conversations.get(id);
    this.store.members.delete(id);
    if (c) c.shared = true;
    else this.loadList(false).catch(() => {});
    this.store.peopleChanged.tell(id);
  }

  #visibility() {
    clearTimeout(this.#hide);
    if (document.hidden) this.#hide = setTimeout(() => this.socket.disconnect(), hiddenFor);
    else if (!this.socket.connected) this.#retry(0);
  }

  // ask emits an event and returns its acknowledgement; null when none came in time.
  ask(event, payload) {
    return new Promise((resolve) => {
      this.socket.timeout(patience).emit(event, payload, (error, ack) => resolve(error ? null : ack));
    });
  }

  // tell emits what may be lost; offline it is.
  tell(event, payload) {
    if (this.socket.connected) this.socket.volatile.emit(event, payload);
  }

  async loadList(archived) {
    const known = new Set(this.store.conversations.keys());
    const page = await api.get(`/api/conversations?limit=100${archived ? '&archived=true' : ''}`, { signal: AbortSignal.timeout(longest) });
    this.store.keepList(page.items, archived, !page.nextCursor, known);
    this.further[archived ? 'archived' : 'active'] = page.nextCursor;
    return page;
  }

  // catchUp lists the conversations and brings every one that was opened here up to date. It is the only way in: the
  // first connection has nothing to catch up on, that is all.
  async catchUp() {
    try {
      await this.loadList(false);
    } catch (refusal) {
      if (this.closed) return;
      if (refusal.code !== 'RATE_LIMITED') return this.#retry(refusal.retryAfterMs || 3_000);
      // Requests are counted apart from messages: those can go on, and the list comes when it may.
      clearTimeout(this.#list);
      this.#list = setTimeout(() => this.loadList(false).catch(() => {}), refusal.retryAfterMs || 60_000);
    }
    let behind = [...this.store.conversations.values()].filter((c) => c.opened);
    while (behind.length && this.socket.connected) {
      const ack = await this.ask('sync', { conversations: behind.slice(0, 50).map((c) => ({ id: c.id, afterRev: c.rev })) });
      if (!ack?.success) return this.#retry(ack?.retryAfterMs || 3_000);
      for (const changes of ack.conversations) {
        if (changes.error) this.store.drop(changes.id); // gone, or not ours any more
        else this.store.keepChanges(changes.id, changes);
      }
      behind = behind.filter((c) => this.store.conversations.has(c.id) && !c.synced);
    }
    if (this.socket.connected) this.#become('live');
  }

  // join enters a room; the coach's unfinished answer then comes as one delta at offset 0. It says why it did not.
  async join(id) {
    for (;;) {
      const c = this.store.conversations.get(id);
      if (!this.socket.connected) return null;
      const ack = await this.ask('join_conversation', c?.opened ? { conversationId: id, afterRev: c.rev } : { conversationId: id });
      if (!ack?.success) return ack;
      this.store.keepConversation(ack.conversation).opened = true;
      this.store.keepChanges(id, ack);
      if (ack.complete) return ack;
    }
  }
}
