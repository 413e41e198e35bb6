import { useTranslation } from 'react-i18next';
import { Problem } from '../controls/problem.tsx';
import type { ParamField, ParamProblem } from './params-form.ts';

/** One param of a run: a field as its schema asks for, and what is wrong with what is in it. */
export function ParamInput({
  field,
  value,
  problem,
  onChange,
}: {
  field: ParamField;
  value: unknown;
  problem: ParamProblem | undefined;
  onChange: (value: unknown) => void;
}) {
  const { t } = useTranslation();
  const described = `param-${field.name}`;
  if (field.kind === 'json') return null;
  const shared = {
    id: `${described}-input`,
    className: 'field',
    'aria-invalid': problem !== undefined,
    'aria-describedby': described,
    'aria-required': field.isRequired,
  };
  const plain = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return (
    <div className="labelled">
      {field.kind === 'boolean' ? (
        <label className="check">
          <input
            type="checkbox"
            checked={value === true}
            onChange={(event) => onChange(event.target.checked)}
          />
          {field.name}
        </label>
      ) : (
        <label htmlFor={`${described}-input`}>
          <span>
            {field.name} {field.isRequired ? <span aria-hidden="true">*</span> : null}
          </span>
          {field.kind === 'choice' ? (
            <select {...shared} value={plain} onChange={(event) => onChange(event.target.value || undefined)}>
              {field.isRequired ? <option value="" /> : null}
              {field.choices.map((choice) => (
                <option key={choice}>{choice}</option>
              ))}
            </select>
          ) : (
            <input
              {...shared}
              inputMode={field.kind === 'text' ? 'text' : 'decimal'}
              value={plain}
              onChange={(event) => onChange(fromText(field.kind, event.target.value))}
            />
          )}
        </label>
      )}
      <span id={described} className="hint">
        {problem ? <Problem>{t(problem.key, { limit: problem.limit ?? '' })}</Problem> : field.description}
      </span>
    </div>
  );
}

/** A number where it is one; what is not stays text, so that the person sees what they typed beside the problem. */
function fromText(kind: ParamField['kind'], text: string): unknown {
  if (text === '') return undefined;
  if (kind === 'text' || Number.isNaN(Number(text))) return text;
  return Number(text);
}
