import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { DagDetail } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';

/** The files of a version, as they ran. */
export function CodeTab({
  dag,
  version,
  onChange,
}: {
  dag: DagDetail;
  version: string | undefined;
  onChange: (version: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const chosen = version ?? dag.version ?? '';
  const versions = useQuery(queries.versions(dag.dagId));
  const detail = useQuery({ ...queries.version(dag.dagId, chosen), enabled: chosen !== '' });
  return (
    <>
      <div className="toolbar">
        <select
          className="field"
          aria-label={t('run.version')}
          value={chosen}
          onChange={(event) => onChange(event.target.value === dag.version ? undefined : event.target.value)}
        >
          {(versions.data?.items ?? []).map((each) => (
            <option key={each.version} value={each.version}>
              {t('run.version')} {each.number} · {each.version.slice(0, 7)}
            </option>
          ))}
        </select>
        {detail.data ? (
          <span className="soft">
            <Instant at={detail.data.createdAt} zone={dag.timezone} />
          </span>
        ) : null}
      </div>
      {detail.isError ? <ErrorNotice error={detail.error} onRetry={() => void detail.refetch()} /> : null}
      {detail.data?.files.map((file) => (
        <section key={file.path} className="code-file">
          <h2 className="mono">{file.path}</h2>
          <pre className="code-lines" tabIndex={0}>
            {file.content.split('\n').map((line, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line of a file that never changes is its number
              <span key={at}>{line || ' '}</span>
            ))}
          </pre>
        </section>
      ))}
    </>
  );
}
