import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { readPreference, writePreference } from '../browser/preference.ts';
import { en } from './en/en.ts';

export const LANGUAGES = { en: 'English', ja: '日本語' } as const;
export type Language = keyof typeof LANGUAGES;

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

/** Loads the catalogue of the reader's language before the first render. English is always there. */
export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  const language = readPreference<Language>('language', navigator.language.startsWith('ja') ? 'ja' : 'en');
  if (language !== 'en') await changeLanguage(language);
}

export async function changeLanguage(language: Language): Promise<void> {
  if (language === 'ja' && !i18next.hasResourceBundle('ja', 'translation')) {
    const { ja } = await import('./ja/ja.ts');
    i18next.addResourceBundle('ja', 'translation', ja);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  writePreference('language', language);
}
