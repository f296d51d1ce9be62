// The messages of one conversation, as far as they are loaded around what the reader looks at.

import { h, put } from '../dom.js';
import { icon } from '../icons.js';
import { dayOf, t } from '../text.js';
import { VirtualList } from '../virtual.js';
import { draftRow, growText, messageRow } from './message.js';

const page = 100; // messages that are fetched at once
const early = 900; // pixels from the upper edge at which earlier ones are fetched

// The desk is that of message.js with {api, store, outbox, conversationId, toast, empty}.
export class Thread {
  #anchor = null; // the seq that the reader came for; null is the end
  #found = ''; // the id of the message that is marked, until the mark has been seen
  #rows = new Map(); // key → row or draft
  #loading = null; // the promise of what is being fetched
  #pausedUntil = 0;
  #frame = 0;
  #leave = [];

  constructor(desk) {
    this.desk = desk;
    this.items = h('ol', { class: 'messages', 'aria-label': t('Messages') });
    this.top = h('p', { class: 'thread-top', 'aria-live': 'polite' });
    this.empty = h('div', { class: 'thread-empty' });
    this.scroller = h('div', { class: 'thread-scroll', tabindex: 0, role: 'region', 'aria-label': t('Conversation') }, this.top, this.empty, this.items);
    this.down = h('button', { type: 'button', class: 'to-end', hidden: true, onclick: () => this.toEnd() }, icon('down'), h('span', {}, t('Newest')));
    this.node = h('div', { class: 'thread-frame' }, this.scroller, this.down);
    this.list = new VirtualList(this.scroller, this.items, { render: (key) => this.#render(key), guess: 110, scrolled: () => this.#scrolled() });
    this.items.addEventListener('animationend', (event) => event.animationName === 'found' && (this.#found = ''));
    const { store, outbox } = desk;
    const here = (message) => message.conversationId === desk.conversationId();
    this.#leave = [
      store.rowsChanged.on((id) => id === desk.conversationId() && this.later()),
      store.rowChanged.on((message) => here(message) && this.#changed(message)),
      store.textChanged.on((message) => here(message) && this.#grown(message)),
      outbox.changed.on(() => this.later()),
    ];
  }

  close() {
    this.closed = true;
    for (const leave of this.#leave) leave();
    cancelAnimationFrame(this.#frame);
    this.list.close();
  }

  // open shows a conversation from its end, or around a seq.
  async open(seq) {
    this.#anchor = null;
    this.#found = '';
    this.#pausedUntil = 0;
    this.items.replaceChildren();
    this.list.set([]);
    this.draw();
    this.list.toEnd();
    if (seq) await this.goTo(seq);
  }

  // later draws once for all that comes in a frame.
  later() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const { store, outbox } = this.desk;
    const id = this.desk.conversationId();
    const rows = store.run(id, this.#anchor);
    const drafts = this.#atEnd(rows) ? outbox.of(id) : [];
    const before = this.#rows;
    this.#rows = new Map();
    let day = '';
    for (const row of rows) {
      const rowDay = dayOf(row.createdAt);
      if (rowDay !== day) this.#rows.set(`day-${row.seq}`, { day: (day = rowDay) });
      this.#rows.set(row.id, row);
    }
    for (const draft of drafts) this.#rows.set(`draft-${draft.clientMessageId}`, draft);
    this.list.set([...this.#rows.keys()]);
    for (const draft of drafts) {
      const key = `draft-${draft.clientMessageId}`;
      if (before.has(key) && before.get(key).refused !== draft.refused) this.list.refresh(key);
    }
    this.#edges(rows, drafts);
  }

  #edges(rows, drafts) {
    const nothing = rows.length === 0 && drafts.length === 0;
    put(this.empty, nothing && this.desk.empty());
    this.empty.hidden = !nothing;
    const first = rows[0]?.seq;
    this.top.textContent = this.#loading ? t('Loading earlier messages…') : first === 1 ? t('This is where it began.') : '';
    this.top.hidden = this.top.textContent === '';
    this.first = first;
    this.#showDown(rows);
    if (first > 1 && this.scroller.scrollTop < early && !nothing) this.#earlier();
  }

  #atEnd(rows) {
    const c = this.desk.store.conversations.get(this.desk.conversationId());
    return !c || !rows.length || rows.at(-1).seq === c.top;
  }

  #showDown(rows = this.desk.store.run(this.desk.conversationId(), this.#anchor)) {
    this.down.hidden = this.list.following && this.#atEnd(rows);
  }

  #render(key) {
    const row = this.#rows.get(key);
    if (row.day) return h('li', { class: 'day' }, h('span', {}, row.day));
    if (row.clientMessageId && !row.seq) return draftRow(row, { retry: (d) => this.desk.outbox.retry(d.clientMessageId), drop: (d) => this.desk.outbox.remove(d.clientMessageId) });
    const node = messageRow(row, this.desk);
    node.classList.toggle('found-here', key === this.#found); // a row that is drawn again keeps its mark
    return node;
  }

  #changed(message) {
    if (!this.#rows.has(message.id)) return;
    this.#rows.set(message.id, message);
    this.list.refresh(message.id);
  }

  // refreshNames draws the messages of others again, whose names are known now.
  refreshNames() {
    for (const [key, row] of this.#rows) if (row.userId && row.userId !== this.desk.me.id) this.list.refresh(key);
  }

  #grown(message) {
    growText(this.list.node(message.id), this.desk.textOf(message));
  }

  #scrolled() {
    this.#showDown();
    if (this.scroller.scrollTop < early && this.first > 1) this.#earlier();
    if (this.#anchor !== null && this.list.following) this.#onward();
  }

  // earlier fetches what lies before what is shown. A refusal is said once and not asked for again at once.
  async #earlier() {
    await this.#fetch(`before=${this.first}`);
  }

  // onward closes the hole between what the reader came for and the end.
  async #onward() {
    const rows = this.desk.store.run(this.desk.conversationId(), this.#anchor);
    if (this.#atEnd(rows)) return void (this.#anchor = null);
    await this.#fetch(`after=${rows.at(-1).seq}`);
  }

  async #fetch(query) {
    if (this.#loading || this.closed || Date.now() < this.#pausedUntil) return;
    this.top.textContent = t('Loading earlier messages…');
    this.#loading = this.#get(query);
    await this.#loading;
    this.#loading = null;
    if (!this.closed) this.draw(); // a list that has left the page stands at its top for ever, and would fetch everything
  }

  async #get(query) {
    const id = this.desk.conversationId();
    try {
      const { messages } = await this.desk.api.get(`/api/conversations/${id}/messages?limit=${page}&${query}`);
      for (const message of messages) this.desk.store.keepRow(message);
    } catch (refusal) {
      this.#pausedUntil = Date.now() + (refusal.retryAfterMs || 5_000);
      this.desk.toast(refusal.message, 'error');
    }
  }

  // goTo shows one message in the middle and marks it for a moment.
  async goTo(seq) {
    const id = this.desk.conversationId();
    const c = () => this.desk.store.conversations.get(id);
    while (this.#loading) await this.#loading; // one fetch at a time, and this one must not be left out
    if (!c()?.bySeq.has(seq)) await this.#fetch(`before=${seq + 20}`);
    if (!c()?.bySeq.has(seq) || id !== this.desk.conversationId()) return;
    this.#anchor = seq;
    this.draw();
    this.#found = c().bySeq.get(seq).id;
    this.list.show(this.#found);
    this.list.refresh(this.#found);
    this.#showDown();
  }

  toEnd() {
    this.#anchor = null;
    this.draw();
    this.list.toEnd();
    this.down.hidden = true;
  }
}
