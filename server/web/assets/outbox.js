// What the user has sent and nobody has acknowledged lies in localStorage, one entry for each message, and is sent again
// until an answer comes. The server stores a clientMessageId once, so sending twice does no harm, from two tabs either.
//
// A draft is {conversationId, content, uploadIds, previews, mode, clientMessageId, refused?}. A conversation that does
// not exist yet has an id that begins with "new-" until its first draft can be sent.

import { api } from './api.js';
import { signal } from './signal.js';
import { storage } from './storage.js';

// crypto.randomUUID is there only over TLS and on localhost; this is there on any address.
export const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');

export const isLocal = (id) => Boolean(id?.startsWith('new-'));

export class Outbox {
  changed = signal(); // drafts came, went, or were refused
  renamed = signal(); // (localId, conversation): a conversation exists now
  waiting = signal(); // (text): why it waits, '' when it does not any more
  #flushing = false;
  #unkept = new Map(); // what the browser would not keep, for as long as the tab lives
  #left;

  constructor(user, connection, store) {
    this.prefix = `coach.out.${user}.`;
    this.connection = connection;
    this.store = store;
    const hear = (event) => {
      if (event.key !== null && !event.key.startsWith(this.prefix)) return;
      this.#moved(event);
      this.changed.tell();
    };
    addEventListener('storage', hear);
    const leave = [
      () => removeEventListener('storage', hear),
      connection.changed.on((state) => state === 'live' && this.flush()),
      store.rowsChanged.on((id) => this.#arrived(id)),
    ];
    this.#left = leave;
  }

  close() {
    this.closed = true;
    for (const leave of this.#left) leave();
  }

  // all gives the drafts in the order in which they were written, as [key, draft].
  all() {
    const kept = storage.keys(this.prefix).map((key) => [key, storage.read(key)]);
    return [...kept, ...this.#unkept].filter(([, draft]) => draft).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  of(conversationId) {
    return this.all().map(([, draft]) => draft).filter((d) => d.conversationId === conversationId);
  }

  // add keeps a draft; it says whether the browser could keep it beyond this tab.
  add(draft) {
    const whole = { ...draft, clientMessageId: newId() };
    const kept = this.#write(`${this.prefix}${String(Date.now()).padStart(15, '0')}.${whole.clientMessageId}`, whole);
    this.changed.tell();
    this.flush();
    return kept;
  }

  #write(key, draft) {
    this.#unkept.delete(key);
    const kept = storage.write(key, draft);
    if (!kept && draft) this.#unkept.set(key, draft);
    return kept;
  }

  #find(clientMessageId) {
    return this.all().find(([, d]) => d.clientMessageId === clientMessageId);
  }

  remove(clientMessageId) {
    const found = this.#find(clientMessageId);
    if (!found) return;
    this.#write(found[0], null);
    this.changed.tell();
  }

  retry(clientMessageId) {
    const found = this.#find(clientMessageId);
    if (!found) return;
    this.#write(found[0], { ...found[1], refused: undefined });
    this.changed.tell();
    this.flush();
  }

  // Another tab has made the conversation of a draft that may have been written in this one.
  #moved({ oldValue, newValue }) {
    if (!oldValue || !newValue) return;
    const [before, now] = [oldValue, newValue].map((text) => JSON.parse(text).conversationId);
    if (isLocal(before) && before !== now) this.renamed.tell(before, { id: now });
  }

  // A row that the server tells of needs no sending any more, whoever sent it.
  #arrived(conversationId) {
    const drafts = this.of(conversationId);
    if (!drafts.length) return;
    const known = new Set([...(this.store.conversations.get(conversationId)?.rows.values() || [])].map((m) => m.clientMessageId));
    for (const draft of drafts) if (known.has(draft.clientMessageId)) this.remove(draft.clientMessageId);
  }

  // flush sends what waits, oldest first, one after the other so that the order is the one it was written in. Of several
  // tabs one does it, where the browser can see to that.
  async flush() {
    if (this.#flushing || this.closed) return;
    this.#flushing = true;
    const work = () => this.#work();
    try {
      await (navigator.locks ? navigator.locks.request(this.prefix, work) : work());
    } finally {
      this.#flushing = false;
    }
    if (!this.closed && this.connection.live && this.#next()) this.flush();
  }

  #next() {
    return this.all().find(([, d]) => !d.refused);
  }

  async #work() {
    for (let next; !this.closed && this.connection.live && (next = this.#next()); ) {
      const [key, draft] = next;
      const answer = isLocal(draft.conversationId) ? await this.#create(draft) : await this.#send(draft);
      if (this.closed) return;
      if (answer === 'done') continue;
      if (answer && !answer.retryable) {
        this.#write(key, { ...draft, refused: answer.error });
        this.changed.tell();
        continue;
      }
      this.waiting.tell(answer?.error || '');
      await new Promise((resolve) => setTimeout(resolve, answer?.retryAfterMs || 1_500));
      this.waiting.tell('');
    }
  }

  async #send({ conversationId, content, uploadIds, mode, clientMessageId }) {
    const ack = await this.connection.ask('send_message', { conversationId, content: content || undefined, uploadIds: uploadIds?.length ? uploadIds : undefined, mode, clientMessageId });
    if (!ack?.success) return ack;
    this.store.keepRow(ack.message);
    this.remove(clientMessageId);
    this.#name(conversationId);
    return 'done';
  }

  async #create({ conversationId: local, mode }) {
    let conversation;
    try {
      conversation = await api.post('/api/conversations', mode ? { mode } : {}, { signal: AbortSignal.timeout(20_000) });
    } catch (refusal) {
      return { error: refusal.sentences, retryable: refusal.retryable, retryAfterMs: refusal.retryAfterMs };
    }
    this.store.keepConversation(conversation);
    for (const [key, draft] of this.all()) {
      if (draft.conversationId === local) this.#write(key, { ...draft, conversationId: conversation.id });
    }
    this.renamed.tell(local, conversation);
    this.changed.tell();
    return 'done';
  }

  // The first message names a conversation. A socket that has it open is not told of every change to it, so it asks.
  async #name(id) {
    if (this.store.conversations.get(id)?.title !== '') return;
    await api.get(`/api/conversations/${id}`).then((c) => this.store.keepConversation(c), () => {});
  }
}
