import { Tooltip } from '@mantine/core';
import type { ButtonHTMLAttributes } from 'react';
import { Icon, type IconName } from './icon.tsx';

/** A button that is an icon: its label is the tooltip and the accessible name. */
export function IconButton({
  icon,
  label,
  ...rest
}: { icon: IconName; label: string } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <Tooltip label={label} openDelay={350} withinPortal>
      <button type="button" className="icon-button" aria-label={label} {...rest}>
        <Icon name={icon} />
      </button>
    </Tooltip>
  );
}
