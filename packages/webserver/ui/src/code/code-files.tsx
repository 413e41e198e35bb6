import { useTranslation } from 'react-i18next';
import type { SourceFile } from '../api/contract.ts';
import { CodeLines } from './code-lines.tsx';

/** The files of a version: their list, and the one that is open. */
export function CodeFiles({
  files,
  open,
  marked,
  onOpen,
}: {
  /** The DAG file first. */
  files: readonly SourceFile[];
  /** Path; without one, or when there is no such file, the first. */
  open: string | undefined;
  marked?: number | undefined;
  onOpen: (path: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const file = files.find(({ path }) => path === open) ?? files[0];
  if (file === undefined) return null;
  return (
    <div className="code-files">
      {files.length > 1 ? (
        <ul className="code-list" aria-label={t('code.files')}>
          {files.map(({ path }, at) => (
            <li key={path}>
              <button
                type="button"
                aria-current={path === file.path}
                onClick={() => onOpen(at === 0 ? undefined : path)}
              >
                {path}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      <div className="code-open">
        <CodeLines path={file.path} content={file.content} marked={marked} label={file.path} />
      </div>
    </div>
  );
}
