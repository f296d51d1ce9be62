// Words, numbers and times as they are shown.

// t fills {name} in a text: t('{n} left', {n: 3}). Every sentence of the page passes through it, so that a translation
// has one place to go in.
export function t(text, values) {
  return values ? text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole)) : text;
}

export const plural = (n, one, many) => t(n === 1 ? one : many, { n });

// decimal shows a decimal string with grouped digits, without ever going through a float: "25000.5" → "25,000.5".
export function decimal(text) {
  if (text === null || text === undefined) return '–';
  const [whole, fraction] = String(text).split('.');
  const sign = whole.startsWith('-') ? '−' : '';
  const grouped = whole.replace('-', '').replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return sign + grouped + (fraction ? `.${fraction}` : '');
}

// money shows dollars with cents: "-240" → "−$240.00".
export function money(text) {
  if (text === null || text === undefined) return '–';
  const [whole, fraction = ''] = String(text).split('.');
  const shown = decimal(`${whole}.${fraction.padEnd(2, '0')}`);
  return shown.startsWith('−') ? `−$${shown.slice(1)}` : `$${shown}`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });
const year = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

export const time = (iso) => clock.format(new Date(iso));
export const moment = (iso) => full.format(new Date(iso));

export function dayOf(iso, now = new Date()) {
  const date = new Date(iso);
  const days = Math.round((midnight(now) - midnight(date)) / 86_400_000);
  if (days === 0) return t('Today');
  if (days === 1) return t('Yesterday');
  return (date.getFullYear() === now.getFullYear() ? day : year).format(date);
}

// when is short: the time today, the day before that.
export function when(iso, now = new Date()) {
  const date = new Date(iso);
  return midnight(date) === midnight(now) ? clock.format(date) : dayOf(iso, now);
}

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
