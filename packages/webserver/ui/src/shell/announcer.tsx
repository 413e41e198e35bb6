import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LiveStream } from '../live/live-stream.ts';
import { useStateWord } from '../state/state-label.tsx';

const PAUSE_MS = 5_000;

/** Tells a screen reader what changed, politely: counts by state, at most once in five seconds. */
export function Announcer({ live }: { live: LiveStream }) {
  const { t } = useTranslation();
  const word = useStateWord();
  const [text, setText] = useState('');
  useEffect(() => {
    const counts = new Map<string, number>();
    let told = live.lastChanges;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.subscribe(() => {
      if (live.lastChanges === told) return;
      told = live.lastChanges;
      for (const change of told)
        if (change.type === 'task_state' && change.toState)
          counts.set(change.toState, (counts.get(change.toState) ?? 0) + 1);
      timer ??= setTimeout(() => {
        timer = undefined;
        if (counts.size > 0)
          setText(
            t('live.changed', { counts: [...counts].map(([state, n]) => `${n} ${word(state)}`).join(', ') }),
          );
        counts.clear();
      }, PAUSE_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [live, t, word]);
  return (
    <div className="sr-only" aria-live="polite" role="status">
      {text}
    </div>
  );
}
