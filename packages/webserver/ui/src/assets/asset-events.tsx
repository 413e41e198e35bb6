import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { AssetEvent } from '../api/contract.ts';
import { Instant } from '../clock/instant.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { useStateWord } from '../state/state-label.tsx';

/** The newest events of an asset: who or what said so, what is known of it, and the runs that it made. */
export function AssetEvents({ events }: { events: readonly AssetEvent[] }) {
  const { t } = useTranslation();
  return (
    <section>
      <h3>{t('assets.events')}</h3>
      {events.length === 0 ? <p className="soft">{t('assets.noEvents')}</p> : null}
      <ol className="asset-events">
        {events.map((event) => (
          <li key={event.eventId}>
            <div className="asset-event-head">
              <Instant at={event.at} absolute />
              {event.partition === null ? null : <span className="tag">{event.partition}</span>}
              <span className="soft">
                {event.source ? (
                  <Link
                    to="/dags/$dagId/runs/$runId"
                    params={event.source}
                    search={{ task: event.source.taskId, map: event.source.mapPath || undefined }}
                  >
                    {event.source.dagId}.{event.source.taskId}
                  </Link>
                ) : (
                  t('assets.postedBy', { name: event.actor })
                )}
              </span>
            </div>
            {Object.keys(event.extra).length > 0 ? (
              <pre className="inline-json mono faint">{JSON.stringify(event.extra)}</pre>
            ) : null}
            <Effects event={event} />
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The runs that an event made, and the DAGs in which it waits for more. */
function Effects({ event }: { event: AssetEvent }) {
  const { t } = useTranslation();
  const word = useStateWord();
  if (event.runs.length === 0 && event.pendingIn.length === 0)
    return <p className="faint">{t('assets.startedNothing')}</p>;
  return (
    <ul>
      {event.runs.map(({ dagId, runId, state }) => (
        <li key={`${dagId} ${runId}`}>
          <Link to="/dags/$dagId/runs/$runId" params={{ dagId, runId }} className="state-label">
            <StateIcon state={state} size={13} />
            <span className="sr-only">{word(state)}</span>
            {t('assets.started', { dagId })}
          </Link>
        </li>
      ))}
      {event.pendingIn.map((dagId) => (
        <li key={dagId} className="state-label soft">
          <StateIcon state="scheduled" size={13} />
          {t('assets.pending', { dagId })}
        </li>
      ))}
    </ul>
  );
}
