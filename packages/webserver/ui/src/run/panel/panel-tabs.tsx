import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { PanelTab } from '../../router.tsx';

const TABS: readonly PanelTab[] = ['log', 'why', 'rendered', 'xcom', 'attempts', 'events', 'code'];

/** The views of a task. One focus stop; arrows choose. */
export function PanelTabs({ tab, onChoose }: { tab: PanelTab; onChoose: (tab: PanelTab) => void }) {
  const { t } = useTranslation();
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    onChoose(TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length]!);
    const sibling = step === 1 ? 'nextElementSibling' : 'previousElementSibling';
    (event.currentTarget[sibling] as HTMLElement | null)?.focus();
  };
  return (
    <div className="tabs" role="tablist" aria-label={t('panel.tabs')}>
      {TABS.map((each) => (
        <button
          key={each}
          type="button"
          role="tab"
          aria-selected={tab === each}
          tabIndex={tab === each ? 0 : -1}
          onClick={() => onChoose(each)}
          onKeyDown={onKeyDown}
        >
          {t(`panel.${each}`)}
        </button>
      ))}
    </div>
  );
}
