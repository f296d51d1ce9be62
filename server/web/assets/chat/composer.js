// The field to write in. What is written is kept for each conversation until it is sent, over reloads too.

import { h, put } from '../dom.js';
import { icon } from '../icons.js';
import { isLocal } from '../outbox.js';
import { storage } from '../storage.js';
import { t } from '../text.js';
import { Attachments } from './attachments.js';

const longest = 10_000; // characters (code points) of a message
const typingEach = 3_000; // the server forgets after five seconds

// The desk is {api, me, connection, conversationId, realId, send, change, latestOwn, stop, answering}.
export class Composer {
  #editing = null;
  #pending = false; // send as soon as the pictures are there
  #typed = 0;

  constructor(desk) {
    this.desk = desk;
    this.text = h('textarea', { id: 'text', class: 'composer-text', rows: 1, placeholder: t('Your idea, or a question'), 'aria-label': t('Your message'), 'aria-describedby': 'composer-hint', dir: 'auto', enterkeyhint: 'send', oninput: () => this.#input(), onkeydown: (event) => this.#key(event), onpaste: (event) => this.#paste(event) });
    this.attachments = new Attachments({ api: desk.api, conversationId: desk.realId, place: () => this.#key_(), late: (key, item) => this.#late(key, item), changed: () => this.#changed() });
    this.error = h('p', { id: 'composer-error', class: 'error-text', role: 'alert', hidden: true });
    this.note = h('p', { class: 'composer-editing', hidden: true });
    this.count = h('span', { class: 'composer-count num', 'aria-live': 'polite' });
    const file = (more) => h('input', { type: 'file', accept: 'image/png,image/jpeg,image/webp,image/gif', class: 'visually-hidden', tabindex: -1, onchange: (event) => (this.add(event.target.files), (event.target.value = '')), ...more });
    const chosen = file({ multiple: true, id: 'choose-images', 'aria-label': t('Choose pictures') });
    const taken = file({ capture: 'environment', id: 'take-image', 'aria-label': t('Take a picture') });
    this.submit = h('button', { type: 'submit', class: 'send', 'aria-label': t('Send') }, icon('send'));
    this.form = h(
      'form',
      { class: 'composer', onsubmit: (event) => (event.preventDefault(), this.send()) },
      this.note,
      h(
        'div',
        { class: 'composer-box' },
        this.attachments.node,
        this.text,
        h(
          'div',
          { class: 'composer-bar' },
          chosen,
          taken,
          h('button', { type: 'button', class: 'icon-button', 'aria-label': t('Add a chart image'), title: t('Add a chart image'), onclick: () => chosen.click() }, icon('image')),
          h('button', { type: 'button', class: 'icon-button camera', 'aria-label': t('Take a picture'), title: t('Take a picture'), onclick: () => taken.click() }, icon('camera')),
          h('span', { id: 'composer-hint', class: 'composer-hint' }, t('Enter sends, Shift Enter is a new line')),
          this.count,
          this.submit,
        ),
      ),
      this.error,
    );
    let width = 0; // the text wraps differently in another
    new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width !== width) this.#grow();
      width = contentRect.width;
    }).observe(this.form);
  }

  // A conversation that does not exist yet gets another id with each visit, and what was written for it must be found again.
  #key_ = (id = this.desk.conversationId()) => `coach.draft.${this.desk.me.id}.${isLocal(id) ? 'new' : id}`;

  // open shows what was left unsent in the conversation that is open now.
  open() {
    this.#leaveEdit();
    const kept = storage.read(this.#key_(), {});
    this.text.value = kept.text || '';
    this.attachments.restore(kept.uploads || []);
    this.say('');
    this.#grow();
  }

  // renamed takes what is in the field along into the conversation that exists now.
  renamed(local) {
    storage.write(this.#key_(local), null);
    this.#keep();
  }

  close() {
    this.closed = true;
    this.desk = { ...this.desk, send() {}, change() {} };
    this.attachments.clear();
  }

  focus() {
    this.text.focus();
  }

  say(text) {
    this.error.textContent = text;
    this.error.hidden = text === '';
  }

  // fill puts words into the field, ready to be sent or changed.
  fill(words) {
    this.text.value = words;
    this.#input();
    this.focus();
  }

  add(files) {
    this.say(this.#editing ? t('A message that is sent keeps its pictures: save or cancel first.') : this.attachments.add(files));
    this.focus();
  }

  // showsStop says that an empty field's button stops the answer that is being written.
  draw() {
    const stops = this.desk.answering() && !this.#editing && this.text.value.trim() === '' && !this.attachments.items.length;
    const words = stops ? t('Stop the answer') : this.#editing ? t('Save') : t('Send');
    if (this.submit.getAttribute('aria-label') !== words) {
      this.submit.setAttribute('aria-label', words);
      this.submit.title = words;
      put(this.submit, icon(stops ? 'stop' : this.#editing ? 'check' : 'send'));
    }
    this.submit.classList.toggle('ready', stops || this.text.value.trim() !== '' || this.attachments.uploads.length > 0);
  }

  #changed() {
    if (!this.submit || this.closed) return;
    this.#keep();
    this.draw();
    if (this.#pending && !this.attachments.busy) this.send();
  }

  // late keeps a picture that arrived when its conversation had been left.
  #late(key, item) {
    if (!this.closed && key === this.#key_()) return void this.attachments.items.push(item); // one has come back already
    const kept = storage.read(key, {});
    storage.write(key, { text: kept.text || '', uploads: [...(kept.uploads || []), item.upload] });
  }

  #keep() {
    const uploads = this.attachments.uploads;
    const text = this.#editing ? storage.read(this.#key_(), {}).text || '' : this.text.value;
    storage.write(this.#key_(), text || uploads.length ? { text, uploads } : null);
  }

  #input() {
    if (!this.#pending) this.say('');
    this.#keep();
    this.#grow();
    const left = longest - [...this.text.value].length;
    this.count.textContent = left < 500 ? (left >= 0 ? t('{n} left', { n: left }) : t('{n} too many', { n: -left })) : '';
    this.count.classList.toggle('loss', left < 0);
    this.draw();
    if (this.text.value && Date.now() - this.#typed > typingEach && this.desk.realId()) {
      this.#typed = Date.now();
      this.desk.connection.tell('typing_start', { conversationId: this.desk.realId() });
    }
  }

  #grow() {
    this.text.style.setProperty('height', 'auto');
    this.text.style.setProperty('height', `${Math.min(this.text.scrollHeight, 220)}px`);
    this.draw();
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === 'ArrowUp' && this.text.value === '' && !event.altKey) {
      const message = this.desk.latestOwn();
      if (message) this.edit(message);
      event.preventDefault();
    } else if (event.key === 'Escape') {
      if (this.#editing) this.open();
      else if (this.desk.answering()) this.desk.stop();
    }
  }

  #paste(event) {
    const files = [...event.clipboardData.files].filter((file) => file.type.startsWith('image/'));
    if (!files.length) return;
    event.preventDefault();
    this.add(files);
  }

  edit(message) {
    this.#editing = message;
    this.#pending = false;
    put(this.note, icon('edit'), h('span', { class: 'grow' }, t('You are editing your message. The coach is not asked again.')), h('button', { type: 'button', class: 'link', onclick: () => (this.open(), this.focus()) }, t('Cancel')));
    this.note.hidden = false;
    this.text.value = message.content;
    this.#grow();
    this.focus();
  }

  #leaveEdit() {
    this.#editing = null;
    this.#pending = false;
    this.note.hidden = true;
  }

  async send() {
    const content = this.text.value.trim();
    if (this.#editing) return this.#save(content);
    if (content === '' && !this.attachments.items.length) return this.desk.answering() ? this.desk.stop() : undefined;
    if ([...content].length > longest) return this.say(t('A message has at most 10,000 characters.'));
    const failed = this.attachments.items.find((item) => item.state === 'failed');
    if (failed) {
      this.#pending = false;
      return this.say(t('{name} is not sent: try it again, or remove it.', { name: failed.name }));
    }
    if (this.attachments.busy) {
      this.#pending = true;
      return this.say(t('It is sent as soon as the picture is there.'));
    }
    const uploads = this.attachments.uploads;
    if (content === '' && !uploads.length) return;
    this.#pending = false;
    this.say('');
    this.text.value = '';
    this.attachments.clear();
    storage.write(this.#key_(), null);
    this.#grow();
    this.count.textContent = '';
    if (this.#typed && this.desk.realId()) this.desk.connection.tell('typing_stop', { conversationId: this.desk.realId() });
    this.#typed = 0;
    this.desk.send({ content, uploads });
  }

  async #save(content) {
    const message = this.#editing;
    if (content === '') return this.say(t('A message cannot become empty; delete it instead.'));
    if (content !== message.content) {
      const trouble = await this.desk.change(message, content);
      if (trouble) return this.say(trouble);
    }
    this.open();
    this.focus();
  }
}
