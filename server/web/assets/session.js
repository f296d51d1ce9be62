// Who is signed in, in all tabs: {token, expiresAt, takenAt, user} in localStorage.

import { signal } from './signal.js';
import { storage } from './storage.js';

const key = 'coach.session';

export const session = {
  current: storage.read(key),
  changed: signal(), // somebody signed in, or out: (message?)
  renewed: signal(), // a new token for the same person

  keep({ user, token, expiresAt }) {
    const before = this.current;
    this.current = { user: user || before.user, token, expiresAt, takenAt: Date.now() };
    storage.write(key, this.current);
    if (before?.user.id === this.current.user.id) this.renewed.tell();
    else this.changed.tell();
  },

  keepUser(user) {
    if (!this.current) return; // signed out meanwhile
    this.current = { ...this.current, user };
    storage.write(key, this.current);
    this.renewed.tell();
  },

  end(message) {
    if (!this.current) return;
    this.current = null;
    storage.write(key, null);
    this.changed.tell(message);
  },
};

// Another tab signed in, out, or renewed the token.
addEventListener('storage', (event) => {
  if (event.key !== key && event.key !== null) return;
  const before = session.current;
  session.current = storage.read(key);
  if (before?.user.id !== session.current?.user.id) session.changed.tell();
  else if (session.current) session.renewed.tell();
});
