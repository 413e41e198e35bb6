import { useTranslation } from 'react-i18next';
import type { DagDetail, Run } from '../api/contract.ts';
import { ChoiceRow, Radio } from '../controls/choice-row.tsx';

/** Newest code or the run's own: a choice only where the two differ. */
export function VersionRow({
  dag,
  run,
  isSame,
  onChange,
}: {
  dag: DagDetail | undefined;
  run: Run | undefined;
  isSame: boolean;
  onChange: (isSame: boolean) => void;
}) {
  const { t } = useTranslation();
  if (!dag || !run) return null;
  const newest = { number: dag.versionNumber ?? '', hash: dag.version?.slice(0, 7) ?? '' };
  const own = { number: run.versionNumber ?? '', hash: run.version.slice(0, 7) };
  return (
    <ChoiceRow label={t('clear.code')}>
      {dag.version === run.version ? (
        <span className="soft">{t('clear.oneVersion', own)}</span>
      ) : (
        <>
          <Radio
            name="version"
            label={t('clear.newest', newest)}
            isOn={!isSame}
            onChoose={() => onChange(false)}
          />
          <Radio name="version" label={t('clear.own', own)} isOn={isSame} onChoose={() => onChange(true)} />
        </>
      )}
    </ChoiceRow>
  );
}
