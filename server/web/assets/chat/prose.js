// The coach's words as paragraphs, lists, bold and code. Links are shown as they are written: what leads out of here is
// the reader's own decision, and an address that only looks right cannot be clicked.

import { h } from '../dom.js';

const bullet = /^\s*(?:[-*•]|\d{1,2}[.)])\s+/;
const signed = /^([✓✗?])\s+(.*)$/;

export function prose(text) {
  const blocks = [];
  let list = null;
  let lines = [];
  let code = null;
  const endParagraph = () => {
    if (lines.length) blocks.push(h('p', { dir: 'auto' }, lines.flatMap((line, i) => (i ? [h('br'), ...spans(line)] : spans(line)))));
    lines = [];
  };
  const endList = () => {
    if (list) blocks.push(list);
    list = null;
  };
  for (const line of text.split('\n')) {
    if (/^\s*```/.test(line)) {
      endParagraph();
      endList();
      if (code) blocks.push(h('pre', { tabindex: 0 }, h('code', {}, code.join('\n'))));
      code = code ? null : [];
    } else if (code) {
      code.push(line);
    } else if (signed.test(line)) {
      endParagraph();
      const [, sign, rest] = signed.exec(line);
      list ||= h('ul', { class: 'signed' });
      list.append(h('li', { dir: 'auto', class: { '✓': 'met', '✗': 'missed', '?': 'open' }[sign] }, h('span', { class: 'sign' }, sign), h('span', {}, spans(rest))));
    } else if (bullet.test(line)) {
      endParagraph();
      list ||= h('ul', { class: 'bullets' });
      list.append(h('li', { dir: 'auto' }, spans(line.replace(bullet, ''))));
    } else if (line.trim() === '') {
      endParagraph();
      endList();
    } else if (/^#{1,4}\s/.test(line)) {
      endParagraph();
      endList();
      blocks.push(h('p', { dir: 'auto' }, h('strong', {}, spans(line.replace(/^#+\s/, '')))));
    } else {
      endList();
      lines.push(line);
    }
  }
  if (code) blocks.push(h('pre', { tabindex: 0 }, h('code', {}, code.join('\n'))));
  endParagraph();
  endList();
  return blocks;
}

// spans turns **bold** and `code` into elements; everything else is text.
function spans(line) {
  return line.split(/(\*\*[^*\n]+\*\*|`[^`\n]+`)/).filter(Boolean).map((piece) => {
    if (piece.length > 4 && piece.startsWith('**') && piece.endsWith('**')) return h('strong', {}, piece.slice(2, -2));
    if (piece.length > 2 && piece.startsWith('`') && piece.endsWith('`')) return h('code', {}, piece.slice(1, -1));
    return piece;
  });
}

// parted takes out of an answer what its card shows already: the headline, the checks, and the advice about a change.
export function parted(text) {
  let advice = null;
  const rest = text.split('\n').filter((line, i) => {
    if (line.startsWith('Smallest change: ')) advice = line.slice('Smallest change: '.length);
    else return !signed.test(line) && !(i === 0 && /^(?:💎|🔥|💀)/u.test(line));
    return false;
  });
  if (advice) advice = advice[0].toUpperCase() + advice.slice(1);
  return { advice, rest: rest.join('\n').replace(/\n{3,}/g, '\n\n').trim() };
}
