import { useMantineColorScheme } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { client } from '../api/client.ts';
import { queries } from '../api/queries.ts';
import { usePreference } from '../browser/preference.ts';
import type { ZoneChoice } from '../clock/instant.tsx';
import { SidePanel } from '../controls/side-panel.tsx';
import { changeLanguage, LANGUAGES, type Language } from '../i18n/i18n.ts';

/** Light or dark, density, time zone, language, and who is signed in. */
export function SettingsPanel({ version, onClose }: { version: string | undefined; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const me = useQuery(queries.me());
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [density, setDensity] = usePreference<'compact' | 'comfortable'>('density', 'compact');
  const [zone, setZone] = usePreference<ZoneChoice>('zone', 'local');

  const signOut = async () => {
    await client.POST('/auth/logout');
    cache.clear();
    await navigate({ to: '/login' });
  };
  return (
    <SidePanel title={t('settings.title')} onClose={onClose}>
      <div className="form">
        <Chooser
          label={t('settings.scheme')}
          value={colorScheme}
          onChange={setColorScheme}
          options={[
            ['light', t('settings.light')],
            ['dark', t('settings.dark')],
            ['auto', t('settings.system')],
          ]}
        />
        <Chooser
          label={t('settings.density')}
          value={density}
          onChange={(value) => {
            document.documentElement.dataset.density = value;
            setDensity(value);
          }}
          options={[
            ['compact', t('settings.compact')],
            ['comfortable', t('settings.comfortable')],
          ]}
        />
        <Chooser
          label={t('settings.zone')}
          value={zone}
          onChange={setZone}
          options={[
            ['local', t('zone.local')],
            ['utc', 'UTC'],
            ['dag', t('zone.dag')],
          ]}
        />
        <Chooser
          label={t('settings.language')}
          value={i18n.language as Language}
          onChange={(value) => void changeLanguage(value)}
          options={Object.entries(LANGUAGES) as [Language, string][]}
        />
        {me.data ? (
          <div className="head-line">
            <span className="soft">
              {me.data.name} · {me.data.role}
            </span>
            <span className="grow" />
            <button type="button" className="button" onClick={() => void signOut()}>
              {t('settings.signOut')}
            </button>
          </div>
        ) : null}
        {version ? <p className="hint">tsflow {version}</p> : null}
      </div>
    </SidePanel>
  );
}

function Chooser<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}) {
  return (
    <fieldset className="chooser">
      <legend>{label}</legend>
      {options.map(([key, text]) => (
        <label key={key}>
          <input type="radio" name={label} checked={key === value} onChange={() => onChange(key)} />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
