// A plan as YAML: objects, lists, texts, numbers, true, false and null. Nothing else is in a plan.

export function toYAML(value) {
  return Object.entries(value)
    .map(([key, v]) => pair(key, v, ''))
    .join('');
}

function pair(key, value, indent) {
  const name = `${indent}${scalar(key)}:`;
  if (Array.isArray(value)) return value.length === 0 || value.every(flat) ? `${name} [${value.map(flow).join(', ')}]\n` : `${name}\n${value.map((v) => `${indent}  - ${flow(v)}\n`).join('')}`;
  if (value && typeof value === 'object') {
    const entries = Object.entries(value);
    if (entries.length === 0) return `${name} {}\n`;
    return `${name}\n${entries.map(([k, v]) => pair(k, v, `${indent}  `)).join('')}`;
  }
  return `${name} ${scalar(value)}\n`;
}

const flat = (v) => v === null || typeof v !== 'object';

function flow(value) {
  if (flat(value)) return scalar(value);
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([k, v]) => `${scalar(k)}: ${flow(v)}`)
    .join(', ')}}`;
}

// scalar quotes what YAML would take for something else: 17:00 is a number to some readers, and so is 1e3.
function scalar(value) {
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'string') return String(value);
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(value)) return value; // a decimal, which the server reads exactly
  if (/^[A-Za-z][\w /-]*$/.test(value) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(value) && !/\s$/.test(value)) return value;
  return JSON.stringify(value);
}
