import { Menu, useMantineColorScheme } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../api/client.ts';
import { queries } from '../api/queries.ts';
import { usePreference } from '../browser/preference.ts';
import type { ZoneChoice } from '../clock/instant.tsx';
import { Icon } from '../controls/icon.tsx';
import { changeLanguage, LANGUAGES, type Language } from '../i18n/i18n.ts';

/** Light or dark, density, time zone, language, and who is signed in. */
export function SettingsMenu({ version }: { version: string | undefined }) {
  const { t, i18n } = useTranslation();
  const me = useQuery(queries.me());
  const cache = useQueryClient();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [density, setDensity] = usePreference<'compact' | 'comfortable'>('density', 'compact');
  const [zone, setZone] = usePreference<ZoneChoice>('zone', 'local');
  useEffect(() => {
    document.documentElement.dataset.density = density;
  }, [density]);

  const signOut = async () => {
    await client.POST('/auth/logout');
    cache.clear();
    await navigate({ to: '/login' });
  };
  return (
    <Menu position="bottom-end" width={220} closeOnItemClick={false}>
      <Menu.Target>
        <button type="button" className="icon-button" aria-label={t('settings.title')}>
          <Icon name="half" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Chooser
          label={t('settings.scheme')}
          value={colorScheme}
          onChange={(value) => setColorScheme(value)}
          options={[
            ['light', t('settings.light')],
            ['dark', t('settings.dark')],
            ['auto', t('settings.system')],
          ]}
        />
        <Chooser
          label={t('settings.density')}
          value={density}
          onChange={setDensity}
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
          <>
            <Menu.Label>
              {me.data.name} · {me.data.role}
            </Menu.Label>
            <Menu.Item onClick={signOut}>{t('settings.signOut')}</Menu.Item>
          </>
        ) : null}
        {version ? <Menu.Label>tsflow {version}</Menu.Label> : null}
      </Menu.Dropdown>
    </Menu>
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
    <>
      <Menu.Label>{label}</Menu.Label>
      {options.map(([key, text]) => (
        <Menu.Item
          key={key}
          role="menuitemradio"
          aria-checked={key === value}
          onClick={() => onChange(key)}
          rightSection={key === value ? <span aria-hidden="true">✓</span> : null}
        >
          {text}
        </Menu.Item>
      ))}
    </>
  );
}
