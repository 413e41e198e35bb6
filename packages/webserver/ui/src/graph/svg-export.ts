import type { TaskState } from '../api/contract.ts';
import type { Placed } from './elk-layout.ts';
import type { GraphModel } from './graph-model.ts';

/** The graph as a self-contained SVG: every label as text, states as colour and word. */
export function graphToSvg(
  placed: readonly Placed[],
  edges: GraphModel['edges'],
  stateOf: (id: string) => TaskState | null,
  colourOf: (name: string) => string,
): string {
  const width = Math.max(0, ...placed.map((each) => each.absoluteX + each.width)) + MARGIN * 2;
  const height = Math.max(0, ...placed.map((each) => each.absoluteY + each.height)) + MARGIN * 2;
  const at = new Map(placed.map((each) => [each.node.id, each]));
  const ink = colourOf('--ink');
  const lines = edges.flatMap(({ source, target }) => {
    const [from, to] = [at.get(source), at.get(target)];
    if (!from || !to) return [];
    const x1 = from.absoluteX + from.width + MARGIN;
    const y1 = from.absoluteY + from.height / 2 + MARGIN;
    const x2 = to.absoluteX + MARGIN;
    const y2 = to.absoluteY + to.height / 2 + MARGIN;
    const bend = Math.max(20, Math.abs(x2 - x1) / 2);
    return [
      `<path d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}" fill="none" stroke="${colourOf('--line-strong')}"/>`,
    ];
  });
  const boxes = placed.map(({ node, absoluteX, absoluteY, width: w, height: h }) => {
    const state = stateOf(node.id);
    const x = absoluteX + MARGIN;
    const y = absoluteY + MARGIN;
    const isGroup = node.kind === 'group';
    return [
      `<g><title>${escaped(node.id)}${state ? ` – ${state}` : ''}</title>`,
      `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="5" fill="${isGroup ? 'none' : colourOf('--bg')}" stroke="${colourOf('--line-strong')}"/>`,
      state && !isGroup
        ? `<rect x="${x}" y="${y}" width="5" height="${h}" rx="2" fill="${colourOf(`--state-${state}`)}"/>`
        : '',
      `<text x="${x + 14}" y="${y + (isGroup ? 19 : h / 2 + 4)}" fill="${ink}" font-family="sans-serif" font-size="13">${escaped(node.label)}</text></g>`,
    ].join('');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="${colourOf('--bg')}"/>${lines.join('')}${boxes.join('')}</svg>`;
}

const MARGIN = 16;

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
