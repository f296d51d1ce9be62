// Everything that the chat knows: conversations, their rows, answers while they are written, who types and who is there.
//
// A row that the server has is known by its rev: the higher one wins, so it does not matter whether it came by an event,
// an acknowledgement or a page.

import { signal } from './signal.js';

export const writing = (message) => message.status === 'pending' || message.status === 'streaming';

export class Store {
  conversations = new Map(); // id → the conversation's fields, and {rows, bySeq, top, rev, synced, opened}
  answers = new Map(); // id of an answer → {attempt, text}, while it is written
  typing = new Map(); // conversation → user → timer
  presence = new Map(); // user → status
  members = new Map(); // conversation → user → member

  listed = signal(); // the list of conversations, or one of them, is another
  rowsChanged = signal(); // (conversationId): rows came or went
  rowChanged = signal(); // (message): it is another
  textChanged = signal(); // (message): more of an answer is there
  answered = signal(); // (message): an answer that was written here is finished
  peopleChanged = signal(); // (conversationId | null): typing, presence, members
  gone = signal(); // (conversationId)

  keepConversation(conversation) {
    const known = this.conversations.get(conversation.id) || { rows: new Map(), bySeq: new Map(), top: 0, rev: 0, synced: false, opened: false };
    this.conversations.set(conversation.id, Object.assign(known, conversation));
    this.listed.tell();
    return known;
  }

  // keepList is what the server lists; what it does not list any more is gone, unless it is another kind of it, or was
  // not known yet when the server was asked.
  keepList(items, archived, complete, known) {
    const listed = new Set(items.map((c) => c.id));
    for (const item of items) this.keepConversation(item);
    if (!complete) return;
    for (const [id, c] of this.conversations) if (known.has(id) && Boolean(c.archived) === archived && !listed.has(id)) this.drop(id);
  }

  drop(id) {
    if (!this.conversations.delete(id)) return;
    this.listed.tell();
    this.gone.tell(id);
  }

  // keepChanges takes what join_conversation or sync said of one conversation.
  keepChanges(id, { messages, lastRev, complete }) {
    const c = this.conversations.get(id);
    if (!c) return;
    for (const message of messages) this.keepRow(message);
    c.rev = Math.max(c.rev, complete ? lastRev : messages.at(-1)?.rev ?? 0);
    c.synced = complete;
  }

  keepRow(message) {
    const c = this.conversations.get(message.conversationId);
    if (!c) return;
    const known = c.rows.get(message.id);
    if (known && known.rev > message.rev) return;
    c.rows.set(message.id, message);
    c.bySeq.set(message.seq, message);
    c.top = Math.max(c.top, message.seq);
    if (!writing(message)) {
      const watched = this.answers.delete(message.id) || (known && writing(known));
      if (watched && message.type === 'ai') this.answered.tell(message);
    }
    if (known) this.rowChanged.tell(message);
    else this.rowsChanged.tell(c.id);
  }

  dropText({ messageId, conversationId, rev }) {
    const row = this.conversations.get(conversationId)?.rows.get(messageId);
    if (row) this.keepRow({ ...row, rev, content: '', uploads: [], verdict: null, analysis: null, deletedAt: row.deletedAt || new Date().toISOString() });
  }

  // advance notes that everything up to rev is known. While a conversation is not in step, later events may arrive before
  // the rows that were missed, and must not hide them from the next sync.
  advance(id, rev) {
    const c = this.conversations.get(id);
    if (c?.synced) c.rev = Math.max(c.rev, rev);
  }

  // applyDelta replaces everything from offset by text. Offsets count UTF-16 units, and so do JavaScript's strings.
  // It says no where something before it was lost, so that the whole text must be asked for.
  applyDelta({ conversationId, messageId, attempt, offset, text }) {
    const row = this.conversations.get(conversationId)?.rows.get(messageId);
    if (row && !writing(row)) return true;
    let answer = this.answers.get(messageId) || { attempt: 0, text: '' };
    if (attempt < answer.attempt) return true;
    if (attempt > answer.attempt) answer = { ...answer, text: '' }; // a new attempt begins from nothing
    if (offset > answer.text.length) {
      const first = !answer.asked;
      this.answers.set(messageId, { ...answer, asked: true });
      return !first;
    }
    this.answers.set(messageId, { attempt, text: answer.text.slice(0, offset) + text });
    if (row) this.textChanged.tell(row);
    return true;
  }

  textOf(message) {
    return (writing(message) && this.answers.get(message.id)?.text) || message.content || '';
  }

  // run gives the rows that follow each other without a hole around a seq; around the end if it is null.
  run(id, seq) {
    const c = this.conversations.get(id);
    if (!c || c.bySeq.size === 0) return [];
    const start = seq ?? c.top;
    const rows = [];
    for (let at = start; c.bySeq.has(at); at--) rows.push(c.bySeq.get(at));
    rows.reverse();
    for (let at = start + 1; c.bySeq.has(at); at++) rows.push(c.bySeq.get(at));
    return rows;
  }

  setTyping({ conversationId, userId }, yes) {
    const here = this.typing.get(conversationId) || new Map();
    this.typing.set(conversationId, here);
    clearTimeout(here.get(userId));
    here.delete(userId);
    // The server ends it after five seconds; the event that says so may be lost.
    if (yes) here.set(userId, setTimeout(() => this.setTyping({ conversationId, userId }, false), 7_000));
    this.peopleChanged.tell(conversationId);
  }

  setPresence({ userId, status }) {
    this.presence.set(userId, status);
    this.peopleChanged.tell(null);
  }

  keepMembers(id, members) {
    this.members.set(id, new Map(members.map((m) => [m.userId, m])));
    this.peopleChanged.tell(id);
  }

  nameOf(conversationId, userId) {
    const member = this.members.get(conversationId)?.get(userId);
    return member ? member.displayName || member.username : '';
  }
}
