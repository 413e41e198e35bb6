import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { queries } from '../api/queries.ts';

interface Hit {
  readonly key: string;
  readonly text: string;
  readonly kind: string;
  readonly open: () => void;
}

/** Finds pages, DAGs and runs as one types. */
export function SearchDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const ref = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const dags = useQuery({ ...queries.dags({ search: text, limit: 12 }), enabled: text.trim() !== '' });
  const runs = useQuery(queries.runs({ limit: 100 }));
  useEffect(() => {
    if (!ref.current?.open) ref.current?.showModal();
  }, []);

  const hits = useMemo((): Hit[] => {
    const wanted = text.trim().toLowerCase();
    const pages = (
      [
        ['/', t('nav.home')],
        ['/dags', t('nav.dags')],
        ['/runs', t('nav.runs')],
        ['/backfills', t('nav.backfills')],
        ['/assets', t('nav.assets')],
        ['/deadlines', t('nav.deadlines')],
        ['/variables', t('nav.variables')],
        ['/pools', t('nav.pools')],
        ['/connections', t('nav.connections')],
        ['/import-errors', t('nav.importErrors')],
      ] as const
    ).map(
      ([to, name]): Hit => ({
        key: to,
        text: name,
        kind: t('search.page'),
        open: () => void navigate({ to }),
      }),
    );
    const ofDags = (wanted ? (dags.data?.items ?? []) : []).map(
      ({ dagId }): Hit => ({
        key: `dag ${dagId}`,
        text: dagId,
        kind: 'DAG',
        open: () => void navigate({ to: '/dags/$dagId', params: { dagId } }),
      }),
    );
    const ofRuns = (wanted ? (runs.data?.items ?? []) : [])
      .filter((run) => `${run.dagId} ${run.runId}`.toLowerCase().includes(wanted))
      .slice(0, 8)
      .map(
        ({ dagId, runId }): Hit => ({
          key: `run ${dagId} ${runId}`,
          text: `${dagId} / ${runId}`,
          kind: t('search.run'),
          open: () => void navigate({ to: '/dags/$dagId/runs/$runId', params: { dagId, runId } }),
        }),
      );
    return [...ofDags, ...ofRuns, ...pages.filter((page) => page.text.toLowerCase().includes(wanted))];
  }, [text, dags.data, runs.data, navigate, t]);

  const choose = (hit: Hit | undefined) => {
    if (!hit) return;
    onClose();
    hit.open();
  };
  return (
    <dialog
      ref={ref}
      className="dialog search-dialog"
      aria-label={t('nav.search')}
      onCancel={onClose}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls="search-hits"
        aria-activedescendant={hits[at] ? `hit-${at}` : undefined}
        aria-label={t('nav.search')}
        placeholder={t('search.placeholder')}
        value={text}
        autoFocus
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === 'ArrowDown') setAt(Math.min(hits.length - 1, at + 1));
          else if (event.key === 'ArrowUp') setAt(Math.max(0, at - 1));
          else if (event.key === 'Enter') choose(hits[at]);
          else return;
          event.preventDefault();
        }}
      />
      <ul id="search-hits" role="listbox" aria-label={t('search.hits')}>
        {hits.map((hit, index) => (
          <li
            key={hit.key}
            id={`hit-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseMove={() => setAt(index)}
            onClick={() => choose(hit)}
            onKeyDown={() => {}}
          >
            {hit.text}
            <span className="faint">{hit.kind}</span>
          </li>
        ))}
      </ul>
    </dialog>
  );
}
