import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { RunBar } from '../api/contract.ts';
import { durationMs, durationText } from '../clock/duration-text.ts';
import { dateText, useShownZone } from '../clock/instant.tsx';
import { serverNow } from '../clock/server-clock.ts';
import { useStateWord } from '../state/state-label.tsx';

/** The last runs of a DAG as bars, oldest first: height is duration, colour and pattern are state. */
export function RunBars({ dagId, runs, zone }: { dagId: string; runs: readonly RunBar[]; zone?: string }) {
  const { i18n } = useTranslation();
  const word = useStateWord();
  const shown = useShownZone(zone);
  const now = serverNow();
  const lengths = runs.map((run) => durationMs(run.startDate, run.endDate, now) ?? 0);
  const longest = Math.max(1, ...lengths);
  return (
    <span className="run-bars">
      {runs.map((run, index) => {
        const length = lengths[index]!;
        const label = [
          word(run.state),
          durationText(length),
          run.logicalDate ? dateText(Date.parse(run.logicalDate), shown, i18n.language) : run.runId,
        ].join(' · ');
        return (
          <Link
            key={run.runId}
            to="/dags/$dagId/runs/$runId"
            params={{ dagId, runId: run.runId }}
            preload={false}
            data-state={run.state}
            title={label}
            aria-label={label}
          >
            <i style={{ height: `${Math.max(14, Math.sqrt(length / longest) * 100)}%` }} />
          </Link>
        );
      })}
    </span>
  );
}
