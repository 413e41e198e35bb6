import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../api/contract.ts';
import { ChoiceRow } from '../controls/choice-row.tsx';
import { ConfField } from './conf-field.tsx';
import { parseConf } from './params-form.ts';

/** What somebody made of the params of a run. */
interface ParamsDraft {
  /** What the run has now. */
  readonly before: Run['conf'];
  /** Null: nobody touched them. */
  readonly text: string | null;
  readonly isWrong: boolean;
  /** The params from now on; undefined: as they were. */
  readonly conf: Run['conf'] | undefined;
  readonly setText: (text: string) => void;
}

/** The params of a run that is to go on: as they are until somebody changes them. */
export function useParamsDraft(run: Run | undefined): ParamsDraft {
  const [text, setText] = useState<string | null>(null);
  const before = run?.conf ?? {};
  const parsed = text === null ? null : parseConf(text);
  const isChanged = parsed?.ok === true && JSON.stringify(parsed.conf) !== JSON.stringify(before);
  return {
    before,
    text,
    isWrong: parsed?.ok === false,
    conf: isChanged ? parsed.conf : undefined,
    setText,
  };
}

/** A line of a dialog: params as they are, or a field for others. */
export function ParamsRow({ run, draft }: { run: Run | undefined; draft: ParamsDraft }) {
  const { t } = useTranslation();
  const { before, text, setText } = draft;
  return (
    <ChoiceRow label={t('clear.params')}>
      {text === null ? (
        <>
          <span className="soft">{t('clear.paramsKept')}</span>
          <button
            type="button"
            className="button"
            disabled={!run}
            onClick={() => setText(JSON.stringify(before, null, 2))}
          >
            {t('clear.changeParams')}
          </button>
        </>
      ) : (
        <div className="grow">
          <ConfField
            label={t('clear.paramsNow')}
            rows={Math.min(8, text.split('\n').length + 1)}
            text={text}
            onChange={setText}
          />
        </div>
      )}
    </ChoiceRow>
  );
}
