import { useTranslation } from 'react-i18next';
import { ChoiceRow, Radio } from '../controls/choice-row.tsx';

/** Of a mapped task: the instance that somebody stands on, or all of them. */
export function InstancesRow({
  own,
  chosen,
  onChange,
}: {
  own: string | undefined;
  /** Undefined: all. */
  chosen: string | undefined;
  onChange: (mapPath: string | undefined) => void;
}) {
  const { t } = useTranslation();
  if (own === undefined) return null;
  return (
    <ChoiceRow label={t('clear.instances')}>
      <Radio
        name="instances"
        label={t('clear.oneIndex', { index: own })}
        isOn={chosen !== undefined}
        onChoose={() => onChange(own)}
      />
      <Radio
        name="instances"
        label={t('clear.allIndexes')}
        isOn={chosen === undefined}
        onChoose={() => onChange(undefined)}
      />
    </ChoiceRow>
  );
}
