// The page of coach. Signed out it is a form; signed in it is the shell with its pages.

import { h, put } from './dom.js';
import { route } from './router.js';
import { session } from './session.js';
import { mountShell } from './shell.js';
import { mountReset, mountSignIn } from './signin.js';

const root = document.getElementById('root');
let unmount;

const resetCode = () => (location.hash.startsWith('#reset=') ? location.hash.slice('#reset='.length) : null);

function show(message) {
  unmount?.();
  put(root);
  if (resetCode()) unmount = mountReset(root, { code: resetCode(), done: (text) => (leaveReset(), show(text)) });
  else if (session.current) unmount = mountShell(root);
  else unmount = mountSignIn(root, { message });
}

// A used code must not stay in the address, nor in the history.
function leaveReset() {
  session.end();
  history.replaceState(null, '', location.pathname);
}

session.changed.on(show);
addEventListener('hashchange', () => resetCode() && show());
addEventListener('unhandledrejection', (event) => console.error('Uncaught', event.reason));

show();
document.documentElement.dataset.page = route().name;
performance.mark('coach-interactive');
document.body.append(h('div', { id: 'announce', class: 'visually-hidden', role: 'status', 'aria-live': 'polite' }));
