import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Page } from '../api/contract.ts';
import { type Column, DataTable } from '../controls/data-table.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { Icon } from '../controls/icon.tsx';
import { type PageSearch, pagingOf } from './paging.ts';

/** A list that the server filters and pages: its rows, or why there are none, and the way to the next ones. */
export function ListView<T extends object>({
  query,
  label,
  columns,
  rowKey,
  search,
  isFiltered,
  empty,
  onPage,
  onReset,
}: {
  query: UseQueryResult<Page<T>>;
  label: string;
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  search: PageSearch;
  isFiltered: boolean;
  /** Shown when there is nothing at all. */
  empty: ReactNode;
  onPage: (page: PageSearch) => void;
  onReset: () => void;
}) {
  const { t } = useTranslation();
  if (query.isError && !query.data)
    return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  const items = query.data?.items;
  if (items === undefined) return null;
  const { page, next, previous } = pagingOf(search, query.data?.nextCursor);
  return (
    <>
      {items.length > 0 ? (
        <DataTable label={label} columns={columns} rows={items} rowKey={rowKey} />
      ) : isFiltered || previous ? (
        <div className="empty">
          <h2>{t('list.noneMatch')}</h2>
          <button type="button" className="button" onClick={onReset}>
            {t('action.reset')}
          </button>
        </div>
      ) : (
        empty
      )}
      {next || previous ? (
        <nav className="pager" aria-label={t('list.pages')}>
          <button type="button" className="button" disabled={!previous} onClick={() => onPage(previous!)}>
            <Icon name="chevronLeft" size={12} /> {t('action.previous')}
          </button>
          <span className="soft">{t('list.page', { page })}</span>
          <button type="button" className="button" disabled={!next} onClick={() => onPage(next!)}>
            {t('action.next')} <Icon name="chevronRight" size={12} />
          </button>
        </nav>
      ) : null}
    </>
  );
}
