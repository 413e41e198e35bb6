import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { queries } from '../../api/queries.ts';
import { CodeFiles } from '../../code/code-files.tsx';
import { taskLine } from '../../code/task-line.ts';
import { ErrorNotice } from '../../controls/error-notice.tsx';

/** The code that an attempt ran, open where its task is written. */
export function TaskCode({
  dagId,
  taskId,
  version,
}: {
  dagId: string;
  taskId: string;
  version: string | null;
}) {
  const { t } = useTranslation();
  const detail = useQuery({ ...queries.version(dagId, version ?? ''), enabled: version !== null });
  const [chosen, setChosen] = useState<{ readonly path: string | undefined } | null>(null);
  if (detail.isError) return <ErrorNotice error={detail.error} onRetry={() => void detail.refetch()} />;
  if (version === null) return <p className="notice soft">{t('panel.noAttempt')}</p>;
  if (detail.data === undefined) return null;
  const { files } = detail.data;
  const place = taskLine(files, taskId);
  const open = chosen === null ? place?.path : (chosen.path ?? files[0]?.path);
  return (
    <CodeFiles
      files={files}
      open={open}
      marked={place?.path === open ? place?.line : undefined}
      onOpen={(path) => setChosen({ path })}
    />
  );
}
