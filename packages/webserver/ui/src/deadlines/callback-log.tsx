import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Callback, LogPage } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { ErrorNotice } from '../controls/error-notice.tsx';
import { SidePanel } from '../controls/side-panel.tsx';

/** What a callback wrote while it was called, and how it failed. */
export function CallbackLog({ callback, onClose }: { callback: Callback; onClose: () => void }) {
  const { t } = useTranslation();
  const log = useQuery(queries.callbackLog(callback));
  return (
    <SidePanel title={`${callback.event} · ${callback.dagId}`} onClose={onClose}>
      {callback.error ? (
        <pre className="inline-json problem-text">{callback.error.stack ?? callback.error.message}</pre>
      ) : null}
      {log.isError ? <ErrorNotice error={log.error} onRetry={() => void log.refetch()} /> : null}
      {log.data?.lines.length === 0 ? <p className="soft">{t('deadlines.wroteNothing')}</p> : null}
      <ol className="callback-lines" tabIndex={0}>
        {numbered(log.data?.lines ?? []).map(({ key, line }) => (
          <li key={key}>
            <span className="faint">{line.at.slice(11, 23)}</span> {line.message}
            {line.fields ? <span className="faint"> {JSON.stringify(line.fields)}</span> : null}
          </li>
        ))}
      </ol>
    </SidePanel>
  );
}

/** Lines may be equal to the millisecond and the letter: their place tells them apart. */
function numbered(
  lines: LogPage['lines'],
): { readonly key: string; readonly line: LogPage['lines'][number] }[] {
  return lines.map((line, place) => ({ key: String(place), line }));
}
