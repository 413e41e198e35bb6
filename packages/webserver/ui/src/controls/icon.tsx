import type { ReactElement } from 'react';

/** A line icon, 16 x 16. Decorative: the control around it has the name. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {ICONS[name]}
    </svg>
  );
}

const ICONS = {
  search: <path d="M7 12.2A5.2 5.2 0 1 0 7 1.8a5.2 5.2 0 0 0 0 10.4Zm3.8-1.4 3.7 3.7" />,
  play: <path d="M4.5 2.8v10.4l8.5-5.2z" />,
  pause: <path d="M5 3v10M11 3v10" />,
  close: <path d="m3.5 3.5 9 9m0-9-9 9" />,
  more: <path d="M3 8h.01M8 8h.01M13 8h.01" strokeWidth="2.4" />,
  sun: (
    <path d="M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v1.4M8 13.6V15M1 8h1.4M13.6 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1" />
  ),
  moon: <path d="M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1Z" />,
  half: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
    </>
  ),
  chevronRight: <path d="m6 3.5 4.5 4.5L6 12.5" />,
  chevronDown: <path d="M3.5 6 8 10.5 12.5 6" />,
  minus: <path d="M3 8h10" />,
  chevronUp: <path d="M3.5 10 8 5.5l4.5 4.5" />,
  chevronLeft: <path d="M10 3.5 5.5 8l4.5 4.5" />,
  download: <path d="M8 2v8m-3.5-3L8 10.5 11.5 7M2.5 13.5h11" />,
  wrap: <path d="M2 3.5h12M2 8h9.5a2.3 2.3 0 0 1 0 4.6H8m1.8-1.9L8 12.6l1.8 1.9M2 12.6h3" />,
  follow: <path d="M8 2v9m-4-3.8L8 11l4-3.8M3 14h10" />,
  copy: <path d="M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z" />,
  link: (
    <path d="M6.5 9.5l3-3M7 4.5l1.6-1.6a3 3 0 0 1 4.3 4.3L11.4 8.7M9 11.5l-1.6 1.6a3 3 0 0 1-4.3-4.3L4.6 7.3" />
  ),
  clock: (
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="M8 4.5V8l2.5 1.5" />
    </>
  ),
  user: <path d="M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-5.5 6c.6-3 2.8-4.3 5.5-4.3s4.9 1.3 5.5 4.3" />,
  hand: (
    <path d="M5.5 8V3.7a1.1 1.1 0 0 1 2.2 0V7m0-4a1.1 1.1 0 0 1 2.2 0v4m0-2.5a1.1 1.1 0 0 1 2.2 0V10c0 2.8-1.8 4.5-4.2 4.5-2 0-3-.9-3.9-2.6L2.7 9.6c-.7-1.3.9-2.2 1.7-1.1l1.1 1.5" />
  ),
  backfill: <path d="M8 3.5 3.5 8 8 12.5M13 3.5 8.5 8l4.5 4.5" />,
  asset: <path d="M8 1.8 13.5 5v6L8 14.2 2.5 11V5z" />,
  plus: <path d="M8 3v10M3 8h10" />,
  fit: <path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" />,
  clear: <path d="M13 8.6A5.2 5.2 0 1 1 11.5 4.400M13.8 1.800v3.800H10" />,
  stop: <rect x="3.5" y="3.5" width="9" height="9" rx="1.5" />,
  edit: <path d="M2.5 13.5v-2.7l8.3-8.3 2.7 2.7-8.3 8.3z" />,
  history: <path d="M2.5 8a5.5 5.5 0 1 1 1.7 4M2.5 3.5V8H7" />,
  trash: <path d="M2.5 4h11M6 4V2.5h4V4M4 4l.6 9.5h6.800L12 4" />,
} satisfies Record<string, ReactElement>;

export type IconName = keyof typeof ICONS;
