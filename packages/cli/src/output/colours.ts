import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Paints text, or leaves it alone when nobody would see the colour. */
export type Paint = (style: Style, text: string) => string;

/** Colour is for a terminal whose owner did not say no (https://no-color.org); FORCE_COLOR says yes anywhere. */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Paint {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0';
  const refused = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  const wanted = forced || (stream.isTTY === true && !refused);
  // Our own decision stands: styleText of newer Node versions looks at the process's stdout by itself.
  return wanted ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}

const STATE_STYLES: Readonly<Record<string, Style>> = {
  success: 'green',
  running: 'cyan',
  queued: 'gray',
  scheduled: 'gray',
  failed: 'red',
  upstream_failed: 'yellow',
  up_for_retry: 'yellow',
  up_for_reschedule: 'yellow',
  restarting: 'magenta',
  deferred: 'magenta',
  skipped: 'magenta',
  removed: 'gray',
};

export function paintState(paint: Paint, state: string): string {
  const style = STATE_STYLES[state];
  return style === undefined ? state : paint(style, state);
}
