import type { Direction, Placed } from './elk-layout.ts';
import type { GraphModel, NodeState } from './graph-model.ts';

/** The graph as a self-contained SVG: every label as text, states as colour and word. */
export function graphToSvg(
  placed: readonly Placed[],
  edges: GraphModel['edges'],
  direction: Direction,
  stateOf: (id: string) => NodeState | null,
  colourOf: (name: string) => string,
): string {
  const width = Math.max(0, ...placed.map((each) => each.absoluteX + each.width)) + MARGIN * 2;
  const height = Math.max(0, ...placed.map((each) => each.absoluteY + each.height)) + MARGIN * 2;
  const at = new Map(placed.map((each) => [each.node.id, each]));
  const ink = colourOf('--ink');
  const lines = edges.flatMap(({ source, target }) => {
    const [from, to] = [at.get(source), at.get(target)];
    if (!from || !to) return [];
    return [`<path d="${curve(from, to, direction)}" fill="none" stroke="${colourOf('--line-strong')}"/>`];
  });
  const boxes = placed.map(({ node, absoluteX, absoluteY, width: w, height: h }) => {
    const { state = null, progress = null } = stateOf(node.id) ?? {};
    const x = absoluteX + MARGIN;
    const y = absoluteY + MARGIN;
    const isGroup = node.kind === 'group';
    return [
      `<g><title>${escaped(node.id)}${state ? ` – ${state}` : ''}</title>`,
      `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="5" fill="${isGroup ? 'none' : colourOf('--bg')}" stroke="${colourOf('--line-strong')}"/>`,
      state && !isGroup
        ? `<rect x="${x}" y="${y}" width="5" height="${h}" rx="2" fill="${colourOf(`--state-${state}`)}"/>`
        : '',
      `<text x="${x + 14}" y="${y + (isGroup ? 19 : h / 2 + 4)}" fill="${ink}" font-family="sans-serif" font-size="13">${escaped(node.label)}</text>`,
      progress
        ? `<text x="${x + w - 10}" y="${y + h / 2 + 4}" text-anchor="end" fill="${ink}" font-family="sans-serif" font-size="11">${progress.done}/${progress.total}</text>`
        : '',
      '</g>',
    ].join('');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="${colourOf('--bg')}"/>${lines.join('')}${boxes.join('')}</svg>`;
}

const MARGIN = 16;

/** An edge leaves where its node ends in the direction of the graph, and bends that way. */
function curve(from: Placed, to: Placed, direction: Direction): string {
  const middle = (each: Placed) => ({
    x: each.absoluteX + each.width / 2 + MARGIN,
    y: each.absoluteY + each.height / 2 + MARGIN,
  });
  const [a, b] = [middle(from), middle(to)];
  if (direction === 'RIGHT') {
    const [x1, x2] = [a.x + from.width / 2, b.x - to.width / 2];
    const bend = Math.max(20, Math.abs(x2 - x1) / 2);
    return `M${x1} ${a.y}C${x1 + bend} ${a.y} ${x2 - bend} ${b.y} ${x2} ${b.y}`;
  }
  const [y1, y2] = [a.y + from.height / 2, b.y - to.height / 2];
  const bend = Math.max(20, Math.abs(y2 - y1) / 2);
  return `M${a.x} ${y1}C${a.x} ${y1 + bend} ${b.x} ${y2 - bend} ${b.x} ${y2}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
