// Chart images that go with the next message: dropped, pasted, chosen or photographed. Each is sent to the server at once
// and shows how far it has come. One that could not be sent because the connection was gone is sent when it is back.

import { h, put } from '../dom.js';
import { icon } from '../icons.js';
import { t } from '../text.js';

const most = 5;
const largest = 10 * 1024 * 1024;
const kinds = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif']);

export class Attachments {
  items = []; // {name, preview, part, state: sending | done | waiting | failed, upload, error, stop}

  // changed is told when something came, went, or got further. place names the draft that the pictures belong to now;
  // late is told (place, item) when one has arrived after its draft was left.
  constructor({ api, conversationId, place, late, changed }) {
    Object.assign(this, { api, conversationId, place, late, changed });
    this.node = h('ul', { class: 'attachments', 'aria-label': t('Pictures of this message'), hidden: true });
  }

  get busy() {
    return this.items.some((item) => item.state === 'sending' || item.state === 'waiting');
  }

  get uploads() {
    return this.items.filter((item) => item.state === 'done').map((item) => item.upload);
  }

  // add takes files; it gives a sentence about those that it does not take, or ''.
  add(files) {
    let trouble = '';
    for (const file of files) {
      if (!kinds.has(file.type)) trouble = t('{name} is not a picture that the coach can look at: PNG, JPEG, WebP or GIF.', { name: file.name || t('This') });
      else if (file.size > largest) trouble = t('{name} is larger than 10 MiB.', { name: file.name });
      else if (this.items.length >= most) trouble = t('A message takes at most {n} pictures.', { n: most });
      else this.#send({ name: file.name || t('picture'), file, preview: URL.createObjectURL(file), part: 0, state: 'sending' });
    }
    this.#draw();
    return trouble;
  }

  // restore brings back what was already sent, after a reload.
  restore(uploads) {
    this.items = uploads.map((upload) => ({ name: upload.originalName, preview: upload.thumbnailUrl, part: 1, state: 'done', upload }));
    this.#draw();
  }

  clear() {
    for (const item of this.items) if (item.file) URL.revokeObjectURL(item.preview);
    this.items = [];
    this.#draw();
  }

  // again sends what waited for the connection.
  again() {
    for (const item of this.items) if (item.state === 'waiting') this.#send(item);
    this.#draw();
  }

  async #send(item) {
    if (!this.items.includes(item)) this.items.push(item);
    const stop = new AbortController();
    Object.assign(item, { state: 'sending', part: 0, error: '', stop });
    const place = this.place();
    const form = new FormData();
    form.append('images', item.file, item.name);
    const id = this.conversationId();
    if (id) form.append('conversationId', id);
    try {
      const { uploads } = await this.api.upload('/api/uploads', form, {
        signal: stop.signal,
        onProgress: (part) => {
          item.part = part;
          item.bar?.style.setProperty('--part', String(part));
          item.bar?.setAttribute('aria-valuenow', String(Math.round(part * 100)));
        },
      });
      Object.assign(item, { state: 'done', part: 1, upload: uploads[0] });
      if (!this.items.includes(item)) this.late(place, item);
    } catch (refusal) {
      if (refusal.name === 'AbortError') return;
      const passing = refusal.status === 0;
      Object.assign(item, { state: passing ? 'waiting' : 'failed', error: passing ? t('waits for the connection') : refusal.sentences });
    }
    this.#draw();
  }

  #remove(item) {
    item.stop?.abort();
    this.items = this.items.filter((other) => other !== item);
    if (item.file) URL.revokeObjectURL(item.preview);
    this.#draw();
  }

  #draw() {
    put(this.node, this.items.map((item) => this.#tile(item)));
    this.node.hidden = this.items.length === 0;
    this.changed();
  }

  #tile(item) {
    item.bar = item.state === 'sending' ? h('span', { class: 'tile-bar', role: 'progressbar', 'aria-label': t('Sending {name}', { name: item.name }), 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.round(item.part * 100), style: { '--part': String(item.part) } }) : null;
    return h(
      'li',
      { class: `tile ${item.state}`, title: item.error || item.name },
      h('img', { src: item.preview, alt: item.name }),
      item.bar,
      item.error && h('span', { class: 'tile-error', role: 'alert' }, item.error),
      item.state === 'failed' && h('button', { type: 'button', class: 'button small', onclick: () => (this.#send(item), this.#draw()) }, t('Try again')),
      h('button', { type: 'button', class: 'icon-button small tile-remove', 'aria-label': t('Remove {name}', { name: item.name }), onclick: () => this.#remove(item) }, icon('close')),
    );
  }
}
