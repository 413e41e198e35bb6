import { useTranslation } from 'react-i18next';
import type { Attempt } from '../../api/contract.ts';
import { ValuePairs } from './value-pairs.tsx';

/** What one try ran with: its template fields as they came out, and the params that the run had then. */
export function RenderedTab({ attempt }: { attempt: Attempt }) {
  const { t } = useTranslation();
  const fields = Object.entries(attempt.rendered ?? {});
  const params = Object.entries(attempt.conf);
  return (
    <div className="panel-sections">
      <section>
        <h3>{t('panel.fields')}</h3>
        {fields.length === 0 ? (
          <p className="soft">{t('panel.nothingRendered')}</p>
        ) : (
          <ValuePairs values={fields} />
        )}
      </section>
      <section>
        <h3>{t('panel.params')}</h3>
        {params.length === 0 ? <p className="soft">{t('panel.noParams')}</p> : <ValuePairs values={params} />}
      </section>
    </div>
  );
}
