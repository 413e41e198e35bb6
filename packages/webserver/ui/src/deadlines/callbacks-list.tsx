import { useQuery } from '@tanstack/react-query';
import { defined } from '@tsflow/core/defined';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Callback } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Choice } from '../controls/choice.tsx';
import { ListView } from '../list/list-view.tsx';
import type { PageSearch } from '../list/paging.ts';
import { useCallbackColumns } from './callback-columns.tsx';
import { CallbackLog } from './callback-log.tsx';
import { RunLink } from './run-link.tsx';

/** Callbacks of every run, newest first, with how they ended. */
export function CallbacksList({
  dagId,
  state,
  search,
  onPage,
  onReset,
}: {
  dagId: string | undefined;
  state: Callback['state'] | undefined;
  search: PageSearch;
  onPage: (page: PageSearch) => void;
  onReset: () => void;
}) {
  const { t } = useTranslation();
  const callbacks = useQuery(queries.callbacks(defined({ dagId, state, cursor: search.cursor })));
  const [shown, setShown] = useState<Callback | null>(null);
  const columns = useCallbackColumns(setShown);
  return (
    <>
      <ListView
        query={callbacks}
        label={t('deadlines.callbacks')}
        columns={[
          ...columns.slice(0, 3),
          { id: 'run', header: t('runs.run'), isSelfEvident: true, cell: (each) => <RunLink {...each} /> },
          ...columns.slice(3),
        ]}
        rowKey={(each) => each.callbackId}
        search={search}
        isFiltered={dagId !== undefined || state !== undefined}
        onPage={onPage}
        onReset={onReset}
        empty={
          <div className="empty">
            <h2>{t('deadlines.noCallbacks')}</h2>
            <p className="soft">{t('deadlines.noCallbacksText')}</p>
            <pre className="code-block" tabIndex={0}>
              {"new DAG({ dagId: 'etl', onFailure: slack({ channel: '#ops' }) }, …);"}
            </pre>
          </div>
        }
      />
      {shown ? <CallbackLog callback={shown} onClose={() => setShown(null)} /> : null}
    </>
  );
}

/** Narrows callbacks by how they ended. */
export function CallbackStateChoice({
  state,
  onChange,
}: {
  state: Callback['state'] | undefined;
  onChange: (state: Callback['state'] | undefined) => void;
}) {
  const { t } = useTranslation();
  return (
    <Choice
      label={t('dags.state')}
      any={t('dags.anyState')}
      value={state}
      onChange={onChange}
      options={(['failed', 'pending', 'success'] as const).map((each) => [
        each,
        t(`deadlines.callbackState.${each}`),
      ])}
    />
  );
}
