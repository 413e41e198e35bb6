import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/client.ts';
import { queries } from '../api/queries.ts';
import { learnServerTime } from '../clock/server-clock.ts';
import { Icon } from '../controls/icon.tsx';
import { IconButton } from '../controls/icon-button.tsx';
import { ToastArea } from '../controls/toasts.tsx';
import { LiveStream } from '../live/live-stream.ts';
import { StateIcon } from '../state/state-icon.tsx';
import { Announcer } from './announcer.tsx';
import { LiveMark } from './live-mark.tsx';
import { SchedulerLamp } from './scheduler-lamp.tsx';
import { SearchDialog } from './search-dialog.tsx';
import { SettingsPanel } from './settings-panel.tsx';
import { ShortcutSheet } from './shortcut-sheet.tsx';
import { useShortcuts } from './shortcuts.ts';

/** What is around every page: places, search, the scheduler's lamp, the live mark, and one event stream for all. */
export function Shell() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const place = useLocation({ select: ({ pathname }) => pathname });
  const nav = useRef<HTMLElement>(null);
  const live = useMemo(() => new LiveStream(cache), [cache]);
  const [open, setOpen] = useState<'search' | 'shortcuts' | 'settings' | null>(null);
  const info = useQuery(queries.info());
  const errors = useQuery(queries.importErrors());
  const status = useSyncExternalStore(live.subscribe, () => live.status);

  useEffect(() => live.start(), [live]);
  // On a telephone the pages scroll sideways: the one that is open is in sight.
  useEffect(() => {
    nav.current
      ?.querySelector('[aria-current="page"]')
      ?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [place]);
  useEffect(() => {
    if (info.data) learnServerTime(info.data.now);
  }, [info.data]);
  useEffect(() => {
    if (info.error instanceof ApiError && info.error.status === 401)
      void navigate({ to: '/login', search: { from: `${location.pathname}${location.search}` } });
  }, [info.error, navigate]);
  useShortcuts({
    search: () => setOpen('search'),
    sheet: () => setOpen('shortcuts'),
    go: (to) => void navigate({ to }),
  });

  const broken = errors.data?.items.length ?? 0;
  return (
    <div className="shell">
      <button type="button" className="skip-link" onClick={focusMain}>
        {t('nav.skip')}
      </button>
      <header className="top-bar">
        <Link to="/" className="brand" aria-label={`tsflow – ${t('nav.home')}`}>
          <svg width="18" height="18" viewBox="0 0 16 16" aria-hidden="true">
            <rect width="16" height="16" rx="3.5" fill="currentColor" />
            <path
              d="M3 5h6M5.5 8h6M8 11h5"
              stroke="var(--accent-ink)"
              strokeWidth="1.8"
              strokeLinecap="round"
            />
          </svg>
          <span>tsflow</span>
        </Link>
        <nav ref={nav} className="nav" aria-label={t('nav.label')}>
          <Link to="/dags">{t('nav.dags')}</Link>
          <Link to="/runs">{t('nav.runs')}</Link>
          <Link to="/backfills">{t('nav.backfills')}</Link>
          <Link to="/assets">{t('nav.assets')}</Link>
          <Link to="/deadlines">{t('nav.deadlines')}</Link>
          <Link to="/variables" aria-current={ADMIN_PLACES.has(place) ? 'page' : undefined}>
            {t('nav.admin')}
          </Link>
          <Link to="/import-errors">
            {t('nav.importErrors')}
            {broken > 0 ? (
              <span className="count-mark">
                <StateIcon state="failed" size={11} />
                {broken}
              </span>
            ) : null}
          </Link>
        </nav>
        <span className="grow" />
        <button
          type="button"
          className="button search-button"
          aria-label={t('nav.search')}
          onClick={() => setOpen('search')}
        >
          <Icon name="search" size={14} />
          <span className="grow">{t('nav.search')}</span>
          <kbd className="kbd">{isMac ? '⌘' : 'Ctrl '}K</kbd>
        </button>
        <LiveMark status={status} />
        <SchedulerLamp info={info.data} failed={info.isError} />
        <IconButton
          icon="half"
          label={t('settings.title')}
          aria-expanded={open === 'settings'}
          onClick={() => setOpen(open === 'settings' ? null : 'settings')}
        />
      </header>
      <main id="main" className="main" tabIndex={-1}>
        <Outlet />
      </main>
      <Announcer live={live} />
      <ToastArea />
      {open === 'search' ? <SearchDialog onClose={() => setOpen(null)} /> : null}
      {open === 'settings' ? (
        <SettingsPanel version={info.data?.version} onClose={() => setOpen(null)} />
      ) : null}
      {open === 'shortcuts' ? <ShortcutSheet onClose={() => setOpen(null)} /> : null}
    </div>
  );
}

/** Pages under one name in the bar. */
const ADMIN_PLACES: ReadonlySet<string> = new Set(['/variables', '/pools', '/connections']);

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

function focusMain(): void {
  document.getElementById('main')?.focus();
}
