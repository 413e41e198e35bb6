import { type RefObject, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../controls/icon.tsx';
import { IconButton } from '../controls/icon-button.tsx';
import type { LogRows } from './log-rows.ts';
import { LEVELS } from './log-text.ts';

/** Typing rests this long before the server searches. */
const REST_MS = 200;

/** What is above the lines: search with its hits, level, first error, wrapping, the raw file, following. */
export function LogBar({
  finder,
  find,
  hit,
  hits,
  isSearching,
  level,
  rows,
  rawHref,
  isWrapped,
  isFollowing,
  onFind,
  onStep,
  onLevel,
  onWrap,
  onFollow,
  onFirstError,
}: {
  finder: RefObject<HTMLInputElement | null>;
  find: string;
  hit: number;
  hits: { readonly total: number; readonly rows: readonly number[] } | undefined;
  isSearching: boolean;
  level: string | undefined;
  rows: LogRows;
  rawHref: string;
  isWrapped: boolean;
  isFollowing: boolean;
  onFind: (text: string) => void;
  onStep: (by: 1 | -1) => void;
  onLevel: (level: string | undefined) => void;
  onWrap: () => void;
  onFollow: () => void;
  onFirstError: () => void;
}) {
  const { t, i18n } = useTranslation();
  const [text, setText] = useState(find);
  useEffect(() => setText(find), [find]);
  useEffect(() => {
    if (text === find) return;
    const timer = setTimeout(() => onFind(text), REST_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <div className="log-bar">
      <input
        ref={finder}
        type="search"
        className="field"
        aria-label={t('log.search')}
        placeholder={t('log.search')}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {find ? (
        <>
          <span className="soft nowrap log-hits" aria-live="polite">
            {hits === undefined || isSearching
              ? t('log.searching')
              : hits.total === 0
                ? t('log.noHits')
                : t('log.hits', { at: number.format(hit + 1), total: number.format(hits.total) })}
          </span>
          <IconButton icon="chevronUp" label={t('log.previousHit')} onClick={() => onStep(-1)} />
          <IconButton icon="chevronDown" label={t('log.nextHit')} onClick={() => onStep(1)} />
        </>
      ) : null}
      <select
        className="field"
        aria-label={t('log.level')}
        value={level ?? ''}
        onChange={(event) => onLevel(event.target.value || undefined)}
      >
        <option value="">{t('log.allLevels')}</option>
        {LEVELS.slice(1).map((each) => (
          <option key={each} value={each}>
            ≥ {each}
          </option>
        ))}
      </select>
      {rows.firstErrorRow !== null ? (
        <button type="button" className="button" data-kind="quiet" onClick={onFirstError}>
          {t('log.firstError')}
        </button>
      ) : null}
      <span className="grow" />
      <span className="faint nowrap wide-only">
        {t('log.lines', { count: rows.lineCount, shown: number.format(rows.lineCount) })}
      </span>
      <IconButton icon="wrap" label={t('log.wrap')} aria-pressed={isWrapped} onClick={onWrap} />
      <a className="button" data-kind="quiet" href={rawHref} target="_blank" rel="noreferrer">
        <Icon name="download" size={14} /> {t('log.raw')}
      </a>
      <button type="button" className="button" aria-pressed={isFollowing && !rows.isDone} onClick={onFollow}>
        <Icon name="follow" size={14} /> {rows.isDone ? t('log.toEnd') : t('log.follow')}
      </button>
    </div>
  );
}
