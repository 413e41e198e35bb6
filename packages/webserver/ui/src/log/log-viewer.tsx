import './log-viewer.css';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt, TaskInstance } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { usePreference } from '../browser/preference.ts';
import { shownZone } from '../clock/instant.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import type { PanelSearch } from '../run/panel/task-panel.tsx';
import { lineHash, lineRange } from './line-link.ts';
import { LogBar } from './log-bar.tsx';
import { LogLines, type LogLinesHandle } from './log-lines.tsx';
import { LogRows, logUrl } from './log-rows.ts';
import { levelFrom } from './log-text.ts';

/** How long a search of a log that still grows is good for. */
const SEARCH_AGAIN_MS = 3_000;

/**
 * The log of one attempt, of any length: lines come as they are scrolled to, new ones live and followed until somebody scrolls up. The
 * server searches the whole of it. Search and level live in the URL, marked lines in its hash (`#L12`, `#L12-L20`).
 */
export function LogViewer({
  task,
  attempt,
  zone,
  search,
  onChange,
}: {
  task: Pick<TaskInstance, 'dagId' | 'runId' | 'taskId'>;
  attempt: Attempt;
  zone: string | undefined;
  search: PanelSearch;
  onChange: (change: PanelSearch) => void;
}) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const marked = lineRange(useRouterState({ select: (state) => state.location.hash }));
  const level = levelFrom(search.level);
  const [key] = useState({
    dagId: task.dagId,
    runId: task.runId,
    taskId: task.taskId,
    attemptId: attempt.attemptId,
  });
  const [isFollowing, setFollowing] = useState(marked === null && attempt.endDate === null);
  const [wrap, setWrap] = usePreference<'on' | 'off'>('logWrap', 'off');
  const lines = useRef<LogLinesHandle>(null);
  const finder = useRef<HTMLInputElement>(null);

  const rows = useMemo(() => new LogRows(key, level), [key, level]);
  useEffect(() => rows.start({ line: marked?.from, atEnd: isFollowing }), [rows]);
  useSyncExternalStore(rows.subscribe, rows.snapshot);
  useEffect(() => {
    if (rows.startRow !== null) lines.current?.show(rows.startRow);
  }, [rows, rows.startRow]);

  const find = search.find ?? '';
  const hits = useQuery({
    ...queries.logHits(key, find, level),
    enabled: find !== '',
    placeholderData: find === '' ? undefined : keepPreviousData,
    refetchInterval: rows.isDone ? false : SEARCH_AGAIN_MS,
  });
  const hitRows = find === '' ? [] : (hits.data?.rows ?? []);
  const [hit, setHit] = useState(0);
  const goTo = (next: number) => {
    if (hitRows.length === 0) return;
    const at = (next + hitRows.length) % hitRows.length;
    setHit(at);
    setFollowing(false);
    lines.current?.show(hitRows[at]!);
  };
  // What was searched for is shown: the first hit from where one reads. A link to a line has the say over it.
  const isLinked = useRef(marked !== null);
  useEffect(() => {
    if (find === '' || hits.data === undefined || hits.isPlaceholderData) return;
    if (isLinked.current) {
      isLinked.current = false;
      return;
    }
    const from = lines.current?.firstRow() ?? 0;
    const at = hits.data.rows.findIndex((row) => row >= from);
    goTo(Math.max(0, at));
  }, [find, level, hits.data === undefined, hits.isPlaceholderData]);

  const link = (line: number, extend: boolean) => {
    setFollowing(false);
    clicked.current = extend && marked ? Math.min(marked.from, line) : line;
    const isSame = marked?.from === line && marked.to === line;
    const range = lineRange(`L${extend && marked ? marked.from : line}-L${line}`)!;
    void navigate({
      to: '.',
      search: true,
      hash: isSame ? '' : lineHash(range),
      replace: true,
      resetScroll: false,
      hashScrollIntoView: false,
    });
  };
  // A link that somebody follows while the log is open; a click on a number moves nothing.
  const clicked = useRef(marked?.from);
  useEffect(() => {
    if (marked === null || clicked.current === marked.from) return;
    clicked.current = marked.from;
    setFollowing(false);
    void rows.rowOf(marked.from).then((row) => row !== null && lines.current?.show(row));
  }, [marked?.from]);
  const timeOf = useMemo(() => timeFormat(shownZone(zone)), [zone]);
  return (
    <section
      className="log"
      aria-label={t('panel.log')}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        const isFind = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f';
        const isField = event.target === finder.current;
        if (isFind) finder.current?.select();
        else if (event.ctrlKey || event.metaKey || event.altKey) return;
        else if (!isField && event.key === 'n') goTo(hit + 1);
        else if (!isField && event.key === 'N') goTo(hit - 1);
        else if (isField && event.key === 'Enter') goTo(hit + (event.shiftKey ? -1 : 1));
        else if (isField && event.key === 'Escape' && find) onChange({ find: undefined });
        else if (!isField && event.key === 'End' && !rows.isDone) setFollowing(true);
        else return;
        event.preventDefault();
      }}
    >
      <LogBar
        finder={finder}
        find={find}
        hit={hit}
        hits={find === '' ? undefined : hits.data}
        isSearching={hits.isFetching && hits.isPlaceholderData}
        level={search.level}
        rows={rows}
        rawHref={`${logUrl(key)}.txt`}
        isWrapped={wrap === 'on'}
        isFollowing={isFollowing}
        onFind={(text) => {
          setHit(0);
          onChange({ find: text || undefined });
        }}
        onStep={(by) => goTo(hit + by)}
        onLevel={(next) => onChange({ level: next })}
        onWrap={() => setWrap(wrap === 'on' ? 'off' : 'on')}
        onFollow={() => {
          if (!rows.isDone) setFollowing(!isFollowing);
          else lines.current?.show(rows.total - 1);
        }}
        onFirstError={() => {
          setFollowing(false);
          lines.current?.show(rows.firstErrorRow!);
          lines.current?.focus();
        }}
      />
      {rows.error ? (
        <ErrorNotice
          error={rows.error}
          what={t('log.failed')}
          onRetry={() => rows.start({ line: marked?.from, atEnd: isFollowing })}
        />
      ) : null}
      {hits.isError ? <ErrorNotice error={hits.error} onRetry={() => void hits.refetch()} /> : null}
      <LogLines
        handle={lines}
        rows={rows}
        isWrapped={wrap === 'on'}
        isFollowing={isFollowing && !rows.isDone}
        needle={find.toLowerCase()}
        hitRow={hitRows[hit]}
        marked={marked}
        timeOf={timeOf}
        onFollow={setFollowing}
        onLink={link}
      >
        {rows.isKnown && rows.total === 0 ? (
          <p className="notice soft">
            {rows.lineCount > 0 ? t('log.noneOfLevel') : rows.isDone ? t('log.empty') : t('log.waiting')}
          </p>
        ) : null}
      </LogLines>
    </section>
  );
}

function timeFormat(zone: string | undefined): (at: string) => string {
  const options: Intl.DateTimeFormatOptions = {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hourCycle: 'h23',
  };
  const format = new Intl.DateTimeFormat('en-GB', zone ? { ...options, timeZone: zone } : options);
  return (at) => format.format(Date.parse(at));
}
