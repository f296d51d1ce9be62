// A list of any length of which only what is seen is in the document. Heights are measured, not assumed: an item may be
// of any height and may change it. What the reader looks at stays where it is when something above it changes; who is at
// the end stays at the end.

const beyond = 600; // pixels that are kept ready above and below
const nearEnd = 48; // pixels from the end that still count as the end

export class VirtualList {
  #keys = [];
  #index = new Map();
  #heights = new Map();
  #nodes = new Map();
  #tops = [0];
  #guess;
  #render;
  #frame = 0;
  #last = 0;
  #following = true;
  #resized = new ResizeObserver((entries) => this.#measured(entries));

  // scroller is the element that scrolls, list the one in it that holds the items; render gives an element for a key.
  constructor(scroller, list, { render, guess = 120, scrolled }) {
    Object.assign(this, { scroller, list, scrolled });
    this.#render = render;
    this.#guess = guess;
    scroller.addEventListener('scroll', () => this.#onScroll(), { passive: true });
    this.#resized.observe(scroller);
  }

  close() {
    this.#resized.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  get following() {
    return this.#following;
  }

  // set gives the list other keys. Nodes of keys that stay are kept.
  set(keys) {
    const anchor = this.#anchor();
    this.#keys = keys;
    this.#index = new Map(keys.map((key, i) => [key, i]));
    for (const key of this.#nodes.keys()) if (!this.#index.has(key)) this.#remove(key);
    this.#draw(anchor);
  }

  // refresh draws one item anew, if it is there.
  refresh(key) {
    const old = this.#nodes.get(key);
    if (!old) return;
    const anchor = this.#anchor();
    const focused = old.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    const node = this.#make(key);
    this.#resized.unobserve(old);
    old.replaceWith(node);
    if (focused) (node.querySelector(`[data-action="${focused}"]`) || this.scroller).focus({ preventScroll: true });
    this.#draw(anchor);
  }

  node(key) {
    return this.#nodes.get(key);
  }

  toEnd() {
    this.#following = true;
    this.#draw(null);
  }

  // show brings an item to the middle and gives its node.
  show(key) {
    if (!this.#index.has(key)) return null;
    this.#following = false;
    for (let tries = 0; tries < 3; tries++) {
      const i = this.#index.get(key);
      this.scroller.scrollTop = this.#tops[i] - this.scroller.clientHeight / 3;
      this.#draw(null);
    }
    return this.#nodes.get(key);
  }

  #make(key) {
    const node = this.#render(key);
    node.dataset.key = key;
    this.#nodes.set(key, node);
    this.#resized.observe(node);
    return node;
  }

  #remove(key) {
    const node = this.#nodes.get(key);
    if (node.contains(document.activeElement)) this.scroller.focus({ preventScroll: true });
    this.#resized.unobserve(node);
    node.remove();
    this.#nodes.delete(key);
  }

  #height = (key) => this.#heights.get(key) ?? this.#guess;

  #place() {
    const tops = new Array(this.#keys.length + 1);
    tops[0] = 0;
    for (let i = 0; i < this.#keys.length; i++) tops[i + 1] = tops[i] + this.#height(this.#keys[i]);
    this.#tops = tops;
  }

  // at gives the last item that begins at or above y.
  #at(y) {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#tops[middle] <= y) low = middle;
      else high = middle - 1;
    }
    return Math.min(low, Math.max(0, this.#keys.length - 1));
  }

  // anchor is the first item that is seen, and how far it stands from the upper edge.
  #anchor() {
    if (this.#following || !this.#keys.length) return null;
    const key = this.#keys[this.#at(this.scroller.scrollTop)];
    return { key, offset: this.#tops[this.#index.get(key)] - this.scroller.scrollTop };
  }

  #settle(anchor) {
    if (this.#following) this.scroller.scrollTop = this.scroller.scrollHeight;
    else if (anchor && this.#index.has(anchor.key)) {
      const wanted = this.#tops[this.#index.get(anchor.key)] - anchor.offset;
      if (Math.abs(wanted - this.scroller.scrollTop) >= 1) this.scroller.scrollTop = wanted;
    }
  }

  #draw(anchor) {
    for (let tries = 0; tries < 4; tries++) {
      this.#place();
      this.#spaces();
      this.#settle(anchor);
      const [from, to] = this.#window();
      this.#fill(from, to);
      this.#spaces(from, to);
      this.#settle(anchor);
      if (!this.#measure()) break;
    }
  }

  #window() {
    if (!this.#keys.length) return [0, 0];
    const height = this.scroller.clientHeight;
    const top = this.#following ? Math.max(0, this.#tops[this.#keys.length] - height) : this.scroller.scrollTop;
    return [this.#at(Math.max(0, top - beyond)), this.#at(top + height + beyond) + 1];
  }

  #fill(from, to) {
    const wanted = new Set(this.#keys.slice(from, to));
    for (const key of [...this.#nodes.keys()]) if (!wanted.has(key)) this.#remove(key);
    let before = null;
    for (const key of wanted) {
      const node = this.#nodes.get(key) || this.#make(key);
      const place = before ? before.nextSibling : this.list.firstChild;
      if (place !== node) this.list.insertBefore(node, place);
      node.setAttribute('aria-setsize', String(this.#keys.length));
      node.setAttribute('aria-posinset', String(this.#index.get(key) + 1));
      before = node;
    }
    this.from = from;
    this.to = to;
  }

  #spaces(from = this.from || 0, to = this.to || 0) {
    const all = this.#tops[this.#keys.length];
    this.list.style.setProperty('padding-top', `${this.#tops[Math.min(from, this.#keys.length)]}px`);
    this.list.style.setProperty('padding-bottom', `${all - this.#tops[Math.min(to, this.#keys.length)]}px`);
  }

  // measure says whether some height is not what it was thought to be.
  #measure() {
    let another = false;
    for (const [key, node] of this.#nodes) {
      const height = node.getBoundingClientRect().height;
      if (height === 0 || Math.abs(height - this.#height(key)) < 0.5) continue;
      this.#heights.set(key, height);
      another = true;
    }
    return another;
  }

  #measured() {
    const anchor = this.#anchor();
    if (this.#measure() || this.#following) this.#draw(anchor);
  }

  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    // Only a move upwards leaves the end: a text that grew meanwhile does not.
    if (scrollHeight - scrollTop - clientHeight < nearEnd) this.#following = true;
    else if (scrollTop < this.#last - 1) this.#following = false;
    this.#last = scrollTop;
    this.scrolled?.();
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      const [from, to] = this.#window();
      if (from !== this.from || to !== this.to) this.#draw(this.#anchor());
    });
  }
}
