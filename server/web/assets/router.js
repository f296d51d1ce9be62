// Pages by the address's fragment: #/chat, #/chat/<conversation>, #/plan, …
//
// A page is a module ./pages/NAME.js that exports mount(root, context) and gives back unmount(), or nothing. The context
// is {api, me, t, toast, path, go}: the REST client, the user, the filler of texts, a short notice (text, 'error' for a
// bad one), what stands behind the page's name in the address, and the way to another page. A page is fetched when it is
// first visited. While one is shown, a change of its path alone is told to unmount.path(path), if it has that.

import { pages } from './pages.js';

export const route = () => {
  const [name, ...rest] = location.hash.replace(/^#\/?/, '').split('/');
  return pages.some((page) => page.name === name) ? { name, path: rest.join('/') } : { name: pages[0].name, path: '' };
};

export const go = (where) => {
  if (location.hash !== `#/${where}`) location.hash = `#/${where}`;
};

// start shows pages in root until it is stopped. failed(error, name) is told when one cannot be shown.
export function start(root, context, { shown, failed }) {
  let current = { name: '', unmount: undefined };
  let turn = 0;

  async function show() {
    const { name, path } = route();
    const mine = ++turn;
    if (name === current.name) return current.unmount?.path?.(path);
    try {
      const page = await import(`./pages/${name}.js`);
      if (mine !== turn) return;
      current.unmount?.();
      root.replaceChildren();
      current = { name, unmount: undefined };
      shown(name);
      current.unmount = page.mount(root, Object.assign(Object.create(context), { path }));
    } catch (error) {
      if (mine !== turn) return;
      current.unmount?.(); // what was shown is replaced by the reason; it must be possible to go back to it
      current = { name: '', unmount: undefined };
      failed(error, name);
    }
  }

  addEventListener('hashchange', show);
  show();
  return () => {
    turn++;
    removeEventListener('hashchange', show);
    current.unmount?.();
    root.replaceChildren();
  };
}
