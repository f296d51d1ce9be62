// Elements without markup. Text only ever becomes a text node, so nothing that somebody wrote can turn into HTML; the
// page's policy (trusted types) forbids the other way as well.

const svgSpace = 'http://www.w3.org/2000/svg';

function set(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith('on')) node.addEventListener(name.slice(2).toLowerCase(), value);
  else if (name === 'class') node.setAttribute('class', value);
  else if (name === 'dataset') Object.assign(node.dataset, value);
  else if (name === 'style') for (const [key, v] of Object.entries(value)) node.style.setProperty(key, v);
  else if (name === 'value' || name === 'checked' || name === 'hidden' || name === 'disabled') node[name] = value;
  else node.setAttribute(name, value === true ? '' : String(value));
}

// Children are nodes, texts, numbers, lists of them; null, undefined and false are nothing.
function fill(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

// h makes an HTML element: h('button', {class: 'primary', onclick, 'aria-label': 'Send'}, 'Send').
// A property of null, undefined or false is left out. A textarea's or select's value is set after its children.
export function h(tag, properties, ...children) {
  const node = document.createElement(tag);
  const { value, ...others } = properties || {};
  for (const [name, v] of Object.entries(others)) set(node, name, v);
  fill(node, children);
  set(node, 'value', value);
  return node;
}

// s makes an SVG element.
export function s(tag, attributes, ...children) {
  const node = document.createElementNS(svgSpace, tag);
  for (const [name, value] of Object.entries(attributes || {})) set(node, name, value);
  return fill(node, children);
}

// put replaces everything in a node.
export function put(node, ...children) {
  node.replaceChildren();
  return fill(node, children);
}

// field is a labelled input with an optional hint below and a place for what is wrong with it.
export function field(label, input, hint) {
  const id = input.id || (input.id = uniqueId('field'));
  const note = hint && h('small', { id: `${id}-hint`, class: 'hint' }, hint);
  if (note) input.setAttribute('aria-describedby', note.id);
  return h('div', { class: 'field' }, h('label', { for: id }, label), input, note);
}

let ids = 0;
export const uniqueId = (prefix) => `${prefix}-${++ids}`;
