import './log-viewer.css';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attempt, LogLine, TaskInstance } from '../api/contract.ts';
import { usePreference } from '../browser/preference.ts';
import { shownZone } from '../clock/instant.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { Icon } from '../controls/icon.tsx';
import { IconButton } from '../controls/icon-button.tsx';
import type { PanelSearch } from '../run/task-panel.tsx';
import { LogBuffer, logUrl } from './log-buffer.ts';
import { LEVELS, levelOf, plainText } from './log-text.ts';

const LINE_HEIGHT = 18;

/**
 * The log of one attempt: only the lines in sight are drawn, new ones come live and are followed until somebody scrolls up. Search,
 * level and the marked line live in the URL.
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
  const key = { dagId: task.dagId, runId: task.runId, taskId: task.taskId, attemptId: attempt.attemptId };
  const buffer = useMemo(() => new LogBuffer(key), [attempt.attemptId]);
  useEffect(() => buffer.start(), [buffer]);
  useSyncExternalStore(buffer.subscribe, buffer.snapshot);

  const scroller = useRef<HTMLDivElement>(null);
  const finder = useRef<HTMLInputElement>(null);
  const [wrap, setWrap] = usePreference<'on' | 'off'>('logWrap', 'off');
  const [isFollowing, setFollowing] = useState(search.line === undefined && attempt.endDate === null);
  const [hit, setHit] = useState(0);

  const shown = useMemo(() => visibleLines(buffer.lines, search.level), [buffer.lines, search.level]);
  const needle = search.find?.toLowerCase() ?? '';
  const hits = useMemo(
    () => (needle ? shown.flatMap((at, index) => (matches(buffer.lines[at]!, needle) ? [index] : [])) : []),
    [shown, needle, buffer.lines],
  );
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 20,
  });
  useEffect(() => virtual.measure(), [wrap, virtual]);
  useEffect(() => {
    if (isFollowing && shown.length > 0) virtual.scrollToIndex(shown.length - 1, { align: 'end' });
  }, [isFollowing, shown.length, virtual]);
  const hasLine = search.line !== undefined && buffer.lines.length >= search.line;
  useEffect(() => {
    if (hasLine) virtual.scrollToIndex(Math.max(0, shown.indexOf(search.line! - 1)), { align: 'center' });
  }, [hasLine, search.line]);

  const goTo = (next: number) => {
    if (hits.length === 0) return;
    const at = (next + hits.length) % hits.length;
    setHit(at);
    setFollowing(false);
    virtual.scrollToIndex(hits[at]!, { align: 'center' });
  };
  const firstError = shown.findIndex((at) => levelOf(buffer.lines[at]!.level) === 'error');
  const digits = String(buffer.lines.length).length;
  const at = timeFormat(shownZone(zone));
  return (
    <section
      className="log"
      aria-label={t('panel.log')}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        const isFind = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f';
        const isField = event.target === finder.current;
        if (isFind) finder.current?.select();
        else if (!isField && event.key === 'n') goTo(hit + 1);
        else if (!isField && event.key === 'N') goTo(hit - 1);
        else if (isField && event.key === 'Enter') goTo(hit + (event.shiftKey ? -1 : 1));
        else if (isField && event.key === 'Escape' && search.find) onChange({ find: undefined });
        else if (!isField && event.key === 'End') setFollowing(true);
        else return;
        event.preventDefault();
      }}
    >
      <div className="log-bar">
        <input
          ref={finder}
          type="search"
          className="field"
          aria-label={t('log.search')}
          placeholder={t('log.search')}
          value={search.find ?? ''}
          onChange={(event) => {
            setHit(0);
            onChange({ find: event.target.value || undefined });
          }}
        />
        {needle ? (
          <span className="soft nowrap" aria-live="polite">
            {hits.length > 0 ? t('log.hits', { at: hit + 1, count: hits.length }) : t('log.noHits')}
          </span>
        ) : null}
        <select
          className="field"
          aria-label={t('log.level')}
          value={search.level ?? ''}
          onChange={(event) => onChange({ level: event.target.value || undefined })}
        >
          <option value="">{t('log.allLevels')}</option>
          {LEVELS.slice(1).map((level) => (
            <option key={level} value={level}>
              ≥ {level}
            </option>
          ))}
        </select>
        {firstError >= 0 ? (
          <button
            type="button"
            className="button"
            data-kind="quiet"
            onClick={() => {
              setFollowing(false);
              virtual.scrollToIndex(firstError, { align: 'center' });
            }}
          >
            {t('log.firstError')}
          </button>
        ) : null}
        <span className="grow" />
        <span className="faint nowrap wide-only">{t('log.lines', { count: buffer.lines.length })}</span>
        <IconButton
          icon="wrap"
          label={t('log.wrap')}
          aria-pressed={wrap === 'on'}
          onClick={() => setWrap(wrap === 'on' ? 'off' : 'on')}
        />
        <a className="button" data-kind="quiet" href={`${logUrl(key)}.txt`} target="_blank" rel="noreferrer">
          <Icon name="download" size={14} /> {t('log.raw')}
        </a>
        <button
          type="button"
          className="button"
          aria-pressed={isFollowing}
          onClick={() => setFollowing(!isFollowing)}
        >
          <Icon name="follow" size={14} /> {buffer.isDone ? t('log.toEnd') : t('log.follow')}
        </button>
      </div>
      {buffer.error ? (
        <ErrorNotice error={buffer.error} what={t('log.failed')} onRetry={() => buffer.start()} />
      ) : null}
      <div
        ref={scroller}
        className="log-scroll"
        data-wrap={wrap}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={t('log.label')}
        onWheel={(event) => {
          if (event.deltaY < 0) setFollowing(false);
        }}
        onScroll={(event) => {
          const element = event.currentTarget;
          if (element.scrollHeight - element.scrollTop - element.clientHeight < 4 && !buffer.isDone)
            setFollowing(true);
        }}
      >
        {shown.length === 0 && !buffer.error ? (
          <p className="notice soft">{buffer.isDone ? t('log.empty') : t('log.waiting')}</p>
        ) : null}
        <div className="log-lines" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const index = shown[item.index]!;
            const line = buffer.lines[index]!;
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className="log-line"
                data-level={levelOf(line.level)}
                data-marked={search.line === index + 1 || undefined}
                data-hit={hits.length > 0 && hits[hit] === item.index ? true : undefined}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <button
                  type="button"
                  className="log-number"
                  style={{ width: `${Math.max(4, digits + 2)}ch` }}
                  tabIndex={-1}
                  aria-label={t('log.linkTo', { line: index + 1 })}
                  data-number={index + 1}
                  onClick={() => {
                    setFollowing(false);
                    onChange({ line: search.line === index + 1 ? undefined : index + 1 });
                  }}
                />
                <span className="log-time">{line.at ? at(line.at) : ''}</span>
                <span className="log-level">{levelOf(line.level) === 'info' ? '' : levelOf(line.level)}</span>
                <span className="log-text">{marked(plainText(line.message), needle)}</span>
              </div>
            );
          })}
        </div>
        {buffer.isFull ? <p className="notice soft">{t('log.tooLong')}</p> : null}
      </div>
    </section>
  );
}

function visibleLines(lines: readonly LogLine[], level: string | undefined): number[] {
  const least = LEVELS.indexOf(level as (typeof LEVELS)[number]);
  const shown: number[] = [];
  for (let at = 0; at < lines.length; at += 1)
    if (least <= 0 || LEVELS.indexOf(levelOf(lines[at]!.level)) >= least) shown.push(at);
  return shown;
}

function matches(line: LogLine, needle: string): boolean {
  return line.message.toLowerCase().includes(needle);
}

function marked(text: string, needle: string): ReactNode {
  if (!needle) return text;
  const parts: ReactNode[] = [];
  const low = text.toLowerCase();
  let from = 0;
  for (let at = low.indexOf(needle); at >= 0 && parts.length < 400; at = low.indexOf(needle, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + needle.length)}</mark>);
    from = at + needle.length;
  }
  parts.push(text.slice(from));
  return parts;
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
