import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { DagDetail } from '../api/contract.ts';
import { queries } from '../api/queries.ts';
import { Instant } from '../clock/instant.tsx';
import { CodeFiles } from '../code/code-files.tsx';
import { ErrorNotice } from '../controls/error-notice.tsx';

interface CodeSearch {
  version?: string;
  file?: string;
}

/** The files of a version, as their author wrote them. */
export function CodeTab({
  dag,
  search,
  onChange,
}: {
  dag: DagDetail;
  search: CodeSearch;
  onChange: (change: { [K in keyof CodeSearch]: CodeSearch[K] | undefined }) => void;
}) {
  const { t } = useTranslation();
  const chosen = search.version ?? dag.version ?? '';
  const versions = useQuery(queries.versions(dag.dagId));
  const detail = useQuery({ ...queries.version(dag.dagId, chosen), enabled: chosen !== '' });
  return (
    <>
      <div className="toolbar">
        <select
          className="field"
          aria-label={t('run.version')}
          value={chosen}
          onChange={({ target: { value } }) =>
            onChange({ version: value === dag.version ? undefined : value, file: undefined })
          }
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
        {detail.data ? (
          <span className="faint mono">
            {(detail.data.files.find(({ path }) => path === search.file) ?? detail.data.files[0])?.path}
          </span>
        ) : null}
      </div>
      {detail.isError ? <ErrorNotice error={detail.error} onRetry={() => void detail.refetch()} /> : null}
      {detail.data ? (
        <CodeFiles files={detail.data.files} open={search.file} onOpen={(file) => onChange({ file })} />
      ) : null}
    </>
  );
}
