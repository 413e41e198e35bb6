import { useTranslation } from 'react-i18next';
import type { Pool } from '../api/contract.ts';
import { Icon } from '../controls/icon.tsx';
import { IconButton } from '../controls/icon-button.tsx';
import { StateIcon } from '../state/state-icon.tsx';
import { PoolTasks } from './pool-tasks.tsx';
import { SlotBar } from './slot-bar.tsx';
import { SlotSource } from './slot-source.tsx';

/** The pool that always exists. */
const DEFAULT_POOL = 'default_pool';

/** One pool on a line: its slots as a bar, how many are taken and asked for; open, by whom. */
export function PoolRow({
  pool,
  isOpen,
  mayWrite,
  onToggle,
  onEdit,
  onRemove,
}: {
  pool: Pool;
  isOpen: boolean;
  mayWrite: boolean;
  onToggle: () => void;
  onEdit: () => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const { name, slots, used, waiting } = pool;
  return (
    <li className="pool">
      <div className="pool-line">
        <h2>
          <button type="button" className="pool-name" aria-expanded={isOpen} onClick={onToggle}>
            <Icon name={isOpen ? 'chevronDown' : 'chevronRight'} size={12} />
            {name}
          </button>
        </h2>
        <SlotBar slots={slots} used={used} />
        <span className="pool-count nowrap">
          {slots < 0 ? t('pools.unlimited', { used }) : t('pools.inUse', { used, slots })}
        </span>
        <span className="pool-waiting nowrap">
          {waiting > 0 ? (
            <span className="state-label">
              <StateIcon state="scheduled" size={13} /> {t('pools.waiting', { count: waiting })}
            </span>
          ) : null}
        </span>
        <span className="soft pool-text">
          <SlotSource pool={pool} />
          <span>
            {[pool.description, pool.includeDeferred ? t('pools.deferredCount') : null]
              .filter(Boolean)
              .join(' · ')}
          </span>
        </span>
        {mayWrite ? (
          <span className="row-actions">
            <IconButton icon="edit" label={t('pools.edit', { name })} onClick={onEdit} />
            {name === DEFAULT_POOL ? (
              <span className="icon-button" aria-hidden="true" />
            ) : (
              <IconButton icon="trash" label={t('pools.remove', { name })} onClick={onRemove} />
            )}
          </span>
        ) : null}
      </div>
      {isOpen ? <PoolTasks pool={name} /> : null}
    </li>
  );
}
