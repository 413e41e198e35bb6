import { useTranslation } from 'react-i18next';
import { ChoiceRow, Radio } from '../controls/choice-row.tsx';
import { ConfField } from '../dialogs/conf-field.tsx';
import type { LimitDraft } from './limit-draft.ts';

const KINDS = ['number', 'variable', 'plan', 'none'] as const;

/** How many slots: a number, none but what a Variable or a daily plan says, or without end. */
export function LimitField({
  draft,
  used,
  onChange,
}: {
  draft: LimitDraft;
  /** Slots that are in use now: fewer drain. */
  used: number;
  onChange: (draft: LimitDraft) => void;
}) {
  const { t } = useTranslation();
  const { kind, slots, variable, plan } = draft;
  const number = (label: string, name: 'slots' | 'fallback') => (
    <label>
      {label}
      <input
        className="field"
        inputMode="numeric"
        required
        aria-invalid={!/^\d+$/.test(draft[name])}
        value={draft[name]}
        onChange={({ target }) => onChange({ ...draft, [name]: target.value })}
      />
    </label>
  );
  return (
    <>
      <ChoiceRow label={t('pools.givenBy')}>
        {KINDS.map((each) => (
          <Radio
            key={each}
            name="limit"
            label={t(`pools.kinds.${each}`)}
            isOn={kind === each}
            onChoose={() => onChange({ ...draft, kind: each })}
          />
        ))}
      </ChoiceRow>
      {kind === 'number' ? number(t('pools.slots'), 'slots') : null}
      {kind === 'number' && /^\d+$/.test(slots) && Number(slots) < used ? (
        <span className="hint">{t('pools.drains', { used })}</span>
      ) : null}
      {kind === 'variable' ? (
        <div className="form-row">
          <label>
            {t('pools.variable')}
            <input
              className="field mono"
              required
              maxLength={250}
              spellCheck={false}
              value={variable}
              onChange={({ target }) => onChange({ ...draft, variable: target.value })}
            />
          </label>
          {number(t('pools.fallback'), 'fallback')}
        </div>
      ) : null}
      {kind === 'plan' ? (
        <ConfField
          label={t('pools.plan')}
          rows={Math.min(14, plan.split('\n').length + 1)}
          text={plan}
          onChange={(next) => onChange({ ...draft, plan: next })}
        />
      ) : null}
      {kind === 'variable' || kind === 'plan' ? (
        <p className="hint">{t(kind === 'variable' ? 'pools.variableText' : 'pools.planText')}</p>
      ) : null}
    </>
  );
}
