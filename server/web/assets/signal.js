// A signal tells those who listen, and lets each of them stop listening.

export function signal() {
  const listeners = new Set();
  return {
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell(...args) {
      for (const listener of [...listeners]) listener(...args);
    },
  };
}
