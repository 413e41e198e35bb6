import './deadlines.css';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Callback } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import { DataTable } from '../controls/data-table.tsx';
import { useCallbackColumns } from './callback-columns.tsx';
import { CallbackLog } from './callback-log.tsx';
import { DueLabel } from './due-label.tsx';

/** Of one run: by when it is due and what became of that, and who was told of what. Nothing where nothing is promised. */
export function RunPromises({
  dagId,
  runId,
  zone,
}: {
  dagId: string;
  runId: string;
  zone: string | undefined;
}) {
  const { t } = useTranslation();
  const deadlines = useQuery(queries.runDeadlines(dagId, runId));
  const callbacks = useQuery(queries.runCallbacks(dagId, runId));
  const [shown, setShown] = useState<Callback | null>(null);
  const columns = useCallbackColumns(setShown);
  return (
    <>
      {deadlines.data && deadlines.data.items.length > 0 ? (
        <section className="run-promises">
          <h2>{t('deadlines.deadlines')}</h2>
          <ul>
            {deadlines.data.items.map((deadline) => (
              <li key={deadline.name}>
                <DueLabel deadline={deadline} />
                <span className="strong">{deadline.name}</span>
                {deadline.taskId ? <span className="soft">{deadline.taskId}</span> : null}
                <Instant at={deadline.dueAt} zone={zone} absolute />
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {callbacks.data && callbacks.data.items.length > 0 ? (
        <section className="run-promises" data-wide>
          <h2>{t('deadlines.callbacks')}</h2>
          <DataTable
            label={t('deadlines.callbacks')}
            columns={columns}
            rows={callbacks.data.items}
            rowKey={(each) => each.callbackId}
          />
        </section>
      ) : null}
      {shown ? <CallbackLog callback={shown} onClose={() => setShown(null)} /> : null}
    </>
  );
}
